"""The real program on a clock that is wrong, with a flight recorder.

    python shifted.py CLOCK RECORD COMMAND …

CLOCK is a file that holds by how many seconds this process' clock is wrong; it is read whenever the program
asks for the time, and it asks in one place only. RECORD gets a line for every call at the moment at which it
is marked as placing: what the program takes the time for, and what it really is. The lines of a carrier's
ledger get the real time too. With ALONE in its environment the process takes no database server's word for
the time. Nothing else of the program is touched.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import datetime, timedelta

ALONE = "TORTURE_ALONE"


def main() -> None:
    """Set the clock wrong, start recording, and run the command."""
    wrong_by = _reader(sys.argv[1])
    _shift_the_clock(wrong_by)
    if sys.argv[3] == "run":
        _record_calls(os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), wrong_by)
    elif sys.argv[3] == "carrier":
        _date_the_ledger()
    from reconciler.cli.main import main as dialctl

    sys.exit(dialctl(sys.argv[3:]))


def _reader(path):
    file = os.open(path, os.O_RDONLY)
    return lambda: float(os.pread(file, 32, 0) or 0)


def _shift_the_clock(wrong_by):
    from reconciler import clock

    class Shifted(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(seconds=wrong_by())

    clock.datetime = Shifted
    if ALONE in os.environ:
        clock.SystemClock.correct = _unmoved


def _unmoved(_clock, ask):
    if ask is not None:
        ask()
    return timedelta(0)


def _record_calls(record, wrong_by):
    from reconciler.store import open_attempts

    mark = open_attempts.mark_placing

    def recorded(connection, rows):
        mark(connection, rows)
        seen = {"true": time.time(), "wrong_by": wrong_by()}
        lines = [{"id": str(row["id_"]), "at": row["at"].timestamp(), **seen} for row in rows]
        os.write(record, "".join(json.dumps(line) + "\n" for line in lines).encode())

    open_attempts.mark_placing = recorded


def _date_the_ledger():
    from reconciler.gateways.fake_carrier.ledger import Ledger

    write = Ledger.write

    def dated(self, what, id_, at, **more):
        write(self, what, id_, at, true=time.time(), **more)

    Ledger.write = dated


if __name__ == "__main__":
    main()
