"""Which versions of the manifests may have been in force, and when."""

from __future__ import annotations

from datetime import UTC, datetime


class Versions:
    """What was applied; where an apply was under way or was killed, both what was before and what came."""

    def __init__(self, journal) -> None:
        self._applies = [entry for entry in journal if entry.what == "apply"]

    def at(self, instant):
        """Give those that may have been in force at an instant."""
        return self.between(instant, instant)

    def between(self, start, end):
        """Give those that may have been in force at some instant from one to another, both included."""
        possible = []
        for entry in self._applies:
            if entry.begun > end:
                break
            if entry.done is not None and entry.done <= start:
                possible = []
            possible.append(entry.facts["terms"])
        return possible


def shown(instant) -> str:
    """Write an instant for people."""
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds")
