"""What is wrong with a settings file, as sentences that name the line and the nearest word."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel


def explained(problem: Any, path: Path, text: str, root: type[BaseModel]) -> str:
    """One sentence for one pydantic problem: file, line, key, value, what to do."""
    keys = [str(part) for part in problem["loc"] if part != "[key]"]
    where = f"{path}:{_line(text, keys)}: {'.'.join(keys)}"
    if problem["type"] != "extra_forbidden":
        said = f"{where} = {problem['input']!r}: {problem['msg']}"
        return said if said.endswith("?") else f"{said}."
    known = _known(root, keys[:-1])
    near = difflib.get_close_matches(keys[-1], known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}."
    return f"{where}: unknown key; {hint}"


def _known(section: Any, keys: list[str]) -> list[str]:
    """Keys that a section of the file may have, those that only the program sets left out."""
    for key in keys:
        if key in getattr(section, "model_fields", {}):
            section = section.model_fields[key].annotation
        else:  # a name of the user's own: the section is what a table of such names holds
            section = get_args(section)[-1]
    return [name for name, field in section.model_fields.items() if not field.exclude]


def _line(text: str, keys: list[str]) -> int:
    """Line of the file where a key is written, 1 if it is not found.

    >>> _line("lake = 'x'\\n[paths]\\nlookback_days = -3\\n", ["paths", "lookback_days"])
    3
    >>> _line("[paths]\\nby_channel.Email = 0", ["paths", "by_channel", "Email"])
    2
    """
    section: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare.startswith("["):
            section = bare.strip("[] ").split(".")
            if section == keys:
                return number
        else:
            named = [*section, *(part.strip('" ') for part in bare.split("=")[0].split("."))]
            if named == keys[: len(named)]:
                return number
    return 1
