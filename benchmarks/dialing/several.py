"""Several dialers on one database: what they do together, with the lock and without, and whether limits hold.

Usage: python -m benchmarks.dialing.several URL [--dialers 2] [--seconds 10] [--limit 200] [--unlocked]

URL is that of a database on PostgreSQL that benchmarks.dialing.depth has filled; it is used up. Each dialer
is a process of its own on the real clock, with a carrier that ends every call at once. Every campaign may
have CAMPAIGN_LIMIT calls at a time. Meanwhile snapshots of the open attempts are looked at, and afterwards
all contacts: nobody above a limit in any snapshot, and nobody called twice. `--unlocked` takes the lock away,
to see what it costs; then limits are not kept.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.synchronize import Barrier, Event

import psycopg
from sqlalchemy import text

from benchmarks.dialing.cycles import NoOpCarrier
from benchmarks.dialing.depth import filled
from reconciler.clock import SystemClock
from reconciler.collector import collector_rare
from reconciler.controller.dialer import Dialer, Identity
from reconciler.errors import SomebodyElseIsApplying
from reconciler.ids import Uuid7
from reconciler.store import dialect
from reconciler.store.engine import open_database

CAMPAIGN_LIMIT = 7
LIMIT_CAMPAIGNS = """
    UPDATE configuration SET revision = 'limited',
        spec = jsonb_set(spec, '{dialing,max_concurrent_calls}', to_jsonb(CAST(:limit AS integer)))
"""
ROUND_THE_CLOCK = """
    UPDATE configuration SET spec = jsonb_set(spec, '{schedule,default_windows,0,days}',
        '["mon", "tue", "wed", "thu", "fri", "sat", "sun"]')
"""
IN_A_SNAPSHOT = """
    SELECT coalesce(sum(calls), 0), coalesce(max(calls), 0)
    FROM (SELECT count(*) AS calls FROM open_attempt GROUP BY campaign_key) AS open
"""
CALLED_TWICE = """
    SELECT count(*) FROM (SELECT contact_id FROM attempt GROUP BY contact_id HAVING count(*) > 1) AS twice
"""


def dial(url: str, number: int, ready: Barrier, over: Event, *, unlocked: bool) -> None:
    """Step until it is over."""
    if unlocked:
        dialect._begin_postgresql = lambda _: None  # noqa: SLF001 - the only place that takes the lock
    database = open_database(url)
    dialer = Dialer(database, NoOpCarrier(), SystemClock(), Uuid7(), Identity("bench", number))
    ready.wait()
    with collector_rare():
        while not over.is_set():
            _step(dialer)
    dialer.drain()
    _step(dialer)


def _step(dialer: Dialer) -> None:
    with suppress(SomebodyElseIsApplying):  # as in the dial loop: a busy step is skipped
        dialer.step()


def watch(url: str, seconds: float) -> tuple[int, int, int]:
    """Look at snapshots for so long; gives how many, and the most calls open: of all, of a campaign."""
    looks = most = most_of_one = 0
    end = time.perf_counter() + seconds
    with psycopg.connect(url, autocommit=True) as connection:
        while time.perf_counter() < end:
            row = connection.execute(IN_A_SNAPSHOT).fetchone()
            assert row is not None
            looks, most, most_of_one = looks + 1, max(most, int(row[0])), max(most_of_one, row[1])
            time.sleep(0.003)
    return looks, most, most_of_one


def measure(url: str, dialers: int, seconds: float, *, unlocked: bool) -> dict[str, object]:
    """Let them dial for so long."""
    with psycopg.connect(url, autocommit=True) as connection:
        before = _settled(connection)
    processes, ready, over = _start(url, range(dialers), unlocked=unlocked)
    ready.wait()
    began = time.perf_counter()
    looks, most, most_of_one = watch(url, seconds)
    spent = time.perf_counter() - began
    with psycopg.connect(url, autocommit=True) as connection:
        settled = _settled(connection) - before
        over.set()
        for process in processes:
            process.join()
        (twice,) = connection.execute(CALLED_TWICE).fetchone() or (None,)
    return {
        "dialers": dialers,
        "locked": not unlocked,
        "cycles_per_second": round(settled / spent),
        "snapshots": looks,
        "most_open": most,
        "most_open_of_a_campaign": most_of_one,
        "called_twice": twice,
    }


def _start(
    url: str, numbers: Sequence[int], *, unlocked: bool
) -> tuple[list[multiprocessing.Process], Barrier, Event]:
    ready, over = multiprocessing.Barrier(len(numbers) + 1), multiprocessing.Event()
    processes = [
        multiprocessing.Process(target=dial, args=(url, number, ready, over), kwargs={"unlocked": unlocked})
        for number in numbers
    ]
    for process in processes:
        process.start()
    return processes, ready, over


def _settled(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT count(*) FROM attempt").fetchone()
    return int(row[0]) if row else 0


def main() -> None:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--dialers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--unlocked", action="store_true")
    options = parser.parse_args()
    database = filled(options.url, limit=options.limit)
    with database.write() as connection:
        connection.execute(text(LIMIT_CAMPAIGNS), {"limit": CAMPAIGN_LIMIT})
        connection.execute(text(ROUND_THE_CLOCK))
    database.close()
    figures = measure(options.url, options.dialers, options.seconds, unlocked=options.unlocked)
    print(json.dumps({"limit": options.limit, "campaign_limit": CAMPAIGN_LIMIT, **figures}))


if __name__ == "__main__":
    main()
