"""Months as partitions on a PostgreSQL server: made, filled, taken out. A file has none of them.

A default partition takes the rows of every month that has none of its own, so that no row is ever refused:
by a wrong clock, or where nobody who may make tables has come by for months. A partition is made as a plain
table and then attached, which lets everybody go on with all other months; only the default partition is
locked meanwhile, and looked through for rows that would have to be in the new one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, FromClause, func, select, table, text
from sqlalchemy import column as named

from reconciler.core.months import Month
from reconciler.store.history import HISTORIES, History

LEAVING = "leaving"
"""Ends the name of a partition that was taken out, and whose rows are on their way into a file."""

LARGE = 8 << 20
"""Bytes: to move rows out of a default partition that is larger would keep dialers waiting."""

_PART = re.compile(
    rf"({'|'.join(one.table.name for one in HISTORIES)})_(?:default|(\d{{4}}_\d{{2}})(?:_{LEAVING})?)"
)
_PARTITIONS = text(
    "SELECT relname FROM pg_class JOIN pg_inherits ON inhrelid = pg_class.oid"
    " WHERE inhparent = to_regclass(:parent) ORDER BY relname"
)
_LEFT_BEHIND = text(
    "SELECT relname FROM pg_class WHERE relnamespace = (SELECT relnamespace FROM pg_class WHERE oid ="
    " to_regclass(:parent)) AND relname ~ :pattern AND relkind = 'r' AND NOT relispartition ORDER BY relname"
)
_OWNER = text(
    "SELECT pg_get_userbyid(relowner) AS name, pg_has_role(relowner, 'USAGE')"
    " AND has_schema_privilege(relnamespace, 'CREATE') AS may FROM pg_class WHERE oid = to_regclass(:parent)"
)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a table is, and whether the user of this connection may do as its owner does."""

    name: str
    may_act: bool


def owner(connection: Connection, history: History) -> Owner:
    """Tell who may make and take out partitions of a table."""
    row = connection.execute(_OWNER, {"parent": history.table.name}).one()
    return Owner(row.name, row.may)


def months_made(connection: Connection, history: History) -> Sequence[Month]:
    """Give the months that have a partition of their own, oldest first."""
    names = connection.execute(_PARTITIONS, {"parent": history.table.name}).scalars()
    return _months_in(names)


def months_outside(connection: Connection, history: History) -> Sequence[Month]:
    """Give the months whose rows are in the default partition, oldest first."""
    return list(history.months(connection, _looking_like(history, _default(history))))


def outside_is_large(connection: Connection, history: History) -> bool:
    """Tell whether making a month takes a while, for the rows in the default partition."""
    size = func.pg_table_size(_default(history))
    return bool(connection.execute(select(size > LARGE)).scalar_one())


def make(connection: Connection, history: History, month: Month) -> int:
    """Make a month's partition, with what the default partition holds of it; gives how many rows that is."""
    name, bare = partition_name(history, month), history.table.name
    first, after = history.start_of(month), history.start_of(month.plus(1))
    connection.exec_driver_sql(f"LOCK TABLE {_default(history)}")  # at once, or not at all
    connection.exec_driver_sql(f"CREATE TABLE {name} (LIKE {bare} INCLUDING ALL)")
    at = history.month_column.name
    moved = connection.exec_driver_sql(
        f"WITH moved AS (DELETE FROM {_default(history)}"  # noqa: S608 - our own names and bounds
        f" WHERE {at} >= '{first}' AND {at} < '{after}' RETURNING *) INSERT INTO {name} SELECT * FROM moved"
    ).rowcount
    connection.exec_driver_sql(
        f"ALTER TABLE {bare} ATTACH PARTITION {name} FOR VALUES FROM ('{first}') TO ('{after}')"
    )
    return int(moved)


def take_out(connection: Connection, history: History, month: Month) -> None:
    """Detach a month's partition: nobody reads or writes its rows any more, which are all still there."""
    name = partition_name(history, month)
    connection.exec_driver_sql(f"ALTER TABLE {history.table.name} DETACH PARTITION {name}")
    connection.exec_driver_sql(f"ALTER TABLE {name} RENAME TO {leaving_name(history, month)}")


def taken_out(connection: Connection, history: History) -> Sequence[Month]:
    """Give the months that were taken out and not dropped yet: an archive was cut short."""
    pattern = rf"^{history.table.name}_\d{{4}}_\d{{2}}_{LEAVING}$"
    names = connection.execute(_LEFT_BEHIND, {"parent": history.table.name, "pattern": pattern}).scalars()
    return _months_in(names)


def drop(connection: Connection, history: History, month: Month) -> None:
    """Drop what was taken out."""
    connection.exec_driver_sql(f"DROP TABLE {leaving_name(history, month)}")


def leaving(history: History, month: Month) -> FromClause:
    """Give what was taken out, as a table with the columns of the other months."""
    return _looking_like(history, leaving_name(history, month))


def make_defaults(connection: Connection) -> None:
    """Make the default partitions, without which a month that has none would refuse its rows."""
    for history in HISTORIES:
        parent = history.table.name
        connection.exec_driver_sql(f"CREATE TABLE {_default(history)} PARTITION OF {parent} DEFAULT")


def partition_name(history: History, month: Month) -> str:
    """Name a month's partition: `attempt_2026_03`."""
    return f"{history.table.name}_{month.year:04}_{month.number:02}"


def leaving_name(history: History, month: Month) -> str:
    """Name a partition that was taken out: `attempt_2026_03_leaving`."""
    return f"{partition_name(history, month)}_{LEAVING}"


def is_part(name: str) -> bool:
    """Tell whether a table of this name is a part of another one, or was."""
    return _PART.fullmatch(name) is not None


def _months_in(names: Iterable[str]) -> list[Month]:
    """Read the months in names of ours; tables that somebody else has attached are theirs to look after."""
    found = (_PART.fullmatch(name) for name in names)
    return [Month.read(one[2].replace("_", "-")) for one in found if one is not None and one[2]]


def _default(history: History) -> str:
    return f"{history.table.name}_default"


def _looking_like(history: History, name: str) -> FromClause:
    return table(name, *(named(one.name, one.type) for one in history.table.c))
