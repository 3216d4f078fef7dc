"""Salesforce extracts as Bulk API 2.0 query results: CSV, quoted, CRLF, empty for null."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime

from pipelines.demo.records import CrmRow, columns

COLUMNS = {
    "Opportunity": columns(
        "Id IsDeleted AccountId ContactId CampaignId Name Description Amount CurrencyIsoCode "
        "StageName Probability ExpectedRevenue CloseDate IsWon IsClosed LeadSource Type "
        "CreatedDate SystemModstamp"
    ),
    "Contact": columns(
        "Id IsDeleted MasterRecordId AccountId Email Phone LeadSource HasOptedOutOfEmail "
        "Web_User_Id__c CreatedDate SystemModstamp"
    ),
    "Lead": columns(
        "Id IsDeleted MasterRecordId Email Phone Company LeadSource Status gclid__c IsConverted "
        "ConvertedDate ConvertedContactId ConvertedAccountId ConvertedOpportunityId "
        "HasOptedOutOfEmail CreatedDate SystemModstamp"
    ),
    "CampaignMember": columns(
        "Id IsDeleted CampaignId Campaign_Name__c Campaign_Type__c LeadId ContactId Status "
        "HasResponded FirstRespondedDate CreatedDate SystemModstamp"
    ),
}
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
ORGANISATION = "5g0000"


def extract(kind: str, rows: Iterable[CrmRow]) -> bytes:
    """One object's extract: a header and a line per record version."""
    header = COLUMNS[kind]
    return csv_bytes([header, *([row.values.get(c, "") for c in header] for row in rows)])


def csv_bytes(rows: Iterable[Iterable[str]]) -> bytes:
    """Rows as the Bulk API writes them.

    >>> csv_bytes([["Id", "Name"], ["1", ""]]).decode().splitlines()
    ['"Id","Name"', '"1",""']
    """
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def stamp(at: datetime) -> str:
    """A UTC instant as the API prints it."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def salesforce_id(prefix: str, number: int) -> str:
    """An 18-character id: 15 case-sensitive characters and 3 that tell their case.

    >>> salesforce_id("006", 0), salesforce_id("003", 10)
    ('0065g0000000000AAA', '0035g000000000AAAQ')
    """
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = BASE62[rest] + digits
    return with_case(prefix + ORGANISATION + digits.rjust(6, "0"))


def with_case(short: str) -> str:
    """The id with three characters more, which tell the case of the fifteen.

    >>> with_case("006q000000Hddoh")
    '006q000000HddohAAB'
    """
    chunks = (short[:5], short[5:10], short[10:])
    return short + "".join(SUFFIX[_capitals(chunk)] for chunk in chunks)


def _capitals(chunk: str) -> int:
    return sum(1 << place for place, letter in enumerate(chunk) if letter.isupper())
