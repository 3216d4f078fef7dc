"""The order of a chain, judged out of time."""

from __future__ import annotations

from collections import Counter
from math import log

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from models.order import choose_order
from tests.models.made import Row, some_rows, table

quick = settings(deadline=None, max_examples=40)


def by_hand(earlier: list[Row], later: list[Row], order: int) -> float:
    names = {name for channels, _, _ in earlier + later for name in channels}

    def context(channels, place, memory):
        """The last channels; at the very start none, which no memory of one or more mixes up."""
        return tuple(channels[max(0, place - memory) : place])

    counted: Counter = Counter()
    for channels, converted, count in earlier:
        path = [*channels, "CONV" if converted else "NULL"]
        for place, following in enumerate(path):
            for memory in range(order + 1):
                counted[memory, context(channels, place, memory), following] += count
                counted[memory, context(channels, place, memory)] += count
    loss, paths = 0.0, sum(count for *_, count in later)
    for channels, converted, count in later:
        path = [*channels, "CONV" if converted else "NULL"]
        for place, following in enumerate(path):
            chance = 1 / (len(names) + 2)
            for memory in range(order + 1):
                here = context(channels, place, memory)
                if (
                    memory
                    and counted[memory, here]
                    == counted[memory - 1, here[-(memory - 1) :] if memory > 1 else ()]
                ):
                    continue
                seen = counted[memory, here, following] + chance
                chance = seen / (counted[memory, here] + 1)
            loss -= count * log(chance)
    return loss / paths


def weights(rows: list[Row]) -> np.ndarray:
    return np.array([count for *_, count in rows])


@quick
@given(some_rows, some_rows)
def test_losses_are_what_counting_by_hand_gives(earlier, later):
    found = choose_order(table(earlier), table(later), (1, 2, 3), weights(earlier), weights(later))
    assert found.losses == pytest.approx({k: by_hand(earlier, later, k) for k in (1, 2, 3)})
    assert found.losses[found.order] == min(found.losses.values())


def walk(seed: int, people: int, memory: int) -> pa.Table:
    """Paths of a and b whose next step depends on that many last channels."""
    random = np.random.default_rng(seed)
    rows, outcomes = [], []
    for _ in range(people):
        path = ["s"]
        while random.random() < 0.85:
            last = path[-memory:]
            tends_to_b = sum(name == "b" for name in last) % 2 == 0
            path.append("b" if random.random() < (0.85 if tends_to_b else 0.15) else "a")
        rows.append(path)
        outcomes.append(bool(random.random() < 0.3))
    return pa.table({"channels": rows, "is_converted": outcomes})


@pytest.mark.parametrize("memory", [1, 2, 3])
def test_the_memory_of_a_known_walk_is_found(memory):
    found = choose_order(walk(1, 3_000, memory), walk(2, 2_000, memory), (1, 2, 3, 4))
    assert found.order == memory


def test_the_lower_of_equal_orders_is_chosen():
    paths = table([(["a"], True, 5), (["b"], False, 5)])
    found = choose_order(paths, paths, (3, 2))
    assert found.losses[2] == found.losses[3]
    assert found.order == 2


@pytest.mark.parametrize("orders", [(), (0, 1)])
def test_orders_must_be_named(orders):
    paths = table([(["a"], True, 5)])
    with pytest.raises(ValueError, match="expected whole numbers of 1 or more"):
        choose_order(paths, paths, orders)


def test_no_later_paths_are_refused():
    with pytest.raises(ValueError, match="earlier and later paths with touches"):
        choose_order(table([(["a"], True, 5)]), table([]))
