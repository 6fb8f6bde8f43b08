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


def bounded_start(calls_per_second: float, next_start_at: datetime | None, now: datetime) -> datetime | None:
    """Give the next start under the present rate: never further away than one of its intervals.

    An instant that a slower rate has left would hold a faster one up. Write the result down where it differs:
    bounded anew with each look, it would move on with now and never come.
    """
    if next_start_at is None:
        return None
    return min(next_start_at, now + _interval(calls_per_second))


def after_start(calls_per_second: float, next_start_at: datetime | None, now: datetime) -> datetime:
    """Give the instant from which the next call may start, after one that `may_start` allowed at `now`.

    The interval is rounded up to a whole microsecond, so that any half-open second holds at most
    ceil(calls_per_second) starts. Raises ValueError if the call was not allowed yet.
    """
    if not may_start(next_start_at, now):
        raise ValueError(f"no call may start before {next_start_at}; one was started at {now}")
    return now + _interval(calls_per_second)


def _interval(calls_per_second: float) -> timedelta:
    return timedelta(microseconds=ceil(MICROSECONDS_PER_SECOND / Fraction(calls_per_second)))
