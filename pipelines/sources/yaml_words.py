"""Words and blocks as one writes them in a mapping, on one line."""

from __future__ import annotations

import re
from collections.abc import Mapping

PLAIN = re.compile(r"[A-Za-zÀ-ÿ_]([\w/. -]*\w)?", re.UNICODE)
RESERVED = ("true", "false", "null")


def word(text: str) -> str:
    """A text as YAML reads it back.

    >>> word("E-Mail"), word("a: b"), word("12"), word("it's"), word("true")
    ('E-Mail', '"a: b"', '"12"', '"it\\'s"', '"true"')
    >>> word('"a.b"')
    '\\'"a.b"\\''
    """
    if PLAIN.fullmatch(text) and text not in RESERVED:
        return text
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return '"' + text.replace("\t", "\\t") + '"'


def flow(value: object) -> str:
    """A value on one line.

    >>> flow({"path": "Preis", "decimal": {"point": ","}, "skip_rows": 2, "header": False})
    '{path: Preis, decimal: {point: ","}, skip_rows: 2, header: false}'
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{word(str(k))}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else word(str(value))
