import pytest

from expectations.tables import EVENTS, TOUCHPOINTS
from pipelines.channels import TouchSettings
from pipelines.touchpoints import touchpoints
from tests.pipelines.tables import read, table, utc

pytestmark = pytest.mark.spark

WEB = {"source": "ga4", "instance": "shop", "session_id": "ann.1", "event_type": "page_view",
       "page_host": "www.shop.example", "traffic_scope": "event"}  # fmt: skip
SHOP = TouchSettings(own_domains=("shop.example",))
FLOW = ("touchpoint_id", "traffic_source", "traffic_medium", "channel")


def touched(spark, rows, settings=SHOP):
    return touchpoints(table(spark, EVENTS, rows), settings).cache()


def page(event_id, time, **more):
    return WEB | {"event_id": event_id, "occurred_at": f"2026-01-01 {time}"} | more


def mail(event_id, kind, **more):
    return {"event_id": event_id, "source": "sendgrid", "event_type": kind} | more


def test_a_session_is_one_touch_named_and_dated_by_its_first_event(spark):
    found = touched(spark, [
        page("b", "09:00:01", referrer_host="www.shop.example"),
        page("a", "09:00:00", referrer_host="www.google.com"),
        page("c", "09:10:00", event_type="order"),
        page("d", "10:00:00", session_id="ann.2", utm_source="news", utm_medium="email"),
        page("e", "09:00:00", session_id="ann.1", instance="other"),
    ])  # fmt: skip
    assert read(found, *FLOW, "touched_at") == [
        ("a", "google", "organic", "Organic Search", utc("2026-01-01 09:00")),
        ("d", "news", "email", "Email", utc("2026-01-01 10:00")),
        ("e", "(direct)", "(none)", "Direct", utc("2026-01-01 09:00")),
    ]


def test_events_of_one_instant_are_in_order_of_seq_then_id(spark):
    found = touched(spark, [
        page("a", "09:00", seq=2, utm_source="late"),
        page("z", "09:00", seq=1, utm_source="first"),
        page("c", "09:00", session_id="ann.2", seq=1, utm_source="late"),
        page("b", "09:00", session_id="ann.2", seq=1, utm_source="first"),
    ])  # fmt: skip
    assert read(found, "touchpoint_id", "traffic_source") == [("b", "first"), ("z", "first")]


def test_the_first_evidence_in_a_session_is_its_traffic_even_if_it_comes_later(spark):
    found = touched(spark, [
        page("a", "09:00"),
        page("b", "09:01", referrer_host="shop.example"),
        page("c", "09:02", click_ids={"gclid": "x"}),
        page("d", "09:03", utm_source="late", utm_medium="email"),
    ])  # fmt: skip
    assert read(found, *FLOW) == [("a", "google", "cpc", "Paid Search")]


def test_words_for_nothing_and_the_first_user_scope_are_no_evidence(spark):
    found = touched(spark, [
        page("a", "09:00", utm_source="(direct)", utm_medium="(none)", utm_campaign="(direct)"),
        page("b", "09:01", utm_source="google", utm_medium="cpc", traffic_scope="user_first"),
        page("c", "09:02", click_ids={"gclid": "", "srsltid": "x"}),
    ])  # fmt: skip
    assert read(found, *FLOW, "campaign") == [("a", "(direct)", "(none)", "Direct", "(not set)")]


def test_a_session_that_opens_behind_an_own_domain_or_a_payment_is_no_touch(spark):
    settings = TouchSettings(own_domains=("shop.example",), payment_gateways=("pay.mine",))
    hosts = ["www.shop.example", "shop.example", "blog.shop.example", "www.paypal.com",
             "a.b.pay.mine"]  # fmt: skip
    opened = [
        page(host, "09:00", session_id=host, referrer_host=host, page_host="shop.example")
        for host in hosts
    ]
    later = [page(f"{host}2", "09:01", session_id=host) for host in hosts]
    assert touched(spark, opened + later, settings).count() == 0
    tagged = [row | {"utm_source": "news"} for row in later]
    found = read(touched(spark, opened + tagged, settings), "touchpoint_id", "traffic_source")
    assert found == [(host, "news") for host in sorted(hosts)]


def test_a_domain_that_only_ends_like_an_own_one_is_a_referrer(spark):
    found = touched(spark, [page("a", "09:00", referrer_host="notshop.example")])
    assert read(found, "channel") == ["Referral"]


def test_a_session_over_midnight_belongs_to_the_day_it_began(spark):
    found = touched(spark, [
        page("a", "23:59:59.999999"), page("b", "x") | {"occurred_at": "2026-01-02 00:00"},
    ])  # fmt: skip
    assert [str(day) for day in read(found, "touch_date")] == ["2026-01-01"]


@pytest.mark.parametrize("session_level", [True, False])
def test_a_day_made_from_the_days_beside_it_is_the_day_made_from_all(spark, session_level):
    settings = TouchSettings(session_level=session_level)
    rows = [
        page(f"{s}{day}", "x", session_id=s, ids=[("ga_client_id", f"{day}", 1 + day % 2)],
             utm_source=f"u{day // 3}" if day % 2 else None)
        | {"occurred_at": f"2026-01-{day:02} 12:00"}
        for s, days in {"a": range(1, 8), "b": [1, 2, 4, 5, 7], "c": [2, 5]}.items() for day in days
    ]  # fmt: skip
    events = table(spark, EVENTS, rows)
    columns = ("touch_date", "touchpoint_id", "traffic_source", "identifier")
    whole = read(touchpoints(events, settings), *columns)
    for day in range(1, 8):
        near = events.where(f"abs(day(event_date) - {day}) <= 1")
        made = read(touchpoints(near, settings), *columns)
        assert [row for row in made if row[0].day == day] == [r for r in whole if r[0].day == day]


