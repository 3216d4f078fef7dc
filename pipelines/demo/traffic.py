"""The ways people reach the shop, and the calendar of its e-mails."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.demo.records import PROPERTY_ZONE, Send, Traffic

GOOGLE = "https://www.google.com/"
WAYS = (
    Traffic("Direct", "(direct)", "(none)", upper=8, lower=24, lift=0.25),
    Traffic("Organic Search", "google", "organic", "(organic)", referrer=GOOGLE,
            upper=22, lower=16, lift=0.5),
    Traffic("Organic Search", "bing", "organic", "(organic)", referrer="https://www.bing.com/",
            upper=4, lower=3, lift=0.5),
    Traffic("Paid Search", "google", "cpc", "Brand DE", "20011223301", GOOGLE, "gclid",
            upper=3, lower=18, lift=0.9, micros_per_click=310_000, click_rate=0.21,
            ad_type="SEARCH"),
    Traffic("Paid Search", "google", "cpc", "Generic DE", "20011223302", GOOGLE, "gclid",
            upper=17, lower=7, lift=0.7, micros_per_click=1_240_000, click_rate=0.045,
            ad_type="SEARCH"),
    Traffic("Paid Search", "bing", "cpc", "Bing Generic", "30011", "https://www.bing.com/",
            "msclkid", upper=3, lower=2, lift=0.7),
    Traffic("Display", "google", "display", "Remarketing", "20011223303",
            "https://news.example/", upper=9, lower=5, lift=0.25,
            micros_per_click=420_000, click_rate=0.006, ad_type="DISPLAY"),
    Traffic("Paid Social", "facebook", "paid_social", "Spring Prospecting", "238500001",
            "https://m.facebook.com/", "fbclid", upper=12, lower=4, lift=0.4),
    Traffic("Paid Social", "instagram", "cpc", "Lookalike Buyers", "238500002",
            "https://l.instagram.com/", "fbclid", upper=6, lower=3, lift=0.4),
    Traffic("Organic Social", "m.facebook.com", "referral", "(referral)",
            referrer="https://m.facebook.com/", upper=5, lower=2, lift=0.3),
    Traffic("Organic Social", "linkedin.com", "referral", "(referral)",
            referrer="https://www.linkedin.com/", upper=2, lower=1, lift=0.4),
    Traffic("Referral", "blog.example", "referral", "(referral)",
            referrer="https://blog.example/review", upper=5, lower=4, lift=0.6),
    Traffic("Referral", "chatgpt.com", "referral", "(referral)",
            referrer="https://chatgpt.com/", upper=2, lower=2, lift=0.8),
    Traffic("Affiliates", "partnernet", "affiliate", "Coupons", "77001",
            "https://coupons.example/", upper=2, lower=8, lift=0.6),
)  # fmt: skip
DIRECT = 0
FIRST_MAIL = len(WAYS)

# weekday (Monday is 0) -> what goes out at eight in the morning
MAILINGS = {
    1: ("newsletter", "everyone", "newsletter"),
    3: ("nurture", "business", ["b2b", "nurture"]),
    4: ("promo", "regulars", ["promo", "sale"]),
}


def calendar(start: date, days: int) -> list[Send]:
    """Every e-mail campaign of the period, in order of time."""
    sends: list[Send] = []
    for day in (start + timedelta(n) for n in range(days)):
        if day.weekday() in MAILINGS:
            name, audience, category = MAILINGS[day.weekday()]
            at = int(local_midnight(day).timestamp()) + 8 * 3600
            campaign, number = f"{name}-{day:%Y-%m-%d}", 23_000 + len(sends)
            sends.append(
                Send(at, campaign, number, category, audience, FIRST_MAIL + len(sends))  # type: ignore[arg-type]
            )
    return sends


def traffic_table(sends: list[Send]) -> tuple[Traffic, ...]:
    """All ways to the shop: the fixed ones, then one per e-mail campaign."""
    mails = (
        Traffic("Email", "newsletter", "email", send.campaign, str(send.campaign_id), lift=0.8)
        for send in sends
    )
    return WAYS + tuple(mails)


def local_midnight(day: date) -> datetime:
    """The instant a day begins in the property's zone.

    >>> local_midnight(date(2026, 1, 1)).utcoffset()
    datetime.timedelta(seconds=3600)
    """
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(PROPERTY_ZONE))
