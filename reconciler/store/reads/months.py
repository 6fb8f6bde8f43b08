"""How history is kept: which months there are, and what stands outside of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from reconciler.core.months import Month
from reconciler.store import partitions
from reconciler.store.dialect import keeps_months
from reconciler.store.history import HISTORIES
from reconciler.store.months_ahead import AHEAD


@dataclass(frozen=True, slots=True)
class Months:
    """The months that all tables of history have partitions for, in a row up to the last one.

    `until` is None where not even the present month has them, `short` where later ones are missing that
    should be there. `outside`: rows stand in no month's partition. `owner` is who alone may make months where
    that is not this user. `left_behind`: an archive was cut short.
    """

    first: Month
    until: Month | None
    short: bool
    outside: tuple[Month, ...]
    owner: str | None
    left_behind: tuple[Month, ...]


def read_months(connection: Connection, now: datetime) -> Months | None:
    """See how history is kept; None where it is kept in plain tables."""
    if not keeps_months(connection):
        return None
    made = [set(partitions.months_made(connection, history)) for history in HISTORIES]
    common = set.intersection(*made)
    owner = foreign_owner(connection)
    until = present = Month.of(now)
    while until in common:
        until = until.plus(1)
    outside = [] if owner else [m for one in HISTORIES for m in partitions.months_outside(connection, one)]
    left = [month for history in HISTORIES for month in partitions.taken_out(connection, history)]
    return Months(
        min(common, default=present),
        None if until == present else until.plus(-1),
        until <= present.plus(AHEAD),
        tuple(sorted(set(outside))),
        owner,
        tuple(sorted(set(left))),
    )


def foreign_owner(connection: Connection) -> str | None:
    """Name who alone may make and take out months; None where this user may, or there are none."""
    if not keeps_months(connection):
        return None
    owners = [partitions.owner(connection, history) for history in HISTORIES]
    return next((one.name for one in owners if not one.may_act), None)
