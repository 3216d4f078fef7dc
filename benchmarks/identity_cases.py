"""What merges strangers elsewhere, told by raw records through real mappings, all in one run.

A case is records and the truth: whom an identifier should point at, at an hour of the story.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.demo.salesforce import salesforce_id
from pipelines.nobody import hashes

if TYPE_CHECKING:
    pass

NINE = datetime(2026, 1, 1, 9, tzinfo=UTC)
SHOP = Path(__file__).with_name("identity_cases.yaml")
Record = tuple[str, dict[str, str]]  # a mapping, and what it reads
Truth = tuple[str, float, str]  # an identifier, an hour, a person
Told = tuple[list[Record], list[Truth]]
HUB = 100_000


def hour(number: float) -> str:
    """An hour of the story, as text."""
    return (NINE + timedelta(hours=number)).isoformat()


def mail(address: str) -> str:
    """The identifier of an address."""
    return f"email_sha256:{hashlib.sha256(address.encode()).hexdigest()}"


def shop(at: float, **who: str) -> Record:
    return SHOP.stem, {"at": hour(at), **who}


def contact(name: str, saved: float, **fields: str) -> Record:
    return "salesforce_contact", {
        "Id": name, "CreatedDate": hour(0), "SystemModstamp": hour(saved), **fields
    }  # fmt: skip


def hub_of_devices() -> Told:
    """A demonstration account is signed in on 100,000 devices; 50 of them are somebody's later."""
    owned = range(50)
    told = [shop(0, client=f"hub{n}", mail="demo@hub.example") for n in range(HUB)]
    told += [shop(5, client=f"hub{n}", user=f"hub{n}") for n in owned]
    truth: list[Truth] = [
        (mail("demo@hub.example"), 0, "account"),
        (f"ga_client_id:hub{HUB - 1}", 9, "account"),
    ]
    for n in owned:
        mine = ("ga_client_id", 5), ("user_id", 0)
        truth += [(f"{kind}:hub{n}", at, f"user {n}") for kind, at in mine]
        truth.append((f"ga_client_id:hub{n}", 1, "account"))
    return told, truth


def family_tablet() -> Told:
    turns = ["ann", "bob", "cem", "bob", "ann"]
    told = [shop(n, client="tablet", user=f"tablet-{who}") for n, who in enumerate(turns)]
    truth = [(f"user_id:tablet-{who}", 0, who) for who in turns]
    return told, [*truth, *(("ga_client_id:tablet", n + 0.5, who) for n, who in enumerate(turns))]


def role_mailbox() -> Told:
    ids = [salesforce_id("003", 1_000 + n) for n in range(40)]
    told = [contact(name, 0, Email="info@firm.example", Web_User_Id__c=f"role-{name}")
            for name in ids]  # fmt: skip
    truth = [(f"user_id:role-{name}", 0, name) for name in ids]
    truth += [(f"crm_contact:{name[:15]}", 0, name) for name in ids]
    return told, [*truth, (mail("info@firm.example"), 0, "the mailbox")]


def call_centre() -> Told:
    told = [shop(n / 10, client="desk", user=f"caller{n}") for n in range(300)]
    truth = [(f"user_id:caller{n}", 0, f"caller {n}") for n in range(300)]
    return told, [
        *truth,
        ("ga_client_id:desk", 5, "the desk"),
        ("ga_client_id:desk", 99, "the desk"),
    ]


def nobodies(label: str, values: Iterable[str]) -> Told:
    """Each value in each place of an identifier, of two people who have nothing else in common."""
    told: list[Record] = []
    truth: list[Truth] = []
    fields = ("user", "customer", "mail", "mail_md5", "phone", "contact", "client", "device")
    for value in values:
        for field in fields:
            for n in range(2):
                own = f"{label} {value} {field} {n}"
                known = "customer" if field == "user" else "user"
                told.append(shop(n, **{known: own, field: value}))
                truth.append((f"{known if known == 'user_id' else known + '_id'}:{own}", 0, own))
    return told, truth


def empty_hashes() -> Told:
    found = hashes("")
    return nobodies("hash", [*found, *(text.upper() for text in found)])


