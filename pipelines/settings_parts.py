"""What sections of touchstone.toml are made of, and those that one step alone asks for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

TouchWord = Literal["channel", "source", "ownership", "form", "weight_class", "valence"]
Days = Annotated[float, Field(gt=0, le=3650)]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A table of the file. Unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ReportSection(Section):
    """How the page of a publication is written; no table depends on it."""

    language: Literal["en", "de"] = Field("en", description="Language of the report")
    title: str = Field("", description="Its title, e.g. your company; ours if empty")


class PositionBasedSection(Section):
    """Weights of the position-based model."""

    first: float = Field(0.4, ge=0, le=1)
    last: float = Field(0.4, ge=0, le=1)


class SegmentSection(Section):
    """Who is in a segment when he meets the brand: all conditions given must hold."""

    touch: dict[TouchWord, tuple[str, ...]] = Field(
        {}, description='The touch is of any of these, as {channel = ["Email"]}'
    )
    attributes: dict[str, tuple[str, ...]] = Field(
        {}, description='Its event tells any of these, as {country = ["Germany"]}'
    )
    lifecycle: tuple[str, ...] = Field((), description="It has any of these stages of the map")
    conversions: int = Field(0, ge=0, description="Bought at least so often before it")
    conversions_below: int | None = Field(None, ge=1, description="Bought less often before it")
    value: float = Field(0, ge=0, description="Bought for at least so much before, gross")
    currency: str = Field("EUR", description="In this currency alone")


class LifecycleSection(Section):
    """Where in its life with the brand a person is at a touch."""

    stage_map: str = Field("four", description="four, six, or one of your rules file's stage_maps")
    memory_days: Days = Field(90.0, description="Touches longer before are forgotten")
    outcome_days: Days = Field(
        30.0, description="Days after a negative touch in which a purchase is looked for"
    )
    customer_by: tuple[str, ...] = Field(
        (), description="Conversions that make a customer, by name; all if none is named"
    )


class MoneySection(Section):
    """How amounts in several currencies can be added up."""

    reporting_currency: str | None = Field(
        None, pattern=r"^[A-Z]{3}$", description="What `rates` are in; money keeps its own currency"
    )
    rates: str | None = Field(None, description="Your CSV file of day,currency,rate; from home")

    @model_validator(mode="after")
    def _both_or_none(self) -> MoneySection:
        if (self.rates is None) != (self.reporting_currency is None):
            raise ValueError("reporting_currency and rates need each other; give both or none")
        return self


class Certainty(Section):
    """How sure the figures are."""

    lift_tests: str | None = Field(
        None, description="File of lift tests, CSV or Parquet: docs/uncertainty.md"
    )


class MaintainSection(Section):
    """What `touchstone maintain` does not delete."""

    keep_publications: int = Field(30, ge=1, description="Newest publications, readable in full")
    retention_days: float = Field(
        7.0, ge=2, le=3650, description="Nor anything so young; no run may take as long"
    )
