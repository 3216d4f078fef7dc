"""Who is behind an identifier: small stories, and a real lake cross-checked with its tables."""

import hashlib
import io
import json
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from typer.testing import CliRunner

from expectations.arrow import arrow_schema
from expectations.tables import BATCHES, CONVERSIONS, EVENTS, TOUCHPOINTS
from pipelines.cli import looks  # noqa: F401  (adds its commands)
from pipelines.cli.app import app, console
from pipelines.errors import UsageError
from pipelines.identities import STRONG, identities
from pipelines.lake import Lake
from pipelines.query import connect
from pipelines.settings import IdentitySection
from pipelines.versions import standing
from pipelines.who import identified
from pipelines.who_page import page
from tests.pipelines.tables import table

pytestmark = pytest.mark.spark
NINE = datetime(2026, 1, 1, 9, tzinfo=UTC)
MAIL = hashlib.sha256(b"ann@example.com").hexdigest()
GUARDS = IdentitySection(
    stop_list=("phone_sha256:nobody",), max_links=3, max_people_per_device=3, max_component=4
)


def seen(hour, *ids, **more):
    """An event at an hour of the story, read from the line of that number."""
    pairs = [i.split(":") for i in ids]
    trust = {"ga_client_id": 1, "user_id": 4}
    return {
        "event_id": f"{hour:03d}", "occurred_at": NINE + timedelta(hours=hour), "op": "insert",
        "ids": [{"type": t, "value": v, "trust": trust.get(t, 3)} for t, v in pairs],
        "source": "shop", "mapping": "shop@1", "batch_id": "b1", "line": hour + 1, **more,
    }  # fmt: skip


STORY = [
    # Ann's identifiers, one event in two versions, one that was deleted
    seen(0, "user_id:ann", f"email_sha256:{MAIL}"),
    seen(1, "crm_contact:003A", f"email_sha256:{MAIL}"),
    seen(2, "user_id:ann", f"email_sha256:{MAIL}"),
    seen(2, "user_id:ann", f"email_sha256:{MAIL}", record_version=NINE + timedelta(hours=3)),
    seen(4, "user_id:ann", "user_id:zoe", op="delete"),
    # a merge, and the version that takes it back
    seen(5, "user_id:ann", "crm_contact:003B", event_id="merge"),
    seen(5, "crm_contact:003B", event_id="merge", record_version=NINE + timedelta(hours=6)),
    # a tablet that Ann and Bob share
    seen(10, "ga_client_id:tablet"),
    seen(11, "ga_client_id:tablet", "user_id:ann"),
    seen(12, "ga_client_id:tablet", "user_id:bob", "phone_sha256:bobs"),
    seen(13, "ga_client_id:tablet", "user_id:bob"),
    seen(14, "ga_client_id:tablet", "user_id:ann"),
    # values that are nobody's
    *(seen(20 + n, "email_sha256:info", f"user_id:worker{n}") for n in range(4)),
    *(seen(30 + n, "ga_client_id:desk", f"user_id:caller{n}") for n in range(4)),
    *(seen(40 + n, "phone_sha256:nobody", f"user_id:silent{n}") for n in range(2)),
    *(seen(50 + n, f"user_id:chain{n}", f"user_id:chain{n + 1}") for n in range(4)),
]


@pytest.fixture(scope="module")
def con(_spark):
    """The story's tables."""
    events = table(_spark, EVENTS, STORY)
    people = identities(standing(events, ["shop"]), GUARDS).toArrow()
    bob = {"person": "user_id:bob", "at": "2026-01-01 10:00"}
    touches = [{"identifier": "ga_client_id:tablet", "touched_at": NINE + timedelta(hours=h)}
               for h in (1, 11, 12, 13, 20)]  # fmt: skip
    orders = [{"identifier": bob["person"], "converted_at": bob["at"]}]
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    con.register("identities", people)
    con.register("events", events.toArrow())
    con.register("touchpoints", table(_spark, TOUCHPOINTS, touches).toArrow())
    con.register("conversions", table(_spark, CONVERSIONS, orders).toArrow())
    file = {"batch_id": "b1", "source": "shop", "mapping": "shop", "file": "shop/a.json"}
    rows = [{**dict.fromkeys(BATCHES.columns), **file}]
    con.register("batches", arrow_schema(BATCHES).empty_table().from_pylist(rows))
    return con


