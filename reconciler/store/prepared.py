"""Prepared statements: Core statements of the hot path, compiled once and handed to the driver as they are.

The dialer runs the same thirty small statements with every step. Compiled anew, or even taken from
SQLAlchemy's cache, each costs several times what the database itself needs; so the statement stays declared
in Core, on the tables, with their types, and only the way to the driver is shorter.

    _DUE = Prepared(select(contact.c.id).where(contact.c.lane_id.in_(bindparam("lanes", expanding=True))))
    rows = _DUE.rows(connection, {"lanes": ids})
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, Dialect, Executable
from sqlalchemy.sql.compiler import SQLCompiler

from reconciler.store.columns import AnyRow

Processor = Callable[[Any], Any] | None
Lengths = tuple[int, ...]


class _Slot(NamedTuple):
    """One placeholder: which parameter fills it, which item of a list, how it is converted; or a constant."""

    key: str | None
    item: int | None
    processor: Processor
    constant: Any = None


@dataclass(frozen=True, slots=True)
class _Form:
    """The statement as the driver takes it, for one combination of list lengths."""

    sql: str
    slots: tuple[_Slot, ...]
    names: tuple[str, ...] | None

    def bind(self, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - what the driver takes: tuple or dict
        """Convert parameters to what the driver takes."""
        values = []
        for key, item, processor, constant in self.slots:
            value = constant if key is None else parameters[key]
            if item is not None:
                value = value[min(item, len(value) - 1)]  # the padding repeats the last item
            values.append(value if processor is None else processor(value))
        return tuple(values) if self.names is None else dict(zip(self.names, values, strict=True))


class Prepared:
    """A statement that is compiled at its first use, per dialect; lists are bound by expanding parameters."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[SQLCompiler, tuple[str, ...], _Reader | None]] = {}
        self._forms: dict[tuple[str, Lengths], _Form] = {}

    def rows(self, connection: Connection, parameters: Mapping[str, Any] | None = None) -> list[AnyRow]:
        """Run it once and give all rows; columns are read by name."""
        given = parameters or {}
        _, _, reader = self._compile(connection.dialect)
        form = self._form(connection.dialect, given)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(form.sql, form.bind(given))
            fetched = cursor.fetchall()
        finally:
            cursor.close()
        assert reader is not None, "the statement returns no rows"  # noqa: S101 - a fault of ours, not of users
        return reader.read(fetched)

    def first(self, connection: Connection, parameters: Mapping[str, Any] | None = None) -> AnyRow | None:
        """Run it once and give the first row, if there is one."""
        return next(iter(self.rows(connection, parameters)), None)

    def run(self, connection: Connection, parameters: Mapping[str, Any] | None = None) -> int:
        """Run it once and give how many rows it changed."""
        given = parameters or {}
        form = self._form(connection.dialect, given)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(form.sql, form.bind(given))
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it once per row of parameters; takes no lists."""
        if not rows:
            return
        form = self._form(connection.dialect, rows[0])
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(form.sql, [form.bind(row) for row in rows])
        finally:
            cursor.close()

    def _compile(self, dialect: Dialect) -> tuple[SQLCompiler, tuple[str, ...], _Reader | None]:
        known = self._compiled.get(dialect.name)
        if known is None:
            compiled = self._statement.compile(dialect=dialect)  # type: ignore[attr-defined] # every one has it
            lists = tuple(
                name for name, bind in compiled.binds.items() if bind.expanding and bind.value is None
            )
            known = self._compiled[dialect.name] = (compiled, lists, _reader(self._statement, dialect))
        return known

    def _form(self, dialect: Dialect, parameters: Mapping[str, Any]) -> _Form:
        compiled, lists, _ = self._compile(dialect)
        lengths = tuple(_rounded(len(parameters[name])) for name in lists)
        form = self._forms.get((dialect.name, lengths))
        if form is None:
            form = self._forms[dialect.name, lengths] = _expand(
                compiled, dict(zip(lists, lengths, strict=True))
            )
        return form


class _Reader:
    """Converts fetched rows to named ones."""

    def __init__(self, names: Iterable[str], processors: Sequence[Processor]) -> None:
        row = namedtuple("Row", names, rename=True)  # type: ignore[misc] # noqa: PYI024 - known when it runs
        self._make: Callable[[Iterable[Any]], Any] = row._make
        self._converted = [(place, run) for place, run in enumerate(processors) if run is not None]

    def read(self, fetched: Sequence[Sequence[Any]]) -> list[Any]:
        make, converted = self._make, self._converted
        rows = []
        for one in fetched:
            values = list(one)
            for place, processor in converted:
                if values[place] is not None:
                    values[place] = processor(values[place])
            rows.append(make(values))
        return rows


def _reader(statement: Executable, dialect: Dialect) -> _Reader | None:
    columns = getattr(statement, "selected_columns", None)
    if columns is None:
        columns = getattr(statement, "returning_column_descriptions", None) or ()
        named = [(column["name"], column["type"]) for column in columns]
    else:
        named = [(getattr(column, "name", None) or "scalar", column.type) for column in columns]
    if not named:
        return None
    processors = [type_.dialect_impl(dialect).result_processor(dialect, None) for _, type_ in named]
    return _Reader([name for name, _ in named], processors)


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
    return _Form(state.statement, tuple(slots), None if state.positiontup is not None else tuple(names))


def _slot(bind: BindParameter[Any], item: int | None, dialect: Dialect) -> _Slot:
    processor = bind.type.dialect_impl(dialect).bind_processor(dialect)
    if bind.required or (bind.expanding and bind.value is None):
        return _Slot(bind.key, item, processor)
    value = bind.effective_value if item is None else bind.effective_value[item]  # type: ignore[index] # a list
    return _Slot(None, None, None, processor(value) if processor is not None else value)
