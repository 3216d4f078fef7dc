"""What the words of a mapping file are made of: text from YAML, blocks, how files are read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _as_text(value: object) -> object:
    """YAML reads true and 1 as other types; a mapping compares text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _as_texts(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {_as_text(key): _as_text(word) for key, word in value.items()}


def as_list(value: object) -> object:
    """One word as a list of it."""
    return value if isinstance(value, list | tuple) or value is None else [value]


Text = Annotated[str, BeforeValidator(_as_text)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(as_list)]
Words = Annotated[dict[Text, Text], BeforeValidator(_as_texts)]


class Strict(BaseModel):
    """Frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Read(Strict):
    """Which files below landing/ this mapping reads, and how; see options.py for the words."""

    files: Texts = Field(min_length=1)
    format: Literal["auto", "csv", "form", "json", "json_lines", "parquet"] = "auto"
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    header: bool = True
    columns: tuple[str, ...] = ()
    skip_rows: int = Field(default=0, ge=0)
    skip_rows_after_header: int = Field(default=0, ge=0)


class Decimal(Strict):
    """How money is written."""

    divide_by: int = Field(default=1, ge=1)  # 1000000 for micros, 100 for cents
    thousands: str | None = None
    point: str = "."
