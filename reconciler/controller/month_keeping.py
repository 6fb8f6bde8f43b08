"""Keeps the next months of history ready while a dialer runs; without them it goes on all the same."""

from __future__ import annotations

from datetime import timedelta

from reconciler.controller.telling import Tell
from reconciler.ports import Clock
from reconciler.store.engine import Database
from reconciler.store.months_ahead import READ, make_ahead

EVERY = timedelta(hours=1)


class MonthKeeper:
    """Has the months made that are missing, once an hour, and tells once why that is not possible."""

    def __init__(self, database: Database, clock: Clock, tell: Tell) -> None:
        self._database = database
        self._clock = clock
        self._tell = tell
        self._next_at = clock.now()
        self._told: str | None = None

    def keep(self) -> None:
        """Look after them if it is time again."""
        now = self._clock.now()
        if now < self._next_at:
            return
        self._next_at = now + EVERY
        why = make_ahead(self._database, now)
        if why == READ:  # there is time until the month begins
            return
        if why is not None and why != self._told:
            self._tell("months not made", why=why, remedy="dialctl db upgrade, by the owner of the tables")
        self._told = why
