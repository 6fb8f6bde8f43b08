"""Claims of a hundred, and polls that find nothing: by how many wait, and by how many may not be called.

Usage: PYTHONPATH=tests python -m benchmarks.dialing.claims URL [--shut 0.0] [--seconds 10]

URL is that of a database that benchmarks.dialing.depth has filled; it is used up.

`--shut`: this share of the campaigns, the most urgent ones, has its windows shut all day. With 1.0 nothing
can be called, and each step is a poll.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from datetime import timedelta
from unittest.mock import patch

from sqlalchemy import text
from support.statements import Statements

from benchmarks.dialing.cycles import NoOpCarrier
from benchmarks.dialing.depth import NOW, filled
from reconciler.clock import VirtualClock
from reconciler.collector import collector_rare
from reconciler.controller import dialer as dialing
from reconciler.controller.dialer import Dialer, Identity
from reconciler.ids import Uuid7
from reconciler.store.engine import Database

CLAIM = 100
COUNTED_STEPS = 20
BUFFERS = "SELECT sum(blks_hit + blks_read) FROM pg_stat_database WHERE datname = current_database()"


def measure(database: Database, seconds: float) -> dict[str, object]:
    """Step for so long; gives milliseconds of claims and of steps, statements per step, buffers per claim."""
    clock = VirtualClock(NOW + timedelta(seconds=1))
    dialer = Dialer(database, NoOpCarrier(), clock, Uuid7(), Identity("bench", 1), lease=timedelta(hours=9))
    dialer.step()
    claims: list[float] = []
    steps: list[float] = []
    claimed = 0
    claim = dialing.claim

    def timed(*arguments: object, **options: object) -> object:
        began = time.perf_counter()
        try:
            return claim(*arguments, **options)
        finally:
            claims.append(time.perf_counter() - began)

    before = _buffers(database)
    with patch.object(dialing, "claim", timed), collector_rare():
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            clock.advance(timedelta(milliseconds=100))
            began = time.perf_counter()
            claimed += dialer.step().started
            steps.append(time.perf_counter() - began)
    touched = _buffers(database) - before
    statements = _statements(database, dialer, clock)
    return {
        "steps": len(steps),
        "claimed": claimed,
        "claims_per_second": round(claimed / sum(claims)) if claimed else 0,
        "claim_ms_p50": _ms(statistics.median(claims)),
        "claim_ms_p99": _ms(statistics.quantiles(claims, n=100)[98]),
        "step_ms_p50": _ms(statistics.median(steps)),
        "statements_per_step": statements,
        **({"buffers_per_step": round(touched / len(steps))} if touched else {}),
    }


def _statements(database: Database, dialer: Dialer, clock: VirtualClock) -> float:
    """Count statements per step, on connections that are made anew for it."""
    statements = Statements()
    statements.hook(database.engine)
    database.engine.dispose()
    for _ in range(COUNTED_STEPS):
        clock.advance(timedelta(milliseconds=100))
        dialer.step()
    return len(statements.take()) / COUNTED_STEPS


def _buffers(database: Database) -> int:
    if database.engine.dialect.name != "postgresql":
        return 0
    with database.engine.connect() as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
        return int(connection.execute(text(BUFFERS)).scalar_one())


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 2)


def main() -> None:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--shut", type=float, default=0.0)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    database = filled(options.url, limit=CLAIM, shut=options.shut)
    figures = measure(database, options.seconds)
    print(json.dumps({"shut": options.shut, **figures}))


if __name__ == "__main__":
    main()
