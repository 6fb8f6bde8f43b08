"""Many new rows at once: values are converted by the types of their columns, and handed to the driver."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Table

from reconciler.store.dialect import insert_rows
from reconciler.store.prepared import to_driver

Convert = Callable[[Any], Any]


class BulkInsert:
    """Inserts rows into some columns of a table; whoever makes the rows converts values with `convert`."""

    def __init__(self, table: Table, columns: Sequence[str], dialect: Dialect) -> None:
        self._table = table.name
        self._columns = tuple(columns)
        types = {name: to_driver(table.c[name].type, dialect) for name in columns}
        self.convert: dict[str, Convert] = {name: _or_null(convert) for name, convert in types.items()}

    def run(self, connection: Connection, rows: Iterable[Sequence[Any]]) -> None:
        """Insert rows of converted values, in the order of the columns."""
        insert_rows(connection, self._table, self._columns, rows)


def _or_null(convert: Convert | None) -> Convert:
    if convert is None:
        return _as_it_is
    return lambda value: None if value is None else convert(value)


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - whatever the driver takes
    return value
