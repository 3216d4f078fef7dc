"""touchstone.toml with every key, its meaning and its default, written from the settings' types."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from pipelines.settings import Settings

HEADER = (
    "# Settings of Touchstone. Every key is here with its default; delete what you do not change."
)


def default_text() -> str:
    """The whole file."""
    return "\n".join([HEADER, "", *_section(Settings(), ())]) + "\n"


def _section(section: BaseModel, name: tuple[str, ...]) -> list[str]:
    """Lines of one section: its own keys first, then the sections in it."""
    lines = [f"[{'.'.join(name)}]"] if name else []
    inner: list[str] = []
    for key, field in type(section).model_fields.items():
        value = getattr(section, key)
        below = value if isinstance(value, dict) else {}
        if isinstance(value, BaseModel):
            inner += ["", *_section(value, (*name, key))]
        elif any(isinstance(v, BaseModel) for v in below.values()):
            for label, one in below.items():
                inner += ["", *_section(one, (*name, key, label))]
        elif not field.exclude:
            lines += [*([f"# {field.description}"] if field.description else []), _line(key, value)]
    return lines + inner


def _line(key: str, value: Any) -> str:
    """A key with its value in TOML; commented out, with the shape of one, if it has none.

    >>> _line("lookback_days", 7.0), _line("mappings", None), _line("own_domains", ())
    ('lookback_days = 7.0', '# mappings = ""', 'own_domains = []')
    >>> _line("lookback_days", None)
    '# lookback_days = 30.0'
    """
    if value is None:
        return f"# {key} = 30.0" if "lookback" in key else f'# {key} = ""'
    if value == {}:
        return f"# {key}.NAME = 30.0" if "lookback" in key else f"{key} = {{}}"
    return f"{key} = {json.dumps(list(value) if isinstance(value, tuple) else value)}"
