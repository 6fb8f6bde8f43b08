"""The tables that grow for years, and how their rows belong to months.

Attempts and conversations belong to the month of their ids, which grow with time; events to that of their
instant. A server keeps a partition for each month (store/partitions.py), a file has plain tables.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Connection, FromClause, Table, bindparam, select

from reconciler.core.months import Month
from reconciler.store.prepared import Prepared
from reconciler.store.tables import attempt, conversation, event


@dataclass(frozen=True, slots=True)
class History:
    """A table that grows: what people call it, the column that says the month, and that of its order."""

    name: str
    table: Table
    month_column: Column[Any]
    order: Column[Any]

    @property
    def singular(self) -> str:
        """What people call one of its rows."""
        return self.name.removesuffix("s")

    def start_of(self, month: Month) -> UUID | datetime:
        """Give the least value of the month column in a month."""
        return month.first_id if self.month_column.name == "id" else month.start

    def month_of(self, value: UUID | datetime) -> Month:
        """Give the month that a value of the month column belongs to."""
        return Month.of_id(value) if isinstance(value, UUID) else Month.of(value)

    def inside(self, month: Month, source: FromClause | None = None) -> tuple[ColumnElement[bool], ...]:
        """Give the conditions on the rows of a month, in the table or in what looks like it."""
        at = (self.table if source is None else source).c[self.month_column.name]
        return at >= self.start_of(month), at < self.start_of(month.plus(1))

    def months(self, connection: Connection, source: FromClause | None = None) -> Iterator[Month]:
        """Give the months that have rows, oldest first: by a look per month, not by reading all rows."""
        at = (self.table if source is None else source).c[self.month_column.name]
        earliest = select(at).order_by(at).limit(1)
        found = connection.execute(earliest).scalar_one_or_none()
        while found is not None:
            month = self.month_of(found)
            yield month
            after = self.start_of(month.plus(1))
            found = connection.execute(earliest.where(at >= after)).scalar_one_or_none()


ATTEMPTS = History("attempts", attempt, attempt.c.id, attempt.c.id)
CONVERSATIONS = History("conversations", conversation, conversation.c.id, conversation.c.id)
EVENTS = History("events", event, event.c.at, event.c.seq)
HISTORIES = (ATTEMPTS, CONVERSATIONS, EVENTS)

FIRST_ID, LAST_ID = "first_id", "last_id"


def within_ids(column: Column[Any]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Bound what a list of ids finds by the first and the last of them, as `bounds` gives them.

    A planner cannot look into a list, and would search the partitions of all months for each id.
    """
    return column >= bindparam(FIRST_ID), column <= bindparam(LAST_ID)


def bounds(ids: Collection[UUID]) -> dict[str, UUID]:
    """Give the parameters of `within_ids`."""
    return {FIRST_ID: min(ids), LAST_ID: max(ids)}


def run_within(statement: Prepared, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run a statement with `within_ids` once per row of parameters, whose `id_` is the id."""
    if rows:
        statement.run_many(connection, rows, bounds([row["id_"] for row in rows]))
