"""Statements as PostgreSQL takes many values best: one array per parameter, however many there are.

A list in `IN (…)` becomes `= ANY(array)`, and a statement that runs once per row of parameters becomes one
statement over `unnest(array, array, …)`: one round trip and one plan for a thousand rows, and a text that is
the same for any number of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    BindParameter,
    Boolean,
    ColumnElement,
    Dialect,
    Executable,
    Float,
    Insert,
    Integer,
    TableValuedAlias,
    Uuid,
    any_,
    bindparam,
    column,
    func,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression, ClauseElement, Grouping
from sqlalchemy.types import JSON, TypeEngine

from reconciler.store.columns import INSTANTS_REMEMBERED, UtcDateTime, require_utc


def with_arrays(statement: Executable) -> Executable:
    """Have every list of a statement bound as one array."""

    def replaced(element: Any, **_: object) -> ClauseElement | None:  # noqa: ANN401 - any part of a statement
        if not isinstance(element, BinaryExpression) or element.operator is not operators.in_op:
            return None
        given = element.right.element if isinstance(element.right, Grouping) else element.right
        if not isinstance(given, BindParameter) or not given.expanding or given.value is not None:
            return None
        return element.left == any_(_array(given.key, given.type))

    return _replaced(statement, replaced)


def table_of(types: Mapping[str, TypeEngine[Any]], name: str = "given") -> TableValuedAlias:
    """Give a table that is made of arrays, one parameter for each of its columns."""
    return (
        func.unnest(*(_array(name, type_) for name, type_ in types.items()))
        .table_valued(*(column(name, type_) for name, type_ in types.items()))
        .render_derived(name=name)
    )


def over_rows(statement: Executable, shared: Collection[str] = ()) -> Executable:
    """Have a statement that is written for one row of parameters take many rows, by one array for each.

    The `shared` parameters stay as they are: one value for all rows, into which a planner can look.
    """
    types = {name: type_ for name, type_ in _types(statement).items() if name not in shared}
    given = table_of(types)
    if isinstance(statement, Insert) and statement.select is None:
        return _insert_of(statement, given)

    def replaced(element: Any, **_: object) -> ClauseElement | None:  # noqa: ANN401 - any part of a statement
        is_parameter = isinstance(element, BindParameter) and element.key in types
        return given.c[element.key] if is_parameter else None

    return _replaced(statement, replaced)


def array_text(type_: TypeEngine[Any], dialect: Dialect) -> Callable[[Sequence[Any]], str]:
    """Give what writes a list as PostgreSQL reads an array: `{1,NULL,"a, b"}`.

    The driver has a way of its own, which asks each value anew what it is. A column's type tells once for all
    of them, and a step of the dialer hands over ten thousand values.
    """
    write = _item_text(type_, dialect)

    def written(values: Sequence[Any]) -> str:
        first = values[0] if values else None
        if values.count(first) == len(values):  # a constant, as half of a step's columns are
            items = ["NULL" if first is None else write(first)] * len(values)
        else:
            items = ["NULL" if value is None else write(value) for value in values]
        return f"{{{','.join(items)}}}"

    return written


def _item_text(type_: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], str]:
    if isinstance(type_, Uuid):
        return attrgetter("hex")
    if isinstance(type_, UtcDateTime):
        return _instant_text
    if isinstance(type_, Boolean):
        return _truth_text
    if isinstance(type_, Integer | Float):
        return str
    if isinstance(type_, JSON):
        return lambda value: _quoted(json.dumps(value))
    convert = type_.dialect_impl(dialect).bind_processor(dialect)
    return _quoted if convert is None else lambda value: _quoted(convert(value))


@lru_cache(maxsize=INSTANTS_REMEMBERED)
def _instant_text(value: datetime) -> str:
    return require_utc(value).isoformat()


def _truth_text(value: object) -> str:
    return "t" if value else "f"


def _quoted(text: str) -> str:
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _array(name: str, type_: TypeEngine[Any]) -> BindParameter[Any]:
    """Give a parameter for a list of values, which may be lists themselves where they are JSON."""
    return bindparam(name, type_=ARRAY(type_, dimensions=1))


def _types(statement: Executable) -> dict[str, TypeEngine[Any]]:
    """Give the type of every parameter, which the column tells that it is written to."""
    types = {
        bind.key: bind.type
        for bind in visitors.iterate(cast(ClauseElement, statement))
        if isinstance(bind, BindParameter) and bind.required
    }
    written = {
        bind.key: target.type
        for target, bind in _values(statement).items()
        if isinstance(bind, BindParameter) and bind.required
    }
    return types | written


def _values(statement: Any) -> dict[ColumnElement[Any], Any]:  # noqa: ANN401 - of any kind
    """Give what an INSERT or UPDATE writes into its columns; SQLAlchemy has no public word for it."""
    written = getattr(statement, "_values", None) or {}
    return {statement.table.c[getattr(target, "name", target)]: value for target, value in written.items()}


def _insert_of(statement: Insert, given: TableValuedAlias) -> Insert:
    """Insert the rows of a table in the place of one row of values."""
    written = _values(statement)
    chosen = [given.c[value.key] if isinstance(value, BindParameter) else value for value in written.values()]
    made = postgresql.insert(statement.table).from_select(
        [target.name for target in written], select(*chosen)
    )
    made._post_values_clause = statement._post_values_clause  # noqa: SLF001 - ON CONFLICT, which has no other way
    return made


def _replaced(statement: Executable, replace: Any) -> Executable:  # noqa: ANN401 - a callback of SQLAlchemy's
    return cast(Executable, visitors.replacement_traverse(cast(ClauseElement, statement), {}, replace))
