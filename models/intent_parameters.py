"""What the intent model learns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.intent_days import Layout


@dataclass(frozen=True)
class Parameters:
    """Of the intent model. Intent has S states, people are of G classes; neither is seen.

    A channel touches a person on a day with the chance ``1 - exp(-rate)``, where ``rate`` is
    ``by_kind x by_flight x by_state x by_class``; a second touch on a day tells nothing more.
    A person buys on a day with the chance ``1 - exp(-mean)``, so that who buys anyway buys once;
    ``mean`` is ``exp(buys + buys_class + effects x slopes)``. Intent rises with odds
    ``exp(rises + rises_class + moves x slopes)``, else it falls with the chance `falls`, one
    state or more; after a purchase it is 0.
    """

    start: np.ndarray  # S: on the first day
    mix: np.ndarray  # kind of person x G
    by_kind: np.ndarray  # channel x (kind, recent visit)
    by_flight: np.ndarray  # channel x flight
    by_state: np.ndarray  # channel x S
    by_class: np.ndarray  # channel x G
    pages: np.ndarray  # bin of pages x S
    buys: np.ndarray  # S
    buys_class: np.ndarray  # G
    buys_slopes: np.ndarray
    rises: np.ndarray  # S - 1
    rises_class: np.ndarray  # G
    rises_slopes: np.ndarray
    falls: np.ndarray  # S - 1: from state 1 on
    rise_to: np.ndarray  # S - 1 x S: chances of where a rise from each state ends
    fall_to: np.ndarray  # S - 1 x S: likewise a fall, from state 1 on

    @property
    def shape(self) -> tuple[int, int]:
        """States and classes."""
        return len(self.buys), len(self.buys_class)

    def rates(self, layout: Layout) -> np.ndarray:
        """Channel x (state, class) x cell: rates of touches."""
        group, cells = self.rate_factors(layout)
        return group[:, :, None] * cells[:, None]

    def rate_factors(self, layout: Layout) -> tuple[np.ndarray, np.ndarray]:
        """What rates of touches are products of: channel x (state, class), channel x cell."""
        kind = self.by_kind.reshape(len(self.by_kind), layout.kinds, 1, 2)
        cells = (kind * self.by_flight[:, None, :, None]).reshape(len(kind), -1)
        group = (self.by_state[:, :, None] * self.by_class[:, None]).reshape(len(kind), -1)
        return group, cells


def purchase_log(at: Parameters) -> np.ndarray:
    """(state, class): the log of the mean of purchases without exposure and traits."""
    return (at.buys[:, None] + at.buys_class).ravel()


def odds(at: Parameters) -> np.ndarray:
    """(state below the last, class): the odds to rise without exposure and traits."""
    return np.exp(at.rises[:, None] + at.rises_class).ravel()