def test_web_events_without_a_session_are_touches_only_with_evidence(spark):
    found = touched(spark, [
        page("a", "09:00", session_id=None),
        page("b", "09:00", session_id=None, referrer_host="www.shop.example"),
        page("c", "09:00", session_id=None, referrer_host="m.facebook.com"),
        page("d", "09:00", session_id=None, event_type="refund", utm_source="news"),
        page("e", "09:00", session_id=None, event_type="other", utm_campaign="deferred mail"),
    ])  # fmt: skip
    assert read(found, *FLOW, "weight_class") == [
        ("c", "facebook", "social", "Organic Social", "visit")
    ]


def test_signing_in_later_in_the_session_names_the_person(spark):
    cookie = ("ga_client_id", "1.2", 1)
    found = touched(spark, [
        page("a", "09:00", ids=[cookie]),
        page("b", "09:01", ids=[cookie, ("user_id", "u9", 3), ("crm_contact", "z", 3)]),
        page("c", "09:00", session_id="ann.2", ids=[cookie, ("anonymous_id", "z", 1)]),
        page("d", "09:00", session_id="ann.3"),
        mail("e", "email_click", ids=[("esp", "a", 1), ("email_sha256", "f00", 3)]),
    ])  # fmt: skip
    assert read(found, "touchpoint_id", "identifier") == [
        ("a", "crm_contact:z"), ("c", "anonymous_id:z"), ("d", None), ("e", "email_sha256:f00"),
    ]  # fmt: skip


def test_the_order_of_arrival_does_not_matter(spark):
    rows = [
        page(f"{s}{i}", f"09:{i:02}:00", session_id=f"s{s}", seq=i % 2,
             utm_source=f"u{i}" if i > 1 else None, ids=[("ga_client_id", str(i % 3), 1)])
        for s in range(4) for i in range(6)
    ]  # fmt: skip
    columns = list(TOUCHPOINTS.columns)
    there = read(touched(spark, rows), *columns)
    back = read(touchpoints(table(spark, EVENTS, rows[::-1]).repartition(3), SHOP), *columns)
    assert there == back
    assert len(there) == 4


def test_each_change_of_traffic_is_a_touch_if_sessions_are_not_the_level(spark):
    found = touched(spark, [
        page("a", "09:00", ids=[("ga_client_id", "1", 1)]),
        page("b", "09:01", utm_source="news", utm_medium="email"),
        page("c", "09:02", utm_source="news", utm_medium="email", ids=[("user_id", "u", 3)]),
        page("d", "09:03", click_ids={"gclid": "x"}),
        page("e", "09:04", utm_source="news", utm_medium="email"),
        page("f", "09:00", session_id="ann.2"),
        page("g", "09:00", session_id="ann.3", referrer_host="shop.example"),
    ], TouchSettings(own_domains=("shop.example",), session_level=False))  # fmt: skip
    assert read(found, *FLOW[:2], "identifier") == [
        ("b", "news", "user_id:u"), ("d", "google", "user_id:u"), ("e", "news", "user_id:u"),
        ("f", "(direct)", None),
    ]  # fmt: skip


def test_what_is_no_visit_has_a_weight_class_of_its_kind(spark):
    kinds = [
        ("email_click", "click", "Email", "neutral"),
        ("email_open", "open", "Email", "neutral"),
        ("email_bounce", "signal", "Email", "negative"),
        ("email_complaint", "signal", "Email", "negative"),
        ("email_unsubscribe", "signal", "Email", "negative"),
        ("campaign_response", "response", "Offline Events", "neutral"),
        ("activity", "activity", "Sales", "neutral"),
        ("ad_click", "click", "Paid Other", "neutral"),
        ("ad_impression", "view", "Display", "neutral"),
        ("feedback", "signal", "Feedback", "neutral"),
        ("ticket_opened", "signal", "Support", "neutral"),
        ("ticket_reopened", "signal", "Support", "negative"),
    ]
    silent = ["email_sent", "email_delivered", "order", "refund", "stage_change", "erasure_request"]
    rows = [mail(kind, kind) for kind, *_ in kinds] + [mail(kind, kind) for kind in silent]
    found = read(touched(spark, rows), "touchpoint_id", "weight_class", "channel", "valence")
    assert found == sorted(kinds)


def test_the_newest_version_counts_and_a_deletion_undoes(spark):
    def version(event_id, at, kind="campaign_response", **more):
        return {"event_id": event_id, "source": "salesforce", "event_type": kind,
                "occurred_at": "2026-01-01 09:00", "record_version": f"2026-01-02 {at}",
                **more}  # fmt: skip

    found = touched(spark, [
        version("a", "09:00", utm_campaign="old"),
        version("a", "10:00", utm_campaign="new", op="update"),
        version("b", "09:00"),
        version("b", "10:00", op="delete"),
        version("c", "09:00"),
        version("c", "10:00", kind="other"),
        version("d", "09:00", payload_hash="2", utm_campaign="two"),
        version("d", "09:00", payload_hash="1", utm_campaign="one"),
        page("w", "09:00", source="matomo", utm_source="old"),
        page("w", "09:00", source="matomo", utm_source="new",
             record_version="2026-01-03 09:00", op="update"),
        page("x", "09:00"),
    ])  # fmt: skip
    assert read(found, "touchpoint_id", "campaign", "traffic_source") == [
        ("a", "new", "salesforce"), ("d", "one", "salesforce"), ("w", "(not set)", "new"),
        ("x", "(not set)", "(direct)"),
    ]  # fmt: skip
