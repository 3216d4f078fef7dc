"""The driver's components against networkx-free brute force, and the guards."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import hex_keys
from pipelines.components import SCHEMA, components

PAIRS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=20)


def links(pairs, kind="email"):
    ordered = sorted({tuple(sorted(pair)) for pair in pairs if pair[0] != pair[1]})
    left, right = [f"{a:02d}" for a, _ in ordered], [f"{b:02d}" for _, b in ordered]
    kinds = [kind] * len(ordered)
    return pa.table({"left": left, "right": right, "left_type": kinds, "right_type": kinds},
                    schema=pa.schema([(n, pa.string()) for n in
                                      ("left", "right", "left_type", "right_type")]))  # fmt: skip


def people(pairs, **caps):
    found = components(links(pairs), **{"max_links": 100, "max_component": 100, **caps})
    return {row["key"]: row for row in found.to_pylist()}


def brute_force(pairs):
    name = {
        str(key).zfill(2): str(key).zfill(2) for pair in pairs if pair[0] != pair[1] for key in pair
    }
    for _ in name:
        for a, b in pairs:
            if a != b:
                a2, b2 = f"{a:02d}", f"{b:02d}"
                name[a2] = name[b2] = min(name[a2], name[b2])
    return name


@given(PAIRS, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_people_are_the_components_whatever_the_order_of_links(pairs, random):
    expected = brute_force(pairs)
    random.shuffle(pairs)
    assert {key: row["person_key"] for key, row in people(pairs).items()} == expected


def test_no_links_make_nobody():
    assert components(links([]), 10, 10).schema == SCHEMA


def test_a_role_mailbox_links_nobody():
    found = people([(0, n) for n in range(1, 5)] + [(5, 1)], max_links=3)
    assert found["00"]["refused"] == "fan_out"
    assert found["00"]["person_key"] == "00"
    assert found["02"]["person_key"] == "02"
    assert found["01"]["person_key"] == found["05"]["person_key"] == "01"


def test_a_component_over_the_cap_stays_apart_and_says_so():
    found = people([(0, 1), (1, 2), (2, 3), (5, 6)], max_component=3)
    assert [found[k]["person_key"] for k in ("00", "01", "02", "03")] == ["00", "01", "02", "03"]
    assert {found[k]["refused"] for k in ("00", "01", "02", "03")} == {"component"}
    assert found["06"]["person_key"] == "05"


DIGITS = st.text("0123456789abcdef", min_size=20, max_size=20)
TEXTS = st.one_of(DIGITS, st.text("01", min_size=4, max_size=4).map(lambda end: "ab" * 8 + end))


@given(st.lists(st.lists(TEXTS, max_size=6), min_size=1, max_size=4), st.integers(0, 3))
@settings(deadline=None)
def test_keys_are_ranked_as_texts_are_or_not_at_all(chunks, skipped):
    texts = pa.chunked_array([pa.array(chunk, pa.string())[skipped:] for chunk in chunks])
    expected = sorted(set(texts.to_pylist()))
    found = hex_keys.ranked(texts)
    if found is None:
        assert len({text[:16] for text in expected}) < len(expected) or not expected
        return
    keys, place = found
    assert keys.to_pylist() == expected
    assert keys.take(pa.array(place)).to_pylist() == texts.to_pylist()


def test_other_texts_than_keys_are_left_to_others():
    for odd in ("A" * 20, "g" * 20, "0" * 19, "é" * 10, None):
        texts = pa.chunked_array([[odd, "0" * 20]], pa.string())
        assert hex_keys.ranked(texts) is None
