"""Locks on tables that people read: had as soon as nobody reads, and never waited for with everybody behind.

Who waits for a table's lock keeps all who come later from the table, and here from the write lock, too. So
one waits for a moment only, lets the others go on, and tries again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from reconciler.errors import SomebodyElseIsApplying
from reconciler.store.dialect import wait_at_most
from reconciler.store.engine import Database
from reconciler.store.schema_range import writing

T = TypeVar("T")

MOMENT_MS = 200
TRIES = 60

Pause = Callable[[], None]
"""Lets others have the database for a while."""


def in_a_moment(database: Database, work: Callable[[Connection], T]) -> T:
    """Run a transaction that waits for no reader longer than a moment.

    Raises SomebodyElseIsApplying where somebody reads for longer, and what `writing` raises.
    """
    with writing(database) as connection:
        wait_at_most(connection, MOMENT_MS)
        return work(connection)


def patiently(database: Database, work: Callable[[Connection], T], pause: Pause) -> T:
    """Run such a transaction as often as it takes, up to TRIES times; raises the same in the end."""
    for _ in range(TRIES - 1):
        try:
            return in_a_moment(database, work)
        except SomebodyElseIsApplying:
            pause()
    return in_a_moment(database, work)
