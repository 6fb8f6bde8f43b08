"""How far an apply is, for people who watch it."""

from __future__ import annotations

from collections.abc import Callable

Progressing = Callable[[int, int], None]
"""Told how many contacts are done, and of how many."""


def unwatched(_done: int, _total: int) -> None:
    """Nobody watches the apply."""


class ApplyProgress:
    """Counts contacts: a new one is half done when its row is made, before the lock."""

    def __init__(self, progressing: Progressing, total: int) -> None:
        self._progressing = progressing
        self._total = total
        self._halves = 0

    def made(self, count: int) -> None:
        """Count rows of new contacts."""
        self._count_halves(count)

    def inserted(self, count: int) -> None:
        """Count new contacts that stand in the database."""
        self._count_halves(count)

    def changed(self, count: int) -> None:
        """Count contacts that were edited or withdrawn."""
        self._count_halves(2 * count)

    def _count_halves(self, count: int) -> None:
        self._halves += count
        self._progressing(self._halves // 2, self._total)