def person(con, name):
    [found] = identified(con, name)["people"]
    return found


def ends(rows):
    return [(row["identifier"], row["other"], row["events"]) for row in rows]


def printed(found):
    out = console(file=io.StringIO(), width=300)
    page(found, out)
    return out.file.getvalue()


def test_every_link_has_its_count_and_its_first_and_last_line(con):
    ann = person(con, "user_id:ann")
    assert ends(ann["links"]) == [
        ("crm_contact:003A", f"email_sha256:{MAIL}", 1),
        (f"email_sha256:{MAIL}", "user_id:ann", 2),
    ]
    told = [(row["first_told"]["line"], row["last_told"]["line"]) for row in ann["links"]]
    assert told == [(2, 2), (1, 3)]
    assert {row["first_told"]["file"] for row in ann["links"]} == {"shop/a.json"}
    assert ann["refusals"] == []


def test_a_shared_device_lists_its_people_by_interval_and_what_decided_each(con):
    found = identified(con, "ga_client_id:tablet")
    ann, bob = person(con, "user_id:ann"), person(con, "user_id:bob")
    assert [row["person_id"] for row in found["owners"]] == [
        ann["person_id"], bob["person_id"], ann["person_id"]
    ]  # fmt: skip
    assert [one["person_id"] for one in found["people"]] == [ann["person_id"], bob["person_id"]]
    decided = sorted(
        (row["decided_by"]["line"], row["known_as"], row["events"])
        for one in found["people"]
        for row in one["sightings"]
    )
    assert decided == [(12, "user_id:ann", 1), (13, "user_id:bob", 2), (15, "user_id:ann", 1)]
    first, *later = found["owners"]
    assert (first["valid_from"].year, found["owners"][-1]["valid_to"].year) == (1970, 9999)
    starts = {row["decided_by"]["occurred_at"] for p in found["people"] for row in p["sightings"]}
    assert {row["valid_from"] for row in later} < starts
    text = printed(found)
    assert "points at 2 people, each for a time" in text
    assert "from 2026-01-01 21:00:00 until 2026-01-01 23:00:00" in text
    assert "shop@1 shop/a.json:13" in text


def test_touches_and_conversions_count_for_whose_the_device_was_then(con):
    ann, bob = person(con, "user_id:ann"), person(con, "user_id:bob")
    assert (ann["touchpoints"], ann["conversions"]) == (3, 0)
    assert (bob["touchpoints"], bob["conversions"]) == (2, 1)


@pytest.mark.parametrize(
    ("name", "others", "says"),
    [
        ("email_sha256:info", 4, "told together with 4 identifiers"),
        ("ga_client_id:desk", 4, "seen with 4 people, more than identity.max_people_per_device"),
        ("phone_sha256:nobody", 2, "on identity.stop_list"),
        ("user_id:chain1", 2, "its component is larger than identity.max_component"),
    ],
)
def test_what_a_guard_refused_is_told_with_the_reason_and_where_it_was_written(
    con, name, others, says
):
    found = person(con, name)
    assert [row["identifier"] for row in found["identifiers"]] == [name]
    assert says in found["identifiers"][0]["why"]
    assert found["links"] == []
    refused = [row for row in found["refusals"] if row["guarded"] == name]
    assert len(refused) == others
    for row in refused:
        [event] = [e for e in STORY if e["line"] == row["first_told"]["line"]]
        told = {f"{i['type']}:{i['value']}" for i in event["ids"]}
        assert {row["identifier"], row["other"]} <= told
    assert says in printed({"asked": name, "owners": [], "people": [found]})


