"""Outboxes: the events of one listener, numbered, until it confirms them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from reconciler.ports import GatewayEvent

LARGEST = 100_000
"""Events kept for a listener that does not come; the oldest go first."""

MOST_AT_ONCE = 500


class Outbox:
    """Events in the order in which they became known, numbered from 1."""

    def __init__(self) -> None:
        self._events: deque[tuple[int, GatewayEvent]] = deque(maxlen=LARGEST)
        self._count = 0
        self._filled = asyncio.Event()

    def put(self, event: GatewayEvent) -> None:
        """Add an event."""
        self._count += 1
        self._events.append((self._count, event))
        self._filled.set()

    def take(self, after: int) -> tuple[int, Sequence[GatewayEvent]]:
        """Give the events behind a number, and the number of the last of them; those before are confirmed."""
        while self._events and self._events[0][0] <= after:
            self._events.popleft()
        some = list(self._events)[:MOST_AT_ONCE]
        if not self._events:
            self._filled.clear()
        return (some[-1][0] if some else after), [event for _, event in some]

    async def wait(self, seconds: float) -> None:
        """Wait until there is an event, at most so long."""
        try:
            await asyncio.wait_for(self._filled.wait(), seconds)
        except TimeoutError:
            return
