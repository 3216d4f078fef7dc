"""Values that many systems write for nobody: data. No Spark here.

Each is part of every plan that reads an identifier, several times: a list twice as long makes a
night's plans slower by seconds.
"""

from __future__ import annotations

import base64
import hashlib
import zlib

WORDS = (
    "", "?", "null", "nil", "none", "nan", "na", "n/a", "n.a.", "#n/a",
    "undefined", "unknown", "anonymous", "guest", "no response",
    "not available", "not provided", "not set", "(not set)", "(not provided)",
    "(none)", "(null)", "<null>", "[null]", "(empty)", "[object object]",
    "(data deleted)", "(direct)", "true", "false",
)  # fmt: skip
# what programs had in hand when they hashed an identifier that was not there
HASHED = ("null", "none", "nan", "n/a", "undefined", "unknown", "anonymous", "no response",
          "(not set)", "-", "0", "0000000000")  # fmt: skip
# ids that many share: emulators of an old Android, phones that hide theirs, Salesforce's empty id
SHARED = (
    "000000000000000aaa", "9774d56d682e549c", "02:00:00:00:00:00",
    "ffffffff-ffff-ffff-ffff-ffffffffffff", "f" * 32,
)  # fmt: skip
# a value of nothing but these is nobody's
ZERO_CHARACTERS = "0-+.:() /"
USUAL = (hashlib.md5, hashlib.sha1, hashlib.sha256)
FIXED = sorted(name for name in hashlib.algorithms_guaranteed if "shake" not in name)


def hashes(word: str) -> list[str]:
    """A word under every common algorithm, in hexadecimal, and the short ones in base64.

    >>> "d41d8cd98f00b204e9800998ecf8427e" in hashes("")  # MD5
    True
    """
    digests = [hashlib.new(name, word.encode()).digest() for name in FIXED]
    short = [base64.b64encode(make(word.encode()).digest()).decode() for make in USUAL]
    unpadded = [text.rstrip("=") for text in short]
    return [*(d.hex() for d in digests), *short, *unpadded, f"{zlib.crc32(word.encode()):08x}"]


def stop_list() -> frozenset[str]:
    """All of them in lower case, hashed as well as plain.

    >>> {"d41d8cd98f00b204e9800998ecf8427e", "no response"} <= stop_list()
    True
    """
    usual = {make(word.encode()).hexdigest() for make in USUAL for word in HASHED}
    return frozenset({*WORDS, *SHARED} | usual | {text.lower() for text in hashes("")})
