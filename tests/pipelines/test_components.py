"""The driver's components against networkx-free brute force, and the guards."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

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
