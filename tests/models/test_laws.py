"""Laws that hold for every model, whatever the paths."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.base import CREDIT_SCHEMA, Unfit
from models.registry import MODELS, make

CHANNELS = ["Direct", "Email", "Social", "Search"]
START = datetime(2026, 1, 1, tzinfo=UTC)
SCHEMA = pa.schema(
    {
        "channels": pa.list_(pa.string()),
        "touched_at": pa.list_(pa.timestamp("us", "UTC")),
        "is_converted": pa.bool_(),
        "note": pa.string(),
    }
)
SMALL = {
    "bagged_logistic": {"bags": 4}, "shapley_rate": {"replicates": 1},
    "additive_hazard": {"passes": 30},
}  # fmt: skip
every_model = pytest.mark.parametrize("name", MODELS)
quick = settings(deadline=None, max_examples=30)


def table(rows) -> pa.Table:
    """The rows, each converted or lost sight of an hour or more after its last touch."""
    columns = zip(*rows, strict=True) if rows else ([], [], [], [])
    told = pa.Table.from_arrays(
        [pa.array(list(column), kind) for column, kind in zip(columns, SCHEMA.types, strict=True)],
        schema=SCHEMA,
    )
    ended = [max(at or [START]) + timedelta(hours=1 + len(at or [])) for _, at, *_ in rows]
    return told.append_column("converted_at", pa.array(ended, pa.timestamp("us", "UTC")))


@st.composite
def rows(draw):
    """One path: channels and instants (at times null or empty), outcome, a column to ignore."""
    touches = draw(
        st.lists(st.tuples(st.sampled_from(CHANNELS), st.integers(0, 10**13)), max_size=7)
    )
    touches.sort(key=lambda touch: touch[1])
    channels = [channel for channel, _ in touches]
    instants = [START + timedelta(microseconds=after) for _, after in touches]
    is_null = not touches and draw(st.booleans())
    lists = (None, None) if is_null else (channels, instants)
    return (*lists, draw(st.booleans()), "ignored")


# weights stop a hair before a limit they can only approach, not always the same hair
HAIRS = {"markov": 1e-3, "shapley_rate": 1e-3, "additive_hazard": 1e-6}
many_rows = st.lists(rows(), max_size=9)


def fitted(name: str, paths: pa.Table, weights=None):
    """The model, fitted if these are paths it can learn from."""
    model = make(name, **SMALL.get(name, {}))
    try:
        return model.fit(paths, sample_weight=weights)
    except Unfit:
        return model


def credits_of(model, paths: pa.Table) -> list[list[float]]:
    """Credits of each path."""
    credited = model.attribute(paths).to_pydict()
    found: list[list[float]] = [[] for _ in range(paths.num_rows)]
    for path, credit in zip(credited["path"], credited["credit"], strict=True):
        found[path].append(credit)
    return found


@every_model
@quick
@given(many_rows)
def test_each_touch_earns_once_never_less_than_nothing_and_a_path_earns_one(name, paths):
    paths = table(paths)
    lengths = [len(channels or []) for channels in paths["channels"].to_pylist()]
    credited = fitted(name, paths).attribute(paths)
    assert credited.schema == CREDIT_SCHEMA
    assert credited["path"].to_pylist() == [p for p, n in enumerate(lengths) for _ in range(n)]
    assert credited["position"].to_pylist() == [i for n in lengths for i in range(n)]
    for shares in credits_of(fitted(name, paths), paths):
        assert all(share >= 0 for share in shares)
        assert not shares or sum(shares) == pytest.approx(1, abs=1e-12)


@every_model
@quick
@given(many_rows)
def test_new_names_for_channels_change_no_credit(name, paths):
    new = {"Direct": "Direct", "Email": "Z", "Social": "A", "Search": "Q"}
    if name == "bagged_logistic":  # its draws follow the order of names
        new = {channel: f"new {channel}" for channel in CHANNELS}
    elif name != "last_non_direct":
        new["Direct"] = "E"
    renamed = [(c and [new[x] for x in c], *rest) for c, *rest in paths]
    before = fitted(name, table(paths)).attribute(table(paths))["credit"].to_numpy()
    after = fitted(name, table(renamed)).attribute(table(renamed))["credit"].to_numpy()
    np.testing.assert_allclose(after, before, rtol=0, atol=HAIRS.get(name, 1e-9))


@every_model
@quick
@given(many_rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_bit(name, paths, random):
    order = list(range(len(paths)))
    random.shuffle(order)
    shuffled = [paths[i] for i in order]
    before = credits_of(fitted(name, table(paths)), table(paths))
    after = credits_of(fitted(name, table(shuffled)), table(shuffled))
    assert after == [before[i] for i in order]


@every_model
@quick
@given(many_rows, st.integers(0, 12), st.integers(0, 12))
def test_batches_chunks_and_slices_change_no_bit(name, paths, one, two):
    one, two = sorted((min(one, len(paths)), min(two, len(paths))))
    whole = table(paths)
    parts = [whole.slice(0, one), whole.slice(one, two - one), whole.slice(two)]
    model = fitted(name, whole)
    before = credits_of(model, whole)
    assert [shares for part in parts for shares in credits_of(model, part)] == before
    rebuilt = [table(paths[:one]), table(paths[one:two]), table(paths[two:])]
    chunked = pa.concat_tables(rebuilt)
    assert credits_of(fitted(name, chunked), chunked) == before


@every_model
@quick
@given(many_rows, st.data())
def test_doubled_weights_change_no_bit_and_a_weight_is_a_repetition(name, paths, data):
    counts = [data.draw(st.integers(0, 3)) for _ in paths]
    before = credits_of(fitted(name, table(paths), counts), table(paths))
    assert credits_of(fitted(name, table(paths), [2 * n for n in counts]), table(paths)) == before
    repeated = table([row for row, n in zip(paths, counts, strict=True) for _ in range(n)])
    assert credits_of(fitted(name, repeated), table(paths)) == before


@every_model
@quick
@given(many_rows)
def test_what_was_learned_survives_json_to_the_bit(name, paths):
    model = fitted(name, table(paths))
    text = json.dumps(model.learned(), sort_keys=True, allow_nan=False)
    again = make(name, **SMALL.get(name, {})).load(json.loads(text))
    assert json.dumps(again.learned(), sort_keys=True) == text
    assert again.attribute(table(paths)).equals(model.attribute(table(paths)))


@every_model
@quick
@given(many_rows, st.sampled_from([*CHANNELS, "Never seen"]))
def test_a_touch_alone_earns_everything(name, paths, channel):
    alone = table([([channel], [START], True, None)])
    assert credits_of(fitted(name, table(paths)), alone) == [[1.0]]


@every_model
def test_no_paths_no_credits(name):
    empty = table([])
    assert fitted(name, empty).attribute(empty).num_rows == 0
    no_chunk = pa.table(
        {field.name: pa.chunked_array([], field.type) for field in empty.schema},
        schema=empty.schema,
    )
    assert fitted(name, no_chunk).attribute(no_chunk).schema == CREDIT_SCHEMA


@every_model
@pytest.mark.parametrize(
    "kind",
    [
        pa.large_list(pa.string()),
        pa.list_(pa.large_string()),
        pa.list_(pa.dictionary(pa.int32(), pa.string())),
        pa.list_(pa.string_view()),
        pa.list_view(pa.string()),
    ],
    ids=str,
)
def test_any_layout_of_lists_of_text_is_read(name, kind):
    plain = table([
        (["Email", "Direct"], [START, START], True, None), (None, None, True, None),
        (["Direct"], [START], False, None),
    ])  # fmt: skip
    values = pa.array([["Email", "Direct"], None, ["Direct"]], kind)
    other = plain.set_column(0, "channels", values)
    assert fitted(name, other).attribute(other).equals(fitted(name, plain).attribute(plain))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"channels": None}, "paths have no column 'channels' (list<string>)"),
        ({"channels": pa.array(["a", "b"])}, "column 'channels' is string; expected list<string>"),
        ({"channels": pa.array([[1], [2]])}, "expected list<string>"),
        ({"channels": pa.array([["a"], [None]])}, "null channel; name the channel"),
        ({"touched_at": None}, "no column 'touched_at' (list<timestamp[us, UTC]>)"),
        ({"touched_at": pa.array([["x"], ["y"]])}, "expected list<timestamp[us, UTC]>"),
        ({"touched_at": pa.array([[START], [None]], SCHEMA.types[1])}, "null instant"),
        (
            {"touched_at": pa.array([[START], []], SCHEMA.types[1])},
            "row 1 has 1 channels but 0 instants",
        ),
    ],
)
def test_broken_paths_are_refused_with_column_and_type(change, message):
    paths = table([(["a"], [START], True, None), (["b"], [START], True, None)])
    (name, column), place = *change.items(), SCHEMA.names.index(next(iter(change)))
    paths = paths.drop([name]) if column is None else paths.set_column(place, name, column)
    with pytest.raises(ValueError, match=re.escape(message)):
        make("time_decay").attribute(paths)


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0], [1.0, float("nan")]])
def test_weights_that_are_no_counts_are_refused(weights):
    paths = table([(["a"], [START], True, None), (["b"], [START], True, None)])
    with pytest.raises(ValueError, match="sample_weight"):
        make("markov").fit(paths, sample_weight=weights)


@pytest.mark.parametrize("outcomes", [[1, 0], [True, None]])
def test_outcomes_that_are_not_true_or_false_are_refused(outcomes):
    paths = pa.table({"channels": [["a"], ["b"]], "is_converted": outcomes})
    with pytest.raises(ValueError, match="expected bool without nulls"):
        make("markov").fit(paths)
