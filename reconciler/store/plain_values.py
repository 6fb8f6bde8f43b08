"""Values of columns as plain ones that a driver takes, and that may wait meanwhile (scratch.packed)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Dialect, Table

from reconciler.store.prepared import to_driver

Convert = Callable[[Any], Any]
_TEXTS: Mapping[type, Convert] = {UUID: str, datetime: datetime.isoformat}
"""What becomes of values that wait as plain ones; a server reads texts by the types of its columns."""


def converters(table: Table, columns: Iterable[str], dialect: Dialect) -> dict[str, Convert]:
    """Give what converts values of columns, None included, to plain ones, as `insert_rows` takes them."""
    return {name: _converter(to_driver(table.c[name].type, dialect)) for name in columns}


def _converter(to_driver_value: Convert | None) -> Convert:
    def convert(value: Any) -> Any:  # noqa: ANN401 - whatever stands in the column
        if value is None:
            return None
        converted = value if to_driver_value is None else to_driver_value(value)
        to_text = _TEXTS.get(type(converted))
        return converted if to_text is None else to_text(converted)

    return convert
