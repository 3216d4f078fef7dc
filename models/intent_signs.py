"""What was seen of people on their days that tells of intent, as one matrix of a block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from models.intent_days import Layout, Touched


@dataclass(frozen=True)
class Signs:
    """Person-days with something to see: a row of `seen` each, ones in the columns of what it was.

    The first columns are (channel, cell), for a touch; the others the bins of pages a visit.
    """

    day: np.ndarray
    person: np.ndarray
    seen: csr_array

    def add_to(self, logs: np.ndarray, of_touch: np.ndarray, of_pages: np.ndarray) -> None:
        """Add to day x state x person what each sign says of each state.

        `of_touch` is channel x state x cell, `of_pages` is bin x state.
        """
        said = np.concatenate([of_touch.swapaxes(1, 2).reshape(-1, logs.shape[1]), of_pages])
        logs[self.day, :, self.person] += self.seen @ said

    def counted(
        self, chance: np.ndarray, channels: int, cells: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Sums of day x state x person over the signs, in the shapes of `of_touch`, `of_pages`."""
        sums = self.seen.T @ chance[self.day, :, self.person]
        touches = sums[: channels * cells].reshape(channels, cells, -1)
        return touches.swapaxes(1, 2), sums[channels * cells :]


def signs(
    layout: Layout, cell: np.ndarray, bought: np.ndarray, touched: tuple[Touched, ...],
    looked: Touched, bins: int,
) -> Signs:  # fmt: skip
    """Of a block; own visits on days of purchases are no evidence, as people come to buy."""
    found = []
    for code, one in enumerate(touched):
        tells = (code in layout.causes) | (bought[one.day, one.person] == 0)
        day, who = one.day[tells], one.person[tells]
        found.append((day, who, code * layout.cells + cell[day, who]))
    first = len(touched) * layout.cells
    found.append((looked.day, looked.person, first + looked.count.astype(np.int64)))
    day, who, column = map(np.concatenate, zip(*found, strict=True))
    rows, row = np.unique(day * bought.shape[1] + who, return_inverse=True)
    seen = csr_array((np.ones(len(row)), (row, column)), shape=(len(rows), first + bins))
    return Signs(*np.divmod(rows, bought.shape[1]), seen)
