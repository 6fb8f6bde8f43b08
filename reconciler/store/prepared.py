"""Prepared statements: Core statements of the hot path, compiled once and handed to the driver as they are.

The dialer runs the same thirty small statements with every step. Compiled anew, or even taken from
SQLAlchemy's cache, each costs several times what the database itself needs; so the statement stays declared
in Core, on the tables, with their types, and only the way to the driver is shorter.

    _DUE = Prepared(select(contact.c.id).where(contact.c.lane_id.in_(bindparam("lanes", expanding=True))))
    rows = _DUE.rows(connection, {"lanes": ids})
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import lru_cache
from itertools import chain
from operator import attrgetter, itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, BindParameter, Connection, Dialect, Executable, Table, Uuid, bindparam, insert
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from reconciler.store.arrays import array_text, over_rows, with_arrays
from reconciler.store.columns import AnyRow
from reconciler.store.dialect import catch_up, send_ahead, streaming_cursor, takes_arrays

Processor = Callable[[Any], Any] | None
Lengths = tuple[int, ...]


class _Slot(NamedTuple):
    """One placeholder: which parameter fills it, which item of a list, how it is converted; or a constant."""

    key: str | None
    item: int | None
    processor: Processor
    constant: Any = None


class _Form:
    """The statement as the driver takes it, for one combination of list lengths."""

    def __init__(self, sql: str, slots: Sequence[_Slot], names: Sequence[str] | None) -> None:
        self.sql = sql
        self._slots = slots
        self._names = names
        keys = [slot.key for slot in slots]
        plain = len(keys) > 1 and None not in keys and all(slot.item is None for slot in slots)
        self._pick = itemgetter(*keys) if plain else None
        self._converted = [
            (place, slot.processor) for place, slot in enumerate(slots) if slot.processor is not None
        ]

    def bind(self, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - what the driver takes: list or dict
        """Convert parameters to what the driver takes."""
        values = list(self._pick(parameters)) if self._pick is not None else self._gather(parameters)
        for place, processor in self._converted:
            value = values[place]
            if value is not None:
                values[place] = processor(value)
        return values if self._names is None else dict(zip(self._names, values, strict=True))

    def _gather(self, parameters: Mapping[str, Any]) -> list[Any]:
        values = []
        for key, item, _, constant in self._slots:
            value = constant if key is None else parameters[key]
            if item is not None:
                value = value[min(item, len(value) - 1)]  # the padding repeats the last item
            values.append(value)
        return values


class _Compiled:
    """The statement compiled for one dialect, in the forms that were needed so far."""

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        if takes_arrays(dialect):
            statement = with_arrays(statement)
        self._compiler: SQLCompiler = statement.compile(dialect=dialect)  # type: ignore[attr-defined] # every one has it
        binds = self._compiler.binds.items()
        self._lists = tuple(name for name, bind in binds if bind.expanding and bind.value is None)
        self._forms: dict[Lengths, _Form] = {}
        self.reader = _reader(statement, dialect)

    def form(self, parameters: Mapping[str, Any]) -> _Form:
        """Give the form for lists as long as these."""
        lengths = tuple([_rounded(len(parameters[name])) for name in self._lists])
        form = self._forms.get(lengths)
        if form is None:
            form = self._forms[lengths] = _expand(
                self._compiler, dict(zip(self._lists, lengths, strict=True))
            )
        return form


class Prepared:
    """A statement that is compiled at its first use, per dialect; lists are bound by expanding parameters."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}
        self._compiled_over_rows: dict[str, _Compiled] = {}

    def rows(self, connection: Connection, parameters: Mapping[str, Any] | None = None) -> list[AnyRow]:
        """Run it once and give all rows; columns are read by name."""
        given = parameters or {}
        compiled = self._for(connection.dialect)
        form = compiled.form(given)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(form.sql, form.bind(given))
            fetched = cursor.fetchall()
        finally:
            cursor.close()
        assert compiled.reader is not None, "the statement returns no rows"  # noqa: S101 - a fault of ours, not of users
        return compiled.reader.read(fetched)

    def first(self, connection: Connection, parameters: Mapping[str, Any] | None = None) -> AnyRow | None:
        """Run it once and give the first row, if there is one."""
        return next(iter(self.rows(connection, parameters)), None)

    def values(self, connection: Connection, parameters: Mapping[str, Any]) -> Iterator[Any]:
        """Run it once and give its one column as the driver does, row by row: there may be a million."""
        form = self._for(connection.dialect).form(parameters)
        with closing(streaming_cursor(connection)) as cursor:
            cursor.execute(form.sql, form.bind(parameters))
            yield from chain.from_iterable(cursor)

    def run(self, connection: Connection, parameters: Mapping[str, Any]) -> None:
        """Run it once; a server need not have answered yet (dialect.send_ahead)."""
        send_ahead(connection)
        form = self._for(connection.dialect).form(parameters)
        connection.connection.cursor().execute(form.sql, form.bind(parameters))

    def changed(self, connection: Connection, parameters: Mapping[str, Any] | None = None) -> int:
        """Run it once and give how many rows it changed."""
        catch_up(connection)
        given = parameters or {}
        form = self._for(connection.dialect).form(given)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(form.sql, form.bind(given))
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def run_many(
        self,
        connection: Connection,
        rows: Sequence[Mapping[str, Any]],
        shared: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """Run it once per row of parameters; takes no lists, nor two rows for one row of a table.

        `shared` are parameters that are the same for all rows, under the same names with every run. A server
        need not have answered yet (dialect.send_ahead).
        """
        if not rows:
            return
        if takes_arrays(connection.dialect):
            self._run_over(connection, rows, shared)
            return
        each = [{**row, **shared} for row in rows] if shared else rows
        form = self._for(connection.dialect).form(each[0])
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(form.sql, [form.bind(row) for row in each])
        finally:
            cursor.close()

    def _run_over(
        self, connection: Connection, rows: Sequence[Mapping[str, Any]], shared: Mapping[str, Any]
    ) -> None:
        name = connection.dialect.name
        if name not in self._compiled_over_rows:
            statement = over_rows(self._statement, shared.keys())
            self._compiled_over_rows[name] = _Compiled(statement, connection.dialect)
        parameters = {name: [row[name] for row in rows] for name in rows[0]} | dict(shared)
        form = self._compiled_over_rows[name].form(parameters)
        send_ahead(connection)
        connection.connection.cursor().execute(form.sql, form.bind(parameters))

    def _for(self, dialect: Dialect) -> _Compiled:
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _Compiled(self._statement, dialect)
        return compiled


def prepared_insert(table: Table, *columns: str) -> Prepared:
    """Prepare an INSERT whose parameters are named like the columns."""
    return Prepared(insert(table).values({column: bindparam(column) for column in columns}))


class _Reader:
    """Converts fetched rows to named ones."""

    def __init__(self, names: Iterable[str], processors: Sequence[Processor]) -> None:
        row = namedtuple("Row", names, rename=True)  # type: ignore[misc] # noqa: PYI024 - known when it runs
        self._make: Callable[[Iterable[Any]], Any] = row._make
        self._converted = [(place, run) for place, run in enumerate(processors) if run is not None]

    def read(self, fetched: Sequence[Sequence[Any]]) -> list[Any]:
        """Convert column by column."""
        if not self._converted or not fetched:
            return [self._make(row) for row in fetched]
        columns: list[Iterable[Any]] = list(zip(*fetched, strict=True))
        for place, run in self._converted:
            columns[place] = [None if value is None else run(value) for value in columns[place]]
        return list(map(self._make, zip(*columns, strict=True)))


def _reader(statement: Executable, dialect: Dialect) -> _Reader | None:
    columns = getattr(statement, "selected_columns", None)
    if columns is None:
        columns = getattr(statement, "returning_column_descriptions", None) or ()
        named = [(column["name"], column["type"]) for column in columns]
    else:
        named = [(getattr(column, "name", None) or "scalar", column.type) for column in columns]
    if not named:
        return None
    return _Reader([name for name, _ in named], [_from_driver(type_, dialect) for _, type_ in named])


def _from_driver(type_: TypeEngine[Any], dialect: Dialect) -> Processor:
    """Give what converts a fetched value; ids that are text come from a memory of those read lately.

    Few organizations, campaigns and lanes stand in many rows: the same object each time saves making it, and
    comparing it, too.
    """
    if isinstance(type_, Uuid) and not dialect.supports_native_uuid:
        return _id_of
    return type_.dialect_impl(dialect).result_processor(dialect, None)


def to_driver(type_: TypeEngine[Any], dialect: Dialect) -> Processor:
    """Give what converts a value that is not None to what the driver takes."""
    if isinstance(type_, ARRAY):
        return array_text(type_.item_type, dialect)
    if isinstance(type_, Uuid) and not dialect.supports_native_uuid:
        return attrgetter("hex")
    return type_.dialect_impl(dialect).bind_processor(dialect)


_id_of = lru_cache(maxsize=16_384)(UUID)


def _rounded(length: int) -> int:
    """Round a list's length up to a power of two, so that few forms serve all lengths."""
    return 1 << (length - 1).bit_length() if length else 0


def _expand(compiled: SQLCompiler, lengths: Mapping[str, int]) -> _Form:
    """Work out the text and the placeholders for lists of these lengths."""
    dialect = compiled.dialect
    blanks = {name: [None] * length for name, length in lengths.items()}
    required = {name: None for name, bind in compiled.binds.items() if bind.required and name not in blanks}
    state = compiled.construct_expanded_state({**required, **blanks})
    origin = {
        expanded: (name, place)
        for name, items in state.parameter_expansion.items()
        for place, expanded in enumerate(items)
    }
    names = state.positiontup if state.positiontup is not None else list(state.parameters)
    slots = []
    for placeholder in names:
        name, item = origin.get(placeholder, (placeholder, None))
        slots.append(_slot(compiled.binds[name], item, dialect))
    return _Form(state.statement, slots, None if state.positiontup is not None else names)


def _slot(bind: BindParameter[Any], item: int | None, dialect: Dialect) -> _Slot:
    processor = to_driver(bind.type, dialect)
    if bind.required or (bind.expanding and bind.value is None):
        return _Slot(bind.key, item, processor)
    value = bind.effective_value if item is None else bind.effective_value[item]  # type: ignore[index] # a list
    return _Slot(None, None, None, processor(value) if processor is not None else value)
