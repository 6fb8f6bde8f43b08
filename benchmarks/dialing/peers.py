"""Job queues on PostgreSQL at the same work: as many no-op jobs as they can, in one process.

Neither knows windows, limits, retries by outcome or at-most-once; a job is one row that is taken and done.

Usage: python -m benchmarks.dialing.peers procrastinate|pgqueuer URL [--depth 100000] [--seconds 10]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable

import procrastinate
import psycopg
from pgqueuer import PgQueuer
from pgqueuer.adapters.drivers.psycopg import PsycopgDriver

WARM_UP = 2.0
CONCURRENCY, BATCH = 100, 500
CHUNK = 20_000


class Count:
    """Jobs done, and when counting began."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.done = 0
        self.over = asyncio.Event()

    async def measure(self) -> float:
        """Wait until it runs warm, count for a while; gives jobs per second."""
        await asyncio.sleep(WARM_UP)
        before, began = self.done, time.perf_counter()
        await asyncio.sleep(self._seconds)
        rate = (self.done - before) / (time.perf_counter() - began)
        self.over.set()
        return rate


async def with_procrastinate(url: str, depth: int, seconds: float) -> float:
    """Jobs that do nothing, by a worker that takes CONCURRENCY at a time."""
    count = Count(seconds)
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, max_size=20))

    @app.task(name="nothing")
    async def nothing() -> None:
        count.done += 1

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name) "
                f"SELECT 'default', 'nothing' FROM generate_series(1, {depth:d})"
            )
            await connection.execute("ANALYZE")
        worker = app.run_worker_async(concurrency=CONCURRENCY, install_signal_handlers=False)
        return await _beside(worker, count.measure)


async def with_pgqueuer(url: str, depth: int, seconds: float) -> float:
    """Jobs that do nothing, by a manager that takes BATCH at a time."""
    count = Count(seconds)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        queue = PgQueuer(PsycopgDriver(connection))
        await queue.qm.queries.install()

        @queue.entrypoint("nothing")
        async def nothing(_: object) -> None:
            count.done += 1

        for start in range(0, depth, CHUNK):
            size = min(CHUNK, depth - start)
            await queue.qm.queries.enqueue(["nothing"] * size, [None] * size, [0] * size)
        await connection.execute("ANALYZE")
        return await _beside(queue.run(batch_size=BATCH), count.measure)


async def _beside(work: Awaitable[object], measure: Callable[[], Awaitable[float]]) -> float:
    """Measure beside work that would go on for ever."""
    working = asyncio.ensure_future(work)
    measuring = asyncio.ensure_future(measure())
    await asyncio.wait([working, measuring], return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        working.result()
        raise AssertionError("the queue was empty before the time was over: more depth is needed")
    rate = measuring.result()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    return rate


PEERS = {"procrastinate": with_procrastinate, "pgqueuer": with_pgqueuer}


def main() -> None:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("url")
    parser.add_argument("--depth", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    rate = asyncio.run(PEERS[options.peer](options.url, options.depth, options.seconds))
    print(json.dumps({"depth": options.depth, "cycles_per_second": round(rate)}))


if __name__ == "__main__":
    main()