def test_the_other_end_of_a_refused_link_is_told_of_it_too(con):
    worker, caller = person(con, "user_id:worker0"), person(con, "user_id:caller0")
    assert [row["guarded"] for row in worker["refusals"]] == ["email_sha256:info"]
    assert [row["guarded"] for row in caller["refusals"]] == ["ga_client_id:desk"]
    assert caller["sightings"] == []


def test_a_person_is_found_by_value_address_and_the_beginning_of_their_id(con):
    ann = person(con, "user_id:ann")
    for name in ("ann", "003A", MAIL, "Ann@Example.com ", ann["person_id"], ann["person_id"][:9]):
        assert person(con, name)["person_id"] == ann["person_id"]


def test_an_unknown_name_is_answered_with_the_nearest_known_ones(con):
    with pytest.raises(UsageError, match=r"Nobody is known as 'user_id:bbo'.*user_id:bob"):
        identified(con, "user_id:bbo")
    with pytest.raises(UsageError, match="Write more of it"):
        identified(con, "")


def test_a_long_list_is_cut_on_the_page_and_says_so(con):
    ann = person(con, "user_id:ann")
    many = {**ann, "links": ann["links"] * 20}
    assert "and 10 more; --json has all" in printed({"owners": [], "people": [many]})


@pytest.fixture(scope="module")
def lake(done):
    return connect(Lake(done.lake_uri))


def rows(con, query, *values):
    answer = con.execute(query, list(values))
    names = [column[0] for column in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def test_what_is_shown_of_a_real_person_is_what_the_tables_say(lake):
    busiest = """
        SELECT person_id FROM identities WHERE person_id IN (SELECT person_id FROM paths)
        GROUP BY ALL ORDER BY count(DISTINCT tier) DESC, sum(links) DESC, person_id LIMIT 1"""
    [(name,)] = lake.execute(busiest).fetchall()
    found = person(lake, name)
    mine = {row["identifier"]: row["tier"] for row in found["identifiers"]}
    assert found["conversions"] == len(rows(lake, "FROM paths WHERE person_id = ?", name))
    pairs = {}
    for event in rows(lake, "SELECT event_id, ids, op FROM events"):
        strong = sorted(f"{i['type']}:{i['value']}" for i in event["ids"] if i["trust"] >= STRONG)
        for one in strong:
            for other in strong:
                if one < other and one in mine and other in mine and event["op"] != "delete":
                    pairs.setdefault((one, other), set()).add(event["event_id"])
    assert {(one, other): count for one, other, count in ends(found["links"])} == {
        ends: len(events) for ends, events in pairs.items()
    }
    assert found["links"]
    assert found["sightings"]


def test_every_line_of_evidence_is_in_the_records_and_holds_the_value(lake):
    linked = "SELECT identifier FROM identities WHERE links > 0 ORDER BY hash(identifier) LIMIT 5"
    for (name,) in lake.execute(linked).fetchall():
        for one in identified(lake, name)["people"]:
            for told in (row["first_told"] for row in one["links"]):
                line = (told["file"], told["line"])
                assert rows(lake, "FROM records WHERE file = ? AND line = ?", *line)
            for row in one["sightings"]:
                line = (row["decided_by"]["file"], row["decided_by"]["line"])
                [record] = rows(lake, "FROM records WHERE file = ? AND line = ?", *line)
                assert row["known_as"].split(":", 1)[1] in record["payload"]
                assert row["identifier"].split(":", 1)[1] in record["payload"]


def test_the_command_prints_a_page_or_json(done, lake):
    [(name,)] = lake.execute("SELECT min(identifier) FROM identities").fetchall()
    asked = ["--home", str(done.home), "who", name]
    found = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)
    assert found["people"] == json.loads(json.dumps(identified(lake, name)["people"], default=str))
    assert found["people"][0]["person_id"] in CliRunner().invoke(app, asked).stdout
