"""Runs one operation and kills its own process at the n-th thing it does to the lake.

`python -m tests.pipelines.killed_run HOME OPERATION N`: commits, moved files, files written,
checkpoints and deletions count. Ends by SIGKILL, or with exit code 0 and the number of such things
if there are fewer than N of them.
"""

import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from pipelines import lake_upkeep
from pipelines.lake import Lake
from pipelines.lake_upkeep import Upkeep
from pipelines.maintain import maintain
from pipelines.settings import load
from tests.pipelines.nights import START, night

LAST = START + timedelta(4)  # before a fit, which would keep what had landed by then
LATER = datetime.now(UTC) + timedelta(60)  # so that what the dead left is old enough to go
DOES = {
    "night": lambda settings: night(settings, LAST),
    "backfill": lambda settings: night(settings, LAST, first=START),
    "maintain": lambda settings: maintain(settings, LATER),
}
WRITES = ("_write", "_add", "stage", "kept", "carry", "discard", "writer", "sweep")
DELETES = ("remove", "remove_left", "checkpoint")


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


def main(home, operation, fatal):
    lake_upkeep.MANY_FILES = lake_upkeep.MANY_COMMITS = 3  # or a small lake has nothing to do
    steps = count(1)
    for kind, names in ((Lake, WRITES), (Upkeep, DELETES)):
        for name in names:
            setattr(kind, name, deadly(getattr(kind, name), steps, fatal))
    DOES[operation](load(Path(home)))
    print(next(steps) - 1)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
