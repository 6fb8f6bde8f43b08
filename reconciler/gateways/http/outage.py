"""An outage of the carrier: after an order that nobody took, none is sent for a while, which grows.

The dialer's own breaker looks at shares of calls (R-RETRY-4); this keeps the hundreds that were claimed
together from knocking one by one at a door that is shut.
"""

from __future__ import annotations

from datetime import datetime, timedelta

SHORTEST, LONGEST = timedelta(seconds=1), timedelta(minutes=1)


class Outage:
    """Whether the carrier is left alone, until when, and why."""

    def __init__(self) -> None:
        self.why = ""
        self._until: datetime | None = None
        self._length = timedelta(0)

    def begin(self, now: datetime, why: str, told: timedelta | None = None) -> None:
        """Leave the carrier alone: as long as it says, else twice as long as the last time."""
        if self._until is not None and now < self._until:
            return
        self._length = min(max(2 * self._length, SHORTEST), LONGEST)
        self._until, self.why = now + (told or self._length), why

    def over(self) -> None:
        """It answers again."""
        self._until, self._length = None, timedelta(0)

    def lasts(self, now: datetime) -> timedelta | None:
        """Tell how long the carrier is still to be left alone; None where it may be tried."""
        return None if self._until is None or now >= self._until else self._until - now
