"""Pacing: how fast a campaign starts calls (R-DIAL-5).

This is GCRA, the generic cell rate algorithm, with a burst of one: a campaign carries one instant before
which it starts no call, and each start moves it on to one interval after now. So a lull saves nothing up.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil

MICROSECONDS_PER_SECOND = 1_000_000


def may_start(next_start_at: datetime | None, now: datetime) -> bool:
    """Say whether a campaign may start one call now; None: it has started none yet."""
    return next_start_at is None or now >= next_start_at


def after_start(calls_per_second: float, next_start_at: datetime | None, now: datetime) -> datetime:
    """Give the instant from which the next call may start, after one that `may_start` allowed at `now`.

    The interval is rounded up to a whole microsecond, so that any half-open second holds at most
    ceil(calls_per_second) starts. Raises ValueError if the call was not allowed yet.
    """
    if not may_start(next_start_at, now):
        raise ValueError(f"no call may start before {next_start_at}; one was started at {now}")
    return now + timedelta(microseconds=ceil(MICROSECONDS_PER_SECOND / Fraction(calls_per_second)))
