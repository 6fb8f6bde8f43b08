"""Rooms: how many more calls each limit allows, looked at together (R-DIAL-3).

A lane's calls count against several limits at once: its campaign's, its caller ID's, its agent's breaker.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping


class Rooms:
    """Free places per limit; a limit that is not known has room without end."""

    def __init__(self, free: Mapping[Hashable, int]) -> None:
        self._free = dict(free)

    def have_place(self, limits: Iterable[Hashable]) -> bool:
        """Tell whether all of these limits have a place left."""
        return not self._free or all(self._free.get(limit, 1) > 0 for limit in limits)

    def take(self, limits: Iterable[Hashable]) -> None:
        """Take one place under each of these limits."""
        for limit in limits:
            if limit in self._free:
                self._free[limit] -= 1
