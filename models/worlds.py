"""Simulated worlds as sets of parameters: ten to be judged in, and the words for others.

A person has an intent to buy that nobody sees, which rises and falls from day to day. Channels
reach people by it, by traits and by chance, and may raise the chance to buy or the intent itself.
`models.simulate` lets a world run; `dataclasses.replace` makes a new one of an old one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Channel:
    """Whom a channel reaches on a day and what its touches do.

    The chance of a touch is ``rate x activity x exp(on_intent x intent + on_propensity x
    propensity + on_loyalty x loyal + after_visit x visited in the last week)``, at most .9, and 0
    in the region-weeks it rests. Exposure is what is left of its touches when each fades by
    ``exp(-1/fades_days)`` a day; exposure A works as ``A / (1 + A)``, so that it saturates.
    """

    name: str
    rate: float
    on_intent: float = 0.0
    on_propensity: float = 0.0  # aimed at a trait that nobody sees
    on_loyalty: float = 0.0
    after_visit: float = 0.0
    rests: float = 0.0  # share of the region-weeks without it
    effect: float = 0.0  # the most it adds to the log of the chance to buy (see World.additive)
    upstream: float = 0.0  # the most it adds to the log of the chance that intent rises
    fades_days: float = 4.0
    is_visit: bool = False  # its touches are visits to the site, which bring retargeting
    is_switchable: bool = True  # direct visits cannot be switched off


@dataclass(frozen=True)
class World:
    """Parameters of a world: its people, its channels and what of them is seen.

    The chance to buy on a day is ``1 - exp(-h)`` with ``h = hazard x exp(on_intent x intent +
    on_propensity x propensity + on_loyalty x loyal)``, times ``exp(sum of effects)`` or, if
    `additive` is above 0, plus ``additive x sum of effects``. Intent is 0, 1 or 2 and moves one
    step a day at most, by the chances in `moves` (0 to 1, 1 to 2, 1 to 0, 2 to 1); or it decays
    by a quarter a day and now and then leaps by about one, at chance ``moves[0]``.
    """

    name: str
    breaks: str  # what makes it hard
    channels: tuple[Channel, ...]
    hazard: float = 2.5e-4
    on_intent: float = 2.4
    on_propensity: float = 0.0
    on_loyalty: float = 0.4
    moves: tuple[float, float, float, float] = (0.016, 0.06, 0.12, 0.25)
    moves_on_propensity: float = 0.3
    is_continuous: bool = False
    additive: float = 0.0
    synergy: tuple[str, str, float] | None = None  # two channels, and what both together add
    comes_to_buy: float = 0.3  # chance that who buys without a visit on that day makes a direct one
    fragmented: float = 0.0  # share of people seen under two identifiers
    lost_direct: float = 0.0  # share of direct visits nobody records
    value: float = 60.0  # median of a purchase
    refunded: float = 0.04  # share of purchases that are worth nothing in the end

    @property
    def names(self) -> tuple[str, ...]:
        """All channels, in the order of their draws."""
        return tuple(channel.name for channel in self.channels)

    @property
    def switchable(self) -> tuple[str, ...]:
        """Channels that can be switched off; what they cause is judged."""
        return tuple(channel.name for channel in self.channels if channel.is_switchable)

    @property
    def placebos(self) -> tuple[str, ...]:
        """Channels of no effect on anything, whatever they reach."""
        works = set(self.synergy[:2]) if self.synergy else set()
        return tuple(
            channel.name
            for channel in self.channels
            if channel.is_switchable and not channel.is_visit and channel.name not in works
            and channel.effect == channel.upstream == 0
        )  # fmt: skip


def changed(world: World, **channels: dict[str, Any]) -> World:
    """The world with other parameters of some channels.

    >>> world = World("w", "", (Channel("display", 0.1), Channel("social", 0.1)))
    >>> changed(world, display={"rate": 0.2}).channels[0].rate
    0.2
    """
    unknown = channels.keys() - set(world.names)
    if unknown:
        raise ValueError(f"{sorted(unknown)} are no channels of {world.name}; it has {world.names}")
    return replace(
        world, channels=tuple(replace(c, **channels.get(c.name, {})) for c in world.channels)
    )  # fmt: skip


# affiliate: a coupon site, whose touches are no visits; visits bring retargeting, so a channel that
# makes them is no placebo
_AT_RANDOM = (
    Channel("display", 0.04, rests=0.4, effect=0.8, fades_days=4),
    Channel("social", 0.03, rests=0.4, effect=0.9, fades_days=4),
    Channel("generic_search", 0.012, effect=1.2, fades_days=3, is_visit=True),
    Channel("brand_search", 0.010, effect=0.6, fades_days=2, is_visit=True),
    Channel("retargeting", 0.02, effect=0.7, fades_days=2),
    Channel("email", 0.03, effect=0.9, fades_days=3, is_visit=True),
    Channel("affiliate", 0.006, fades_days=2),
    Channel("direct", 0.008, on_intent=1.4, on_loyalty=0.5, is_visit=True, is_switchable=False),
)
RANDOM = World("random", "nothing: every ad is shown by chance", _AT_RANDOM)
TRACKED = changed(
    replace(RANDOM, name="tracked", breaks="touches follow intent, which visits betray"),
    generic_search={"rate": 0.005, "on_intent": 1.4, "effect": 0.9},
    brand_search={"rate": 0.003, "on_intent": 2.0, "effect": 0.2},
    retargeting={"rate": 0.008, "after_visit": 2.2, "effect": 0.3},
    email={"rate": 0.012, "on_loyalty": 1.5},
    affiliate={"rate": 0.0015, "on_intent": 1.9},
    direct={"rate": 0.006, "on_intent": 1.6},
)
HIDDEN = changed(
    replace(
        TRACKED, name="hidden", breaks="ads are aimed at a trait nobody sees",
        on_propensity=0.5, moves_on_propensity=0.4,
    ),
    display={"on_propensity": 0.7},
    social={"on_propensity": 0.7},
)  # fmt: skip
UPSTREAM = changed(
    replace(TRACKED, name="upstream", breaks="ads make people search, and searches sell"),
    display={"effect": 0.1, "upstream": 0.9},
    social={"effect": 0.1, "upstream": 1.0},
    email={"effect": 0.2, "upstream": 0.6},
)
ADDITIVE = replace(
    TRACKED, name="additive", breaks="effects add to the chance to buy, two only together",
    additive=0.003, synergy=("display", "generic_search", 2.0),
)  # fmt: skip
FRAGMENTED = replace(
    TRACKED, name="fragmented", breaks="half of all people are seen as two", fragmented=0.5
)
CONTINUOUS = replace(
    TRACKED, name="continuous", breaks="intent leaps and decays, it has no states",
    is_continuous=True, moves=(0.03, 0.0, 0.0, 0.0), hazard=2.5e-4, on_intent=1.8,
)  # fmt: skip
EVERYTHING = changed(
    replace(
        HIDDEN, name="everything", breaks="hidden aims, upstream effects, people split",
        fragmented=0.4, lost_direct=0.5,
    ),
    display={"effect": 0.3, "upstream": 0.6},
    social={"effect": 0.3, "upstream": 0.6},
)  # fmt: skip
LOWER = changed(
    replace(HIDDEN, name="lower", breaks="what ends paths works, and display does nothing"),
    display={"effect": 0.0},
    social={"effect": 0.15, "on_propensity": 0.0},
    brand_search={"effect": 0.9},
    retargeting={"effect": 0.7},
    affiliate={"effect": 0.9},
)
PLACEBO = changed(
    replace(CONTINUOUS, name="placebo", breaks="intent has no states, and social does nothing"),
    social={"effect": 0.0, "on_intent": 0.5},
    affiliate={"effect": 0.5},
)
WORLDS = {
    world.name: world
    for world in (
        RANDOM, TRACKED, HIDDEN, UPSTREAM, ADDITIVE, FRAGMENTED, CONTINUOUS, EVERYTHING, LOWER,
        PLACEBO,
    )
}  # fmt: skip
