"""Writes a page whole: who reads meanwhile, or after a full disk, has the page before."""

from __future__ import annotations

import os
import uuid
from pathlib import Path


def write_whole(out: Path, html: str) -> Path:
    """Write `html` beside `out`, then put it in its place; return `out`."""
    out.parent.mkdir(parents=True, exist_ok=True)
    writing = out.with_name(f".{out.name}.{uuid.uuid4().hex}")
    try:
        writing.write_text(html, encoding="utf-8", newline="\n")
        os.replace(writing, out)
    finally:
        writing.unlink(missing_ok=True)
    return out
