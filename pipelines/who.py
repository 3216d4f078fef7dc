"""The person behind an identifier: what points at it, on whose word, and what was refused."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from pipelines.errors import UsageError
from pipelines.identities import STRONG
from pipelines.query import rows

if TYPE_CHECKING:
    import duckdb

VALUE = "substr(identifier, length(identifier_type) + 2)"
OWNERS = f"""
SELECT identifier, person_id, valid_from, valid_to FROM identities
WHERE list_contains($names, identifier) OR list_contains($names, {VALUE})
ORDER BY identifier, valid_from"""
PEOPLE = """
SELECT DISTINCT person_id FROM identities WHERE starts_with(person_id, $name)
ORDER BY person_id LIMIT 6"""
NEAREST = f"""
SELECT DISTINCT identifier, greatest(jaro_winkler_similarity(identifier, $name),
  jaro_winkler_similarity({VALUE}, $name)) AS likeness
FROM identities ORDER BY likeness DESC, identifier LIMIT 3"""
IDENTIFIERS = """
SELECT identifier, tier, valid_from, valid_to, refused, links FROM identities
WHERE person_id = $person ORDER BY tier DESC, identifier, valid_from"""

# One row per event that names somebody asked for, as it stands; deletions tell nothing.
TOLD = """
CREATE OR REPLACE TEMP TABLE told AS
WITH mine AS (SELECT list(identifier) AS names FROM identities
              WHERE list_contains($people, person_id)),
every AS (SELECT *, [{identifier: i.type || ':' || i.value, trust: i.trust} FOR i IN ids] AS names
          FROM events),
about AS (SELECT event_id FROM every JOIN mine
          ON list_has_any([n.identifier FOR n IN every.names], mine.names)),
named AS (SELECT every.* FROM every SEMI JOIN about USING (event_id)
          QUALIFY row_number() OVER (PARTITION BY event_id
                                     ORDER BY record_version DESC, payload_hash) = 1)
SELECT e.event_id, e.occurred_at, e.names,
  {occurred_at: e.occurred_at, event_id: e.event_id, event_type: e.event_type, source: e.source,
   mapping: e.mapping, file: b.file, line: e.line} AS evidence
FROM named e JOIN mine ON list_has_any([n.identifier FOR n IN e.names], mine.names)
LEFT JOIN batches b USING (batch_id) WHERE op <> 'delete'"""
# One row per unordered pair of identifiers told together; two devices say nothing of a person.
PAIRS = f"""
CREATE OR REPLACE TEMP TABLE pairs AS
WITH ends AS (SELECT event_id, occurred_at, evidence, unnest(names) AS id FROM told)
SELECT l.id.identifier AS identifier, r.id.identifier AS other,
  least(l.id.trust, r.id.trust) >= {STRONG} AS is_strong, count(DISTINCT event_id) AS events,
  first(l.evidence ORDER BY l.occurred_at, event_id) AS first_told,
  first(l.evidence ORDER BY l.occurred_at DESC, event_id DESC) AS last_told
FROM ends l JOIN ends r USING (event_id)
WHERE l.id.identifier < r.id.identifier AND greatest(l.id.trust, r.id.trust) >= {STRONG}
GROUP BY ALL"""
LINKS = """
WITH mine AS (SELECT identifier FROM identities WHERE person_id = $person AND tier = 'strong')
SELECT identifier, other, events, first_told, last_told FROM pairs
WHERE is_strong AND identifier IN (FROM mine) AND other IN (FROM mine)
ORDER BY identifier, other"""
# A pair of a known person and a device is refused only for the device's sake.
REFUSALS = """
WITH mine AS (SELECT identifier FROM identities WHERE person_id = $person)
SELECT p.identifier, p.other, g.identifier AS guarded, g.tier, g.refused, g.links, p.events,
  p.first_told, p.last_told
FROM pairs p JOIN identities g
  ON g.refused IS NOT NULL AND (g.identifier = p.identifier OR g.identifier = p.other)
WHERE (p.is_strong = (g.tier = 'strong'))
  AND (p.identifier IN (FROM mine) OR p.other IN (FROM mine))
ORDER BY p.identifier, p.other, guarded"""
SIGHTINGS = f"""
WITH seen AS (
  SELECT event_id, occurred_at, evidence,
    unnest([n.identifier FOR n IN names IF n.trust < {STRONG}]) AS device,
    list_sort([{{worse: -n.trust, identifier: n.identifier}} FOR n IN names
               IF n.trust >= {STRONG}])[1].identifier AS known FROM told)
