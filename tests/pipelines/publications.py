"""What publications say, and what restatements say of the difference between two."""

from pipelines.publish import published
from pipelines.query import views

DIFFERENCE = """
SELECT conversion_date AS day, model, channel, currency,
       sum({sign}conversions) AS conversions, sum({sign}attributed_value) AS value
FROM credits WHERE conversion_date <= $through GROUP BY ALL"""
RESTATED = """
SELECT conversion_date AS day, model, channel, currency,
       sum(conversions_after - conversions_before) AS conversions,
       sum(value_after - value_before) AS value
FROM restatements WHERE publication_id = $id GROUP BY ALL"""


def difference(lake, id, through):
    """Channel sums of a publication less those of the one before, where they are not 0."""
    sums = {}
    for publication, sign in ((id, ""), (id - 1, "-")):
        rows = only(lake, publication, "credits").execute(
            DIFFERENCE.format(sign=sign), {"through": through}
        )
        for *key, conversions, value in rows.fetchall():
            old = sums.get(tuple(key), (0, 0))
            sums[tuple(key)] = (old[0] + conversions, old[1] + value)
    return {key: value for key, value in sums.items() if any(value)}


def restated(lake, id):
    rows = only(lake, None, "restatements").execute(RESTATED, {"id": id}).fetchall()
    return {tuple(key): (conversions, value) for *key, conversions, value in rows
            if conversions or value}  # fmt: skip


def only(lake, publication, name):
    """A connection with one table as a publication has it (the newest if None)."""
    return views(lake, {name: published(lake, publication)[name]})
