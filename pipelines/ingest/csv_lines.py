"""Physical lines of a CSV file, which a row may span and hand back."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from itertools import chain

from pipelines.ingest.streams import whole_lines

LONGEST_ROW = 100_000  # lines; a quote still open after as many was never closed


class Lines:
    """Physical lines of a file, block by block.

    Clean rows are read from `rest` directly, as fast as csv can; a row that is not clean goes
    through this iterator, which remembers its lines in `row` and can take them back.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.blocks = whole_lines(_with_newlines(pieces))
        self.block: list[str] = []
        self.rest: Iterator[str] = iter(())
        self.place = 0  # in block, of the first line of `rest`
        self.again: list[str] = []  # lines taken back, the next one last
        self.row: list[str] = []
        self.at = 1  # number of the line `row` starts on
        self.is_cut = False  # the lines ended inside `row`

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        if len(self.row) >= LONGEST_ROW or not self.has_more():
            self.is_cut = bool(self.row)
            raise StopIteration
        self.row.append(self._next())
        return self.row[-1]

    def _next(self) -> str:
        if self.again:
            return self.again.pop()
        self.place += 1
        return next(self.rest)

    def has_more(self) -> bool:
        """Whether any line is left; loads the next block if need be."""
        while not self.again and self.place >= len(self.block):
            block = next(self.blocks, None)
            if block is None:
                return False
            text = block.decode("utf-8", "surrogateescape") + "\n"
            self.block = io.StringIO(text, newline="\n").readlines()
            self.rest, self.place = iter(self.block), 0
        return True

    def start_row(self) -> None:
        """Begin a row at the next line."""
        self.at += len(self.row)
        self.row = []
        self.is_cut = False

    def keep_first(self) -> None:
        """Blame the row's first line; the others are read again as rows of their own."""
        self.again.extend(reversed(self.row[1:]))
        del self.row[1:]

    def took(self, lines: int, of_which_again: int) -> None:
        """Account for lines taken from `rest`; the last of them are to be read again."""
        self.at += lines - of_which_again
        self.place += lines
        self.again = self.block[self.place - of_which_again : self.place][::-1]

    def raw(self) -> str:
        """The current row as it is written."""
        return "".join(self.row).rstrip("\r\n")


def _with_newlines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Old Macs end lines with a carriage return alone."""
    pieces = iter(pieces)
    head = next(pieces, b"")
    is_old_mac = b"\r" in head and b"\n" not in head
    for piece in chain([head] if head else [], pieces):
        yield piece.replace(b"\r", b"\n") if is_old_mac else piece
