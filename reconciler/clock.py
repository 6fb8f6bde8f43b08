"""The clocks: the real one, and the virtual one that simulations and tests move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Give the present instant, in UTC."""
        return datetime.now(UTC)


class VirtualClock:
    """A clock that stands still until it is moved, and never goes back."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock starts at an instant, with a UTC offset")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Give the present instant, in UTC."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move on by a while."""
        self.move_to(self._now + by)

    def move_to(self, instant: datetime) -> None:
        """Move on to an instant that is not in the past."""
        if instant < self._now:
            raise ValueError(f"cannot move back from {self._now} to {instant}")
        self._now = instant.astimezone(UTC)
