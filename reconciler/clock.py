"""The clocks: the real one, and the virtual one that simulations and tests move."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's clock, as far as nobody knows better."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        """Give the present instant, in UTC."""
        return datetime.now(UTC) - self._ahead

    def correct(self, ask: Callable[[], datetime]) -> None:
        """Agree with a clock that all share, which `ask` reads; as far as its answer proves anything.

        It was read somewhere between the question and the answer. So an answer that comes late corrects a
        clock by no more than it has to, and one that a clock was set during proves nothing.
        """
        before = datetime.now(UTC)
        right = ask()
        least, most = before - right, datetime.now(UTC) - right
        if least <= most:
            self._ahead = min(max(self._ahead, least), most)


class VirtualClock:
    """A clock that stands still until it is moved, and never goes back."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock starts at an instant, with a UTC offset")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Give the present instant, in UTC."""
        return self._now

    def correct(self, ask: Callable[[], datetime]) -> None:
        """Ask, and stay as it is: nobody knows better."""
        ask()

    def advance(self, by: timedelta) -> None:
        """Move on by a while."""
        self.move_to(self._now + by)

    def move_to(self, instant: datetime) -> None:
        """Move on to an instant that is not in the past."""
        if instant < self._now:
            raise ValueError(f"cannot move back from {self._now} to {instant}")
        self._now = instant.astimezone(UTC)
