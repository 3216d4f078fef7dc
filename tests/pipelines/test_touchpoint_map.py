"""The map of touchpoints: planted over- and under-use is found, and nothing is lost on the way."""

import re
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from expectations.audit import audit
from expectations.tables import CONVERSIONS, CREDITS, SPEND, TOUCHPOINT_MAP, TOUCHPOINTS
from expectations.tables.lifecycle import COUNTS
from models.bootstrap import person_keys
from models.use_index import use_index
from pipelines.marts.touchpoint_map import person_parts, placed, touchpoint_map
from pipelines.person_stages import customers, met, staged
from pipelines.report.lifecycle import USE
from pipelines.settings import Settings
from pipelines.stages import load_stage_map
from pipelines.taxonomy import load_taxonomy
from tests.pipelines.tables import table
from tests.pipelines.test_paths import at, people, touch

pytestmark = pytest.mark.spark
PAGE = Path(__file__).parents[2] / "docs" / "touchpoint_map.md"
NAMES = [f"p{number:03}" for number in range(120)]
MODELS = ("first_touch", "linear")
ORDER = {"conversion_type": "order", "currency": "EUR"}


def shop(spark):
    """Display is met three times as often as search, and every third person orders by search."""
    touches, credits, orders = [], [], []
    for number, name in enumerate(NAMES):
        for place, channel in enumerate(("Display", "Display", "Display", "Paid Search")):
            touches.append(touch(f"{name}-{place}", at(-2 + place / 10), channel,
                                 identifier=f"user_id:{name}"))  # fmt: skip
        if number % 3 == 0:
            earning = [(0, "Display", "0.25"), (3, "Paid Search", "0.75")]
            orders.append({"conversion_id": name, "identifier": f"user_id:{name}",
                           "conversions": 1, "converted_at": at(-1)})  # fmt: skip
            credits += [_credit(name, model, *one) for one in earning for model in MODELS]
    credits += [{**_credit("lone", m, None, "(unattributed)", "1"), "person_id": None}
                for m in MODELS]  # fmt: skip
    touches += [
        _asked("ticket", at(-0.5), "Support", None, None, "retention"),
        _asked("praise", at(-0.4), "Feedback", "nps", "1", "advocacy"),
        _asked("blame", at(-0.3), "Feedback", "nps", "0.6", "advocacy", valence="negative"),
        _asked("rating", at(-0.2), "Feedback", "csat", "0.75", "advocacy"),
        touch("robot", at(-2), is_bot=True),
    ]  # fmt: skip
    return touches, credits, orders


def _credit(name, model, place, channel, share):
    return {"conversion_id": f"{name}", "model": model, "person_id": name, "channel": channel,
            "touchpoint_id": place if place is None else f"{name}-{place}", "credit": share,
            "position": place or 0, "conversions": share, "converted_at": at(-1),
            "attributed_value": 100 * Decimal(share), "conversion_date": at(-1).date(),
            **ORDER}  # fmt: skip


def _asked(name, when, channel, metric, score, stage, **more):
    told = {"weight_class": "signal", "stage": stage, "valence": "neutral",
            "feedback_metric": metric, "feedback_score": score, **more}  # fmt: skip
    return touch(name, when, channel, identifier="user_id:p000", **told)


@pytest.fixture(scope="module")
def drawn(_spark):
    """The map of the shop, its credit, and what each person adds to it."""
    spark, settings = _spark, Settings()
    touches, credits, orders = shop(spark)
    whose, rules = people(spark, NAMES), settings.path_rules
    told = met(table(spark, TOUCHPOINTS, touches), whose, rules)
    done = customers(table(spark, CONVERSIONS, orders), whose, ())
    rows = staged(told, done, load_stage_map("four"), 90, rules.echo_seconds).cache()
    credited = table(spark, CREDITS, credits)
    earned = placed(credited, rows)
    spend = table(spark, SPEND, [{"channel": "Display", "cost": 30, "currency": "EUR",
                                  "spend_date": at(-1).date()}])  # fmt: skip
    made = touchpoint_map(rows, earned, spend, MODELS, load_taxonomy()).cache()
    report = audit(made, TOUCHPOINT_MAP, "run", None, use_gx=False)
    assert not report.broken, report.message()
    con = duckdb.connect()
    con.register("rows", made.toArrow())
    con.execute("CREATE TABLE touchpoint_map AS FROM rows")
    return con, credited.toArrow(), person_parts(rows, earned, "linear").toArrow()


def test_planted_over_and_under_use_is_found_by_the_formula_and_by_the_model(drawn):
    con, _, parts = drawn
    asked = f"SELECT channel, use_index FROM ({USE}) WHERE model = 'linear'"
    found = dict(con.execute(asked, {"through": at().date()}).fetchall())
    assert found["Display"] == pytest.approx(0.25 / 0.75)
    assert found["Paid Search"] == pytest.approx(0.75 / 0.25)
    told = use_index(parts, person_keys(parts["person"].combine_chunks())).to_pylist()
    sure = {row["cell"]: (row["index"], row["verdict"]) for row in told}
    assert sure["Display"] == (pytest.approx(found["Display"]), "over-used")
    assert sure["Paid Search"] == (pytest.approx(found["Paid Search"]), "under-used")


def test_the_queries_on_the_page_run_and_agree_with_the_report(drawn):
    con, _, _ = drawn
    by_touches, by_money, _ = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    found = {name: index for name, *_, index in con.execute(by_touches).fetchall()}
    assert found["Display"] == pytest.approx(1 / 3)
    assert con.execute(by_money).fetchall() == [("Display", 1.0, 1.0, 1.0)]


def test_credit_and_cost_add_up_to_the_books_in_every_model(drawn):
    con, credited, _ = drawn
    con.register("credits", credited)
    query = "SELECT model, sum(conversions), sum(attributed_value) FROM {} GROUP BY 1 ORDER BY 1"
    books, made = (
        con.execute(query.format(name)).fetchall() for name in ("credits", "touchpoint_map")
    )
    assert made == books
    assert con.execute(
        "SELECT model, stage, sum(cost) FROM touchpoint_map WHERE cost > 0 GROUP BY ALL ORDER BY 1"
    ).fetchall() == [(model, "(no stage)", Decimal(30)) for model in MODELS]


def test_stages_after_the_purchase_tell_reach_and_satisfaction(drawn):
    con, _, _ = drawn
    columns = ("stage", "channel", *COUNTS, "csat_sum")
    rows = con.execute(
        f"SELECT {', '.join(columns)} FROM touchpoint_map WHERE model = 'linear' "
        "AND currency = 'XXX' AND touches > 0 ORDER BY stage_number, channel, form"
    ).fetchall()
    none = (0,) * 5
    assert rows == [
        ("awareness", "Display", 120, 120, 0, 120, *none),
        ("evaluation", "Display", 240, 240, 0, 120, *none),
        ("evaluation", "Paid Search", 120, 120, 0, 120, *none),
        ("loyalty", "Feedback", 3, 0, 1, 1, 2, 1, 1, 1, Decimal("0.75")),
        ("loyalty", "Support", 1, 0, 0, 1, *none),
    ]
