"""What a simulated carrier has yet to report, in the order in which it falls due."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

from reconciler.gateways.fate import Stage

T = TypeVar("T")


class Agenda(Generic[T]):
    """Stages of calls by due time; `quiet` ones fall due like the others but give no reason to wake up.

    Entries are plain tuples and become events only when they are due: a simulation pushes thousands of calls
    a second through here. Equal times come out in the order of `add`.
    """

    def __init__(self, quiet: Collection[Stage]) -> None:
        self._quiet = frozenset(quiet)
        self._loud_entries: list[tuple[datetime, int, Stage, T]] = []
        self._quiet_entries: list[tuple[datetime, int, Stage, T]] = []
        self._count = 0

    def add(self, due: datetime, stage: Stage, call: T) -> None:
        """Have a stage of a call reported at `due`."""
        self._count += 1
        entries = self._quiet_entries if stage in self._quiet else self._loud_entries
        heappush(entries, (due, self._count, stage, call))

    def take_due(self, now: datetime) -> list[tuple[Stage, T]]:
        """Take what is due by `now`, in order."""
        due = [*_pop_due(self._quiet_entries, now), *_pop_due(self._loud_entries, now)]
        due.sort()
        return [(stage, call) for _, _, stage, call in due]

    def next_due(self) -> datetime | None:
        """When the next entry that is not quiet falls due."""
        return self._loud_entries[0][0] if self._loud_entries else None

    def strike(self, unwanted: Callable[[Stage, T], bool]) -> None:
        """Take off what will not be reported after all. Looks at every entry, so ask once per batch."""
        for entries in (self._quiet_entries, self._loud_entries):
            entries[:] = [entry for entry in entries if not unwanted(entry[2], entry[3])]
            heapify(entries)


def _pop_due(
    entries: list[tuple[datetime, int, Stage, T]], now: datetime
) -> list[tuple[datetime, int, Stage, T]]:
    due = []
    while entries and entries[0][0] <= now:
        due.append(heappop(entries))
    return due
