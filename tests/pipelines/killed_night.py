"""Runs one night and kills its own process at the n-th thing it does to the lake.

`python -m tests.pipelines.killed_night HOME DAY N`: commits, moved files, files written and
deletions count. Ends by SIGKILL, or with exit code 0 if the night has fewer than N of them.
"""

import os
import signal
import sys
from datetime import date
from itertools import count
from pathlib import Path

from pipelines.lake import Lake
from pipelines.settings import load
from tests.pipelines.nights import night


def deadly(method, steps, fatal):
    """`method`, dying just before or just after its n-th call, whichever the parity says."""

    def called(*given, **named):
        step = next(steps)
        if step == fatal and fatal % 2:
            os.kill(os.getpid(), signal.SIGKILL)
        made = method(*given, **named)
        if step == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return made

    return called


def main(home, day, fatal):
    steps = count(1)
    for name in ("_write", "_add", "stage", "keep", "discard", "writer", "sweep"):
        setattr(Lake, name, deadly(getattr(Lake, name), steps, fatal))
    night(load(Path(home)), date.fromisoformat(day))
    print(next(steps) - 1)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
