"""The life of a business buyer in the CRM: lead, contact, opportunity, campaign member."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

import numpy as np

from pipelines.demo.records import CrmRow
from pipelines.demo.salesforce import salesforce_id, stamp

STAGES = (
    ("Qualification", 10),
    ("Needs Analysis", 20),
    ("Proposal/Price Quote", 65),
    ("Negotiation/Review", 80),
)
LEAD, CONTACT, ACCOUNT, OPPORTUNITY, MEMBER, CAMPAIGN = "00Q", "003", "001", "006", "00v", "701"


class Buyer(NamedTuple):
    """A person who may buy for a company."""

    person: int
    email: str
    company: int
    currency: str
    user_id: str


class Meeting(NamedTuple):
    """A trade fair or webinar, kept as a campaign in the CRM."""

    number: int
    name: str
    type: str
    day: date


def plan_deal(
    buyer: Buyer, at: datetime, source: str, gclid: str, rng: np.random.Generator
) -> list[CrmRow]:
    """Every version of the CRM records that follow from a lead created at `at`."""
    lead = _new_lead(buyer, at, source, gclid)
    rows = [_row("Lead", lead, at)]
    worked = later(at, rng, 1, 4)
    lead = lead | {"Status": "Working - Contacted"}
    rows.append(_row("Lead", lead, worked))
    decided = later(worked, rng, 2, 8)
    if rng.random() < 0.35:
        return [*rows, _row("Lead", lead | {"Status": "Closed - Not Converted"}, decided)]
    contact = salesforce_id(CONTACT, buyer.person)
    rows.append(_row("Lead", lead | _conversion(buyer, contact, decided), decided))
    rows += _contact(buyer, contact, decided, source, rng)
    return rows + _opportunity(buyer, contact, decided, source, rng)


def meetings(start: date, days: int) -> list[Meeting]:
    """A trade fair every two months, a webinar every two weeks."""
    found: list[Meeting] = []
    for offset in range(4, days, 14):
        day = start + timedelta(offset)
        found.append(Meeting(len(found), f"Webinar {day:%Y-%m-%d}", "Webinar", day))
    for offset in range(10, days, 60):
        day = start + timedelta(offset)
        found.append(Meeting(len(found), f"Trade fair {day:%Y-%m}", "Trade Show", day))
    return found


def attend(
    meeting: Meeting, person: int, has_contact: bool, rng: np.random.Generator
) -> list[CrmRow]:
    """A campaign member: registered on the day, marked as attended or not on the next."""
    number = (meeting.number << 24) + person
    at = datetime.combine(meeting.day, time(8, person % 60), UTC)
    member = {
        "Id": salesforce_id(MEMBER, number),
        "IsDeleted": "false",
        "CampaignId": salesforce_id(CAMPAIGN, meeting.number),
        "Campaign_Name__c": meeting.name,
        "Campaign_Type__c": meeting.type,
        "LeadId": "" if has_contact else salesforce_id(LEAD, person),
        "ContactId": salesforce_id(CONTACT, person) if has_contact else "",
        "Status": "Registered",
        "HasResponded": "false",
        "CreatedDate": stamp(at),
    }
    came = {"Status": "Attended", "HasResponded": "true"}
    came |= {"FirstRespondedDate": meeting.day.isoformat()}
    outcome = came if rng.random() < 0.7 else {"Status": "No Show"}
    rows = [_row("CampaignMember", member, at)]
    return [*rows, _row("CampaignMember", member | outcome, at + timedelta(days=1, hours=2))]


def later(at: datetime, rng: np.random.Generator, least: int, most: int) -> datetime:
    """Some days later, during office hours (UTC)."""
    day = at.date() + timedelta(days=int(rng.integers(least, most + 1)))
    seconds = int(rng.integers(8 * 3600, 17 * 3600))
    return datetime.combine(day, time(), UTC) + timedelta(seconds=seconds)


def _new_lead(buyer: Buyer, at: datetime, source: str, gclid: str) -> dict[str, str]:
    return {
        "Id": salesforce_id(LEAD, buyer.person),
        "IsDeleted": "false",
        "Email": buyer.email,
        "Company": f"Company {buyer.company}",
        "LeadSource": source,
        "Status": "Open - Not Contacted",
        "gclid__c": gclid,
        "IsConverted": "false",
        "HasOptedOutOfEmail": "false",
        "CreatedDate": stamp(at),
    }


def _conversion(buyer: Buyer, contact: str, at: datetime) -> dict[str, str]:
    return {
        "Status": "Closed - Converted",
        "IsConverted": "true",
        "ConvertedDate": at.date().isoformat(),
        "ConvertedContactId": contact,
        "ConvertedAccountId": salesforce_id(ACCOUNT, buyer.company),
        "ConvertedOpportunityId": salesforce_id(OPPORTUNITY, buyer.person),
    }


def _contact(
    buyer: Buyer, contact: str, at: datetime, source: str, rng: np.random.Generator
) -> list[CrmRow]:
    values = {
        "Id": contact,
        "IsDeleted": "false",
        "AccountId": salesforce_id(ACCOUNT, buyer.company),
        "Email": buyer.email,
        "LeadSource": source,
        "HasOptedOutOfEmail": "false",
        "CreatedDate": stamp(at),
    }
    rows = [_row("Contact", values, at)]
    if buyer.user_id and rng.random() < 0.7:
        # support types in the web account when the buyer first calls
        values = values | {"Web_User_Id__c": buyer.user_id}
        rows.append(_row("Contact", values, later(at, rng, 1, 5)))
    return rows


def _opportunity(
    buyer: Buyer, contact: str, at: datetime, source: str, rng: np.random.Generator
) -> list[CrmRow]:
    cents = int(np.exp(rng.normal(13.4, 0.8)))
    deal = {
        "Id": salesforce_id(OPPORTUNITY, buyer.person),
        "IsDeleted": "false",
        "AccountId": salesforce_id(ACCOUNT, buyer.company),
        "ContactId": contact if rng.random() < 0.75 else "",
        "Name": f"Company {buyer.company}, first order",
        "Description": "Two sites.\nSee offer." if buyer.person % 5 == 0 else "",
        "CurrencyIsoCode": buyer.currency,
        "LeadSource": source,
        "Type": "New Business",
        "CreatedDate": stamp(at),
    }
    rows = []
    for stage, probability in STAGES:
        if stage.startswith("Proposal") and rng.random() < 0.4:
            cents = cents * int(rng.integers(60, 130)) // 100
        rows.append(_row("Opportunity", deal | _stage(stage, probability, cents, at), at))
        at = later(at, rng, 2, 6)
        if rng.random() < 0.12:
            return [*rows, _row("Opportunity", deal | _stage("Closed Lost", 0, cents, at), at)]
    won = deal | _stage("Closed Won", 100, cents, at)
    return [*rows, _row("Opportunity", won, at), *_aftermath(won, cents, at, rng)]


def _aftermath(
    won: dict[str, str], cents: int, at: datetime, rng: np.random.Generator
) -> list[CrmRow]:
    """Won is not the end: some deals are corrected, deleted or opened again."""
    draw, then = rng.random(), later(at, rng, 2, 9)
    if draw < 0.08:
        return [_row("Opportunity", won | {"IsDeleted": "true"}, then)]
    if draw < 0.16:
        reopened, again = (
            won | _stage("Negotiation/Review", 80, cents, then),
            later(then, rng, 2, 6),
        )
        won = won | _stage("Closed Won", 100, cents * 9 // 10, again)
        return [_row("Opportunity", reopened, then), _row("Opportunity", won, again)]
    if draw < 0.26:
        corrected = _stage("Closed Won", 100, cents * 95 // 100, at)
        return [_row("Opportunity", won | corrected, then)]
    return []


def _stage(stage: str, probability: int, cents: int, at: datetime) -> dict[str, str]:
    closes = at.date() if stage.startswith("Closed") else at.date() + timedelta(days=30)
    return {
        "StageName": stage,
        "Probability": f"{probability}.0",
        "Amount": repr(cents / 100),
        "ExpectedRevenue": repr(cents * probability // 100 / 100),
        "CloseDate": closes.isoformat(),
        "IsWon": str(stage == "Closed Won").lower(),
        "IsClosed": str(stage.startswith("Closed")).lower(),
    }


def _row(kind: str, values: dict[str, str], at: datetime) -> CrmRow:
    return CrmRow(kind, values["Id"], at, values | {"SystemModstamp": stamp(at)})
