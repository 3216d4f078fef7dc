"""What sections of touchstone.toml are made of, and those that one step alone asks for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Days = Annotated[float, Field(gt=0, le=3650)]


class Section(BaseModel):
    """A table of the file. Unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ReportSection(Section):
    """How the page of a publication is written; no table depends on it."""

    language: Literal["en", "de"] = Field("en", description="Language of the report")
    title: str = Field("", description="Its title, e.g. your company; ours if empty")


class LifecycleSection(Section):
    """Where in its life with the brand a person is at a touch."""

    stage_map: str = Field("four", description="four, six, or one of your rules file's stage_maps")
    memory_days: Days = Field(90.0, description="Touches longer before are forgotten")
    customer_by: tuple[str, ...] = Field(
        (), description="Conversions that make a customer, by name; all if none is named"
    )
