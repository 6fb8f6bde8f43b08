"""What a simulated carrier has yet to report, in the order in which it falls due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

from reconciler.gateways.fate import Stage

T = TypeVar("T")


class Agenda(Generic[T]):
    """Stages of calls by the time at which they are to be reported.

    Entries are plain tuples and become events only when they are due: a simulation pushes thousands of calls
    a second through here. Equal times come out in the order of `add`.
    """

    def __init__(self) -> None:
        self._entries: list[tuple[datetime, int, Stage, T]] = []
        self._count = 0

    def add(self, due: datetime, stage: Stage, call: T) -> None:
        """Have a stage of a call reported at `due`."""
        self._count += 1
        heappush(self._entries, (due, self._count, stage, call))

    def take_due(self, now: datetime) -> list[tuple[Stage, T]]:
        """Take what is due by `now`, in order."""
        due = []
        while self._entries and self._entries[0][0] <= now:
            _, _, stage, call = heappop(self._entries)
            due.append((stage, call))
        return due

    def next_due(self) -> datetime | None:
        """When the next entry falls due."""
        return self._entries[0][0] if self._entries else None

    def strike(self, unwanted: Callable[[Stage, T], bool]) -> None:
        """Take off what will not be reported after all. Looks at every entry, so ask once per batch."""
        self._entries = [entry for entry in self._entries if not unwanted(entry[2], entry[3])]
        heapify(self._entries)
