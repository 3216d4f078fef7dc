"""How a mapping says its files are written."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from pipelines.errors import SettingsError

FORMATS = ("auto", "csv", "form", "json", "json_lines", "parquet")


@dataclass(frozen=True)
class ReadOptions:
    """How to read the files of one mapping.

    `auto` goes by the file's name and beginning. `json` tells lines of JSON from one document (an
    array or object, perhaps over many lines); `json_lines` is lines whatever they hold; `form` is
    the body of a form post on each line. The rest is for `csv` only: `skip_rows` come before the
    header and `skip_rows_after_header` between header and data; neither become records. `columns`
    names the columns of a file without a header; `quote` may be '' for none.
    """

    format: str = "auto"
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    header: bool = True
    columns: tuple[str, ...] = ()
    skip_rows: int = 0
    skip_rows_after_header: int = 0

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise SettingsError(f"read.format is {self.format!r}; use one of {', '.join(FORMATS)}.")
        if len(self.delimiter) != 1 or self.delimiter in "\r\n":
            raise SettingsError(
                f"read.delimiter is {self.delimiter!r}; give one character, e.g. ',' ';' or '\\t'."
            )
        if len(self.quote) > 1:
            raise SettingsError(f"read.quote is {self.quote!r}; give one character, or '' if none.")
        if self.columns and self.header:
            raise SettingsError("read.columns names columns, so read.header must be false.")
        if min(self.skip_rows, self.skip_rows_after_header) < 0:
            raise SettingsError("read.skip_rows and skip_rows_after_header must be 0 or more.")
        _check_encoding(self.encoding)


def _check_encoding(name: str) -> None:
    try:
        "".encode(name)
    except LookupError:
        raise SettingsError(
            f"read.encoding is {name!r}, which Python does not know; "
            "use e.g. utf-8, cp1252, latin-1 or utf-16."
        ) from None


def is_utf8(encoding: str) -> bool:
    """Whether bytes of this encoding need no change to be UTF-8.

    >>> is_utf8("UTF8"), is_utf8("latin-1")
    (True, False)
    """
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii")
