"""What every operation shares: the transaction, who acts, and when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, update

from reconciler.core.phones import mask_numbers_in
from reconciler.ports import Clock, Ids
from reconciler.store.dialect import ALL_LOCKS, Lock
from reconciler.store.engine import Database
from reconciler.store.events import Actor
from reconciler.store.schema_range import writing
from reconciler.store.tables import installation

NO_REASON = "no reason given"


@dataclass(frozen=True, slots=True)
class Operation:
    """One act of a person, in one transaction at one instant."""

    connection: Connection
    actor: Actor
    now: datetime
    ids: Ids


@contextmanager
def operating(
    database: Database, actor: Actor, clock: Clock, ids: Ids, locks: tuple[Lock, ...] = ALL_LOCKS
) -> Iterator[Operation]:
    """Open an operation: committed at the end, undone on an exception.

    Its instant is read once its locks are held, so that "since" is never before the last call that started.
    Raises SomebodyElseIsApplying where they cannot be had within the busy timeout.
    """
    with writing(database, locks) as connection:
        yield Operation(connection, actor, clock.now(), ids)


def operating_on_holds(
    database: Database, actor: Actor, clock: Clock, ids: Ids
) -> AbstractContextManager[Operation]:
    """Open an operation that touches holds only, and so waits for no apply on a server (R-HOLD-1)."""
    return operating(database, actor, clock, ids, (Lock.HOLDS,))


def raise_serial(connection: Connection) -> int:
    """Raise the state's serial, as every specification or lifecycle write does; gives it (R-PLAN-7)."""
    serial = installation.c.state_serial
    return int(
        connection.execute(
            update(installation).values(state_serial=serial + 1).returning(serial)
        ).scalar_one()
    )


def stated(reason: str | None) -> str:
    """Give a person's reason as the log may keep it: with numbers masked (R-PLAN-8)."""
    return mask_numbers_in((reason or "").strip()) or NO_REASON
