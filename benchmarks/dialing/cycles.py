"""Whole cycles of the dialer, claim ─▶ admit ─▶ place ─▶ settle, with a carrier that does nothing.

Usage: python -m benchmarks.dialing.cycles URL [--batch 1000] [--seconds 10]

URL is that of a database that benchmarks.dialing.depth has filled; it is used up.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from benchmarks.dialing.depth import NOW, filled
from reconciler.clock import VirtualClock
from reconciler.collector import collector_rare
from reconciler.controller.dialer import Dialer, Identity
from reconciler.core.outcomes import Outcome
from reconciler.ids import Uuid7
from reconciler.ports import Accepted, Call, Ended, GatewayEvent, Inquiry
from reconciler.store.engine import Database


class NoOpCarrier:
    """Accepts every call and ends it at once."""

    name = "noop"
    simulated = True

    def __init__(self) -> None:
        self._events: list[GatewayEvent] = []

    def submit(self, calls: Sequence[Call]) -> None:
        """Have every call answered and over."""
        for call in calls:
            at = call.placing_at
            self._events.append(Accepted(call.attempt_id, at, call.attempt_id.hex))
            self._events.append(Ended(call.attempt_id, at, Outcome.COMPLETED))

    def ask(self, inquiries: Sequence[Inquiry]) -> None:
        """Know of no call that is open."""

    def hang_up(self, attempt_ids: Sequence[UUID]) -> None:
        """Have no call to end."""

    def events(self) -> Sequence[GatewayEvent]:
        """Give what has been collected."""
        told, self._events = self._events, []
        return told

    def next_event_at(self) -> datetime | None:
        """Have nothing to come."""
        return None

    def close(self) -> None:
        """Hold nothing open."""


def measure(database: Database, seconds: float, *, profile: bool = False) -> dict[str, object]:
    """Step for so long, and give how many attempts were settled."""
    clock = VirtualClock(NOW + timedelta(seconds=1))
    dialer = Dialer(database, NoOpCarrier(), clock, Uuid7(), Identity("bench", 1), lease=timedelta(hours=9))
    dialer.step()
    profiler = cProfile.Profile()
    steps = settled = 0
    with collector_rare():  # as in the dial loop
        began = time.perf_counter()
        if profile:
            profiler.enable()
        while time.perf_counter() - began < seconds:
            settled += dialer.step().ended
            steps += 1
            clock.advance(timedelta(milliseconds=100))
        spent = time.perf_counter() - began
        profiler.disable()
    if profile:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(45)
    return {"steps": steps, "settled": settled, "cycles_per_second": round(settled / spent)}


def main() -> None:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    database = filled(options.url, limit=options.batch)
    figures = measure(database, options.seconds, profile=options.profile)
    print(json.dumps({"batch": options.batch, **figures}))


if __name__ == "__main__":
    main()
