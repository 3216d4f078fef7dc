"""Worlds that no model was made in: other channels, other numbers, other ways to go wrong."""

from __future__ import annotations

from dataclasses import replace

from models.worlds import CONTINUOUS, TRACKED, UPSTREAM, Channel, World, changed

_SHOP = (
    Channel("tv", 0.06, rests=0.5, effect=0.5, upstream=0.5, fades_days=6),
    Channel("video", 0.03, rests=0.3, effect=0.7, on_propensity=0.5, fades_days=5),
    Channel("search", 0.004, on_intent=1.7, effect=0.6, fades_days=2, is_visit=True),
    Channel("newsletter", 0.02, on_loyalty=1.0, effect=0.7, fades_days=2, is_visit=True),
    Channel("coupons", 0.001, on_intent=2.1, fades_days=2),
    Channel("remarketing", 0.01, after_visit=1.8, effect=0.5, fades_days=3),
    Channel("direct", 0.007, on_intent=1.5, is_visit=True, is_switchable=False),
)
SHOP = World(
    "shop", "other channels, television among them", _SHOP, hazard=3e-4, on_intent=2.1,
    on_propensity=0.3, moves=(0.012, 0.08, 0.15, 0.2),
)  # fmt: skip
SHOTS = changed(
    replace(
        CONTINUOUS, name="shots", breaks="intent leaps often, social is aimed, people are split",
        on_intent=1.4, on_propensity=0.3, moves=(0.05, 0.0, 0.0, 0.0), hazard=3.5e-4,
        fragmented=0.2,
    ),
    display={"effect": 0.4},
    social={"effect": 0.6, "on_propensity": 0.5},
    generic_search={"on_intent": 1.1, "effect": 1.2},
    email={"effect": 0.5},
    retargeting={"effect": 0.6},
)  # fmt: skip
FOLLOW = changed(
    replace(
        TRACKED, name="follow", breaks="display does nothing and follows intent, coupons work",
        hazard=2e-4, on_intent=2.8, moves=(0.03, 0.04, 0.10, 0.35),
    ),
    display={"effect": 0.0, "on_intent": 0.4},
    social={"effect": 0.6},
    brand_search={"effect": 0.6},
    affiliate={"effect": 0.3},
)  # fmt: skip
PUSH = changed(
    replace(
        UPSTREAM, name="push", breaks="aimed display raises intent, a third of visits unseen",
        on_propensity=0.4, lost_direct=0.3,
    ),
    display={"on_propensity": 0.4, "upstream": 0.5, "effect": 0.4},
    email={"upstream": 0.0, "effect": 0.8},
)  # fmt: skip
UNSEEN = {world.name: world for world in (SHOP, SHOTS, FOLLOW, PUSH)}
