"""Section consent of touchstone.toml: what a touch may be used for, by what its person allowed."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from pipelines.settings_parts import Section

Use = Literal["use", "drop"]


class PurposeSection(Section):
    """What becomes of touches for which a purpose was denied, or nothing was said of it."""

    denied: Use = Field("drop", description="Of touches for which it was denied: use or drop")
    unset: Use = Field("use", description="Of touches for which nothing was said: use or drop")

    @model_validator(mode="after")
    def _denied_is_no_better_than_unset(self) -> Self:
        if (self.denied, self.unset) == ("use", "drop"):
            raise PydanticCustomError(
                "denied_is_better",
                "what was denied would be used and what was not told dropped; set denied = 'drop' "
                "too, or unset = 'use'",
            )
        return self


class AnalyticsSection(PurposeSection):
    """Analytics: every touch is measured."""

    denied: Use = Field("drop", description="Any touch for which analytics was denied: use or drop")
    unset: Use = Field("use", description="Any touch for which nothing was said of it")


class AdvertisingSection(PurposeSection):
    """Advertising: a paid touch measures an advertisement, others do not."""

    denied: Use = Field("drop", description="A paid touch for which advertising was denied")
    unset: Use = Field("use", description="A paid touch for which nothing was said of it")


class ConsentSection(Section):
    """What touches may be used for. Those dropped stay on record, with the rule's name."""

    withdrawal: Literal["from_then_on", "back_in_time"] = Field(
        "from_then_on",
        description="Which touches a withdrawal drops: from_then_on, or back_in_time, earlier too",
    )
    analytics: AnalyticsSection = AnalyticsSection()
    advertising: AdvertisingSection = AdvertisingSection()
