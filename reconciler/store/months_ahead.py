"""Months of history that are made before their first row: by an apply, an upgrade, and every dialer that may.

A dialer does it between its steps, under the write lock like everything else: it waits for no reader longer
than a moment, and tries again the next time. Rows that came before their month was made stand in the default
partition, and are moved with it; where they are many, that is left to a person (`dialctl db upgrade`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from reconciler.core.months import Month
from reconciler.errors import DatabaseUnusable, SomebodyElseIsApplying
from reconciler.store import partitions
from reconciler.store.dialect import keeps_months
from reconciler.store.engine import Database
from reconciler.store.history import HISTORIES, History
from reconciler.store.patience import Pause, in_a_moment, patiently

AHEAD = 2
"""Months after the present one that are made."""

NOT_ALLOWED = "only the owner of the tables may make months"
ROWS_OUTSIDE = "many rows stand outside of their months, and have to be moved first"
READ = "somebody reads the history just now"


@dataclass(frozen=True, slots=True)
class Move:
    """Rows of a month that were moved out of the default partition."""

    history: History
    month: Month
    rows: int


def make_ahead(database: Database, now: datetime) -> str | None:
    """Make the present month and the next ones where they are missing; tells why that was not possible.

    Costs three small questions where nothing is missing. Raises nothing: everything works without them.
    """
    try:
        with database.read() as connection:
            missing = list(_missing(connection, now)) if keeps_months(connection) else []
            why = _obstacle(connection, missing) if missing else None
        if why is not None:
            return why
        for history, month in missing:
            in_a_moment(database, _making(history, month))
    except SomebodyElseIsApplying:
        return READ
    except DatabaseUnusable as error:
        return error.message
    return None


def make_first(connection: Connection, now: datetime) -> None:
    """Make the present month and the next ones of a database that is being created."""
    if keeps_months(connection):
        for history, month in _missing(connection, now):
            partitions.make(connection, history, month)


def move_in(database: Database, now: datetime, pause: Pause) -> Sequence[Move]:
    """Make the months that are missing, and those of rows outside, and move these into them.

    A transaction for each month. Raises what `patiently` raises.
    """
    with database.read() as connection:
        if not keeps_months(connection):
            return []
        outside = [(one, month) for one in HISTORIES for month in partitions.months_outside(connection, one)]
        missing = dict.fromkeys([*outside, *_missing(connection, now)])
    moves = [
        Move(history, month, patiently(database, _making(history, month), pause))
        for history, month in missing
    ]
    return [move for move in moves if move.rows]


def _missing(connection: Connection, now: datetime) -> Iterator[tuple[History, Month]]:
    wanted = [Month.of(now).plus(ahead) for ahead in range(AHEAD + 1)]
    for history in HISTORIES:
        made = partitions.months_made(connection, history)
        yield from ((history, month) for month in wanted if month not in made)


def _obstacle(connection: Connection, missing: Sequence[tuple[History, Month]]) -> str | None:
    for history in dict.fromkeys(history for history, _ in missing):
        if not partitions.owner(connection, history).may_act:
            return NOT_ALLOWED
        if partitions.outside_is_large(connection, history):
            return ROWS_OUTSIDE
    return None


def _making(history: History, month: Month) -> Callable[[Connection], int]:
    """Make a month in a transaction, unless another process did a moment ago; gives how many rows moved."""

    def make(connection: Connection) -> int:
        made = month in partitions.months_made(connection, history)
        return 0 if made else partitions.make(connection, history, month)

    return make
