"""Values of columns as plain ones, which may wait (scratch.packed); a server reads texts by its columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Dialect, Table, Uuid
from sqlalchemy.types import TypeEngine

from reconciler.core.canonical import ascii_json
from reconciler.store.columns import UtcDateTime
from reconciler.store.prepared import to_driver

Convert = Callable[[Any], Any]


def converters(table: Table, columns: Iterable[str], dialect: Dialect) -> dict[str, Convert]:
    """Give what converts values of columns, but for None, to plain ones, as `insert_rows` takes them."""
    return {name: _converter(table.c[name].type, dialect) for name in columns}


def _converter(type_: TypeEngine[Any], dialect: Dialect) -> Convert:
    if isinstance(type_, JSON):
        return ascii_json
    write = to_driver(type_, dialect)
    if isinstance(type_, Uuid):
        return write or str
    if isinstance(type_, UtcDateTime):
        return lambda instant: _text_of(write(instant) if write else instant)
    return write or _as_it_is


def _text_of(instant: str | datetime) -> str:
    return instant if isinstance(instant, str) else instant.isoformat()


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - whatever stands in the column
    return value