SELECT d.identifier, d.valid_from, d.valid_to, count(DISTINCT event_id) AS events,
  first(known ORDER BY occurred_at, event_id DESC) AS known_as,
  first(evidence ORDER BY occurred_at, event_id DESC) AS decided_by,
  first(evidence ORDER BY occurred_at DESC, event_id DESC) AS last_seen
FROM seen JOIN identities k ON k.identifier = known AND k.tier = 'strong'
JOIN identities d ON d.identifier = device AND d.tier = 'device' AND d.person_id = k.person_id
  AND occurred_at >= d.valid_from AND occurred_at < d.valid_to
WHERE d.person_id = $person GROUP BY ALL ORDER BY d.identifier, d.valid_from"""
COUNT = """
SELECT count(*) FROM {table} t JOIN identities i ON i.identifier = t.identifier
  AND t.{at} >= i.valid_from AND t.{at} < i.valid_to WHERE i.person_id = $person"""


def identified(con: duckdb.DuckDBPyConnection, name: str) -> dict[str, Any]:
    """Everyone whom a name points at, in order of the intervals in which it does.

    The name is `type:value`, a value, an e-mail address kept as a hash, or a person_id or its
    beginning. UsageError with the nearest identifiers if it is nobody's.
    """
    owners = rows(con, OWNERS, {"names": spellings(name)})
    people = list(dict.fromkeys(row["person_id"] for row in owners)) or [_person(con, name)]
    con.execute(TOLD, {"people": people})
    con.execute(PAIRS)
    return {"asked": name, "owners": owners, "people": [_about(con, one) for one in people]}


def spellings(name: str) -> list[str]:
    """A name as identifiers may have it: an address is kept as a hash of its plain form.

    >>> [len(text) for text in spellings(" Ann@example.com ")]  # as typed, SHA-256, MD5
    [15, 64, 32]
    """
    name = name.strip()
    if "@" not in name:
        return [name]
    plain = name.lower().encode()
    return [name, hashlib.sha256(plain).hexdigest(), hashlib.md5(plain).hexdigest()]


def _person(con: duckdb.DuckDBPyConnection, name: str) -> str:
    found = [row["person_id"] for row in rows(con, PEOPLE, {"name": name})]
    if len(found) == 1:
        return str(found[0])
    if found:
        raise UsageError(
            f"{name!r} is how several people's ids begin: {', '.join(found[:5])}. Write more of it."
        )
    near = ", ".join(row["identifier"] for row in rows(con, NEAREST, {"name": name}))
    hint = f"The nearest are {near}." if near else "No event named anybody yet."
    raise UsageError(f"Nobody is known as {name!r}. {hint}")


def _about(con: duckdb.DuckDBPyConnection, person: str) -> dict[str, Any]:
    key = {"person": person}
    counts = {
        table: con.execute(COUNT.format(table=table, at=at), key).fetchall()[0][0]
        for table, at in (("touchpoints", "touched_at"), ("conversions", "converted_at"))
    }
    return {
        "person_id": person,
        **counts,
        "identifiers": [{**row, "why": why(row)} for row in rows(con, IDENTIFIERS, key)],
        "links": rows(con, LINKS, key),
        "sightings": rows(con, SIGHTINGS, key),
        "refusals": [{**row, "why": why(row)} for row in rows(con, REFUSALS, key)],
    }


def why(row: dict[str, Any]) -> str | None:
    """Why a guard keeps an identifier apart, in words; None if none does.

    >>> why({"tier": "device", "refused": "fan_out", "links": 9})
    "seen with 9 people, more than identity.max_people_per_device: nobody's"
    """
    match row["refused"], row["tier"]:
        case "stop_list", _:
            return "on identity.stop_list: nobody's, links nothing"
        case "component", _:
            return "its component is larger than identity.max_component: all of it stays apart"
        case "fan_out", "device":
            limit = "more than identity.max_people_per_device"
            return f"seen with {row['links']} people, {limit}: nobody's"
        case "fan_out", _:
            limit = "of one type more than identity.max_links"
            return f"told together with {row['links']} identifiers, {limit}: links nothing"
    return None
