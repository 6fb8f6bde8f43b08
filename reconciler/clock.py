"""The clocks: the real one, and the virtual one that simulations and tests move."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_TICKS = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps, where the system has such a clock."""


class SystemClock:
    """The machine's clock, or, once it was corrected, a better one: it runs on from what it was told last.

    So machines that disagree live in one time, that of their database; and nothing that is done to a
    machine's clock between two corrections makes a call leave too late, or a lease look over (R-CRASH-3).
    """

    def __init__(self) -> None:
        self._told: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        """Give the present instant, in UTC."""
        return datetime.now(UTC) if self._told is None else _going_on(*self._told)

    def correct(self, ask: Callable[[], datetime] | None) -> timedelta:
        """Agree with a clock that all share, which `ask` reads; None: with the machine's own.

        It was read somewhere between the question and the answer. So an answer that comes late corrects a
        clock by no more than it has to. Gives by how much the two may still differ.
        """
        machine = (datetime.now(UTC), time.clock_gettime(_TICKS))
        if ask is None:
            self._told = machine
            return timedelta(0)
        at, ticks = self._told or machine
        before = _going_on(at, ticks)
        right = ask()
        after = _going_on(at, ticks)
        least, most = before - right, after - right
        self._told = (at - min(max(timedelta(0), least), most), ticks)
        return after - before


def _going_on(at: datetime, ticks: float) -> datetime:
    """Give the instant that it is now if it was `at` at so many ticks."""
    return at + timedelta(seconds=time.clock_gettime(_TICKS) - ticks)


class VirtualClock:
    """A clock that stands still until it is moved, and never goes back."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock starts at an instant, with a UTC offset")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Give the present instant, in UTC."""
        return self._now

    def correct(self, ask: Callable[[], datetime] | None) -> timedelta:
        """Ask, and stay as it is: nobody knows better."""
        if ask is not None:
            ask()
        return timedelta(0)

    def advance(self, by: timedelta) -> None:
        """Move on by a while."""
        self.move_to(self._now + by)

    def move_to(self, instant: datetime) -> None:
        """Move on to an instant that is not in the past."""
        if instant < self._now:
            raise ValueError(f"cannot move back from {self._now} to {instant}")
        self._now = instant.astimezone(UTC)