def words_for_nobody() -> Told:
    words = ("", " ", "No response", "null", "NULL", "None", "N/A", "undefined", "(not set)", "nan",
             "anonymous", "unknown", "-", "[null]")  # fmt: skip
    hashed = [make(word.encode()).hexdigest() for word in ("null", "undefined", "no response")
              for make in (hashlib.md5, hashlib.sha256)]  # fmt: skip
    return nobodies("word", [*words, *hashed])


def zeros() -> Told:
    return nobodies("zeros", (
        "0", "0000000000", "+00 000 0000", "00000000-0000-0000-0000-000000000000", "0.0",
        "0" * 32, "0" * 64, "000000000000000AAA", "ffffffff-ffff-ffff-ffff-ffffffffffff",
        hashlib.md5(b"0").hexdigest(), hashlib.sha256(b"0000000000").hexdigest(),
    ))  # fmt: skip


def _merged(number: int, label: str) -> tuple[list[Record], list[str]]:
    """Two contacts of which the second was merged into the first, and their users."""
    kept, lost = salesforce_id("003", number), salesforce_id("003", number + 1)
    told = [
        contact(kept, 0, Web_User_Id__c=f"{label} kept"),
        contact(lost, 0, Web_User_Id__c=f"{label} lost"),
        contact(lost, 1, Web_User_Id__c=f"{label} lost", MasterRecordId=kept, IsDeleted="true"),
    ]
    return told, [f"user_id:{label} {which}" for which in ("kept", "lost")]


def crm_merge() -> Told:
    told, users = _merged(2_000, "merge")
    return told, [(user, 0, "one") for user in users]


def crm_unmerge() -> Told:
    """The loser was restored: the newest row of it names no survivor."""
    told, users = _merged(3_000, "unmerge")
    restored = contact(salesforce_id("003", 3_001), 2, Web_User_Id__c="unmerge lost")
    return [*told, restored], [(user, 0, user) for user in users]


def alias() -> Told:
    told = [
        shop(0, client="alias", user="alias old"),
        shop(1, user="alias new", previous="alias old"),
        shop(2, user="alias new", customer="alias"),
    ]
    names = "user_id:alias old", "user_id:alias new", "customer_id:alias", "ga_client_id:alias"
    return told, [(name, 0, "one") for name in names]


def lead_conversion() -> Told:
    lead, became = salesforce_id("00Q", 4_000), salesforce_id("003", 4_000)
    told = contact(became, 1, Web_User_Id__c="lead as contact")
    row = {"Id": lead, "CreatedDate": hour(0), "SystemModstamp": hour(1), "IsConverted": "true",
           "ConvertedContactId": became, "Web_User_Id__c": "lead as lead"}  # fmt: skip
    names = (f"crm_lead:{lead[:15]}", f"crm_contact:{became[:15]}", "user_id:lead as lead",
             "user_id:lead as contact")  # fmt: skip
    return [told, ("salesforce_lead", row)], [(name, 0, "one") for name in names]


def short_and_long_ids() -> Told:
    """One contact by 18 and by 15 characters; two whose 15 differ in the case of a letter only."""
    name = salesforce_id("003", 5_000)
    told = [contact(name, 0, Web_User_Id__c="long id"), shop(1, contact=name[:15], user="short id")]
    truth: list[Truth] = [("user_id:long id", 0, "one"), ("user_id:short id", 0, "one")]
    for letter in "xX":
        told.append(shop(1, contact=f"00300000000000{letter}", user=f"letter {letter}"))
        truth.append((f"user_id:letter {letter}", 0, letter))
    return told, truth


CASES: dict[str, Callable[[], Told]] = {
    "100,000 devices on one e-mail": hub_of_devices,
    "a shared family tablet": family_tablet,
    "a role mailbox": role_mailbox,
    "a call-centre browser": call_centre,
    "hashes of nothing": empty_hashes,
    "words for nobody": words_for_nobody,
    "zeros": zeros,
    "a CRM merge": crm_merge,
    "a CRM merge, undone": crm_unmerge,
    "an alias": alias,
    "a converted lead": lead_conversion,
    "ids of 15 and of 18 characters": short_and_long_ids,
}
