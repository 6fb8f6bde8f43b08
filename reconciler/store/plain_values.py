"""Values of columns as plain ones that a driver takes, and that may wait meanwhile (scratch.packed)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Dialect, Table
from sqlalchemy.types import TypeEngine

from reconciler.store.prepared import to_driver

Convert = Callable[[Any], Any]
_TEXTS: Mapping[type, Convert] = {UUID: str, datetime: datetime.isoformat}
"""What becomes of objects: a server reads texts by the types of its columns."""


def converters(table: Table, columns: Iterable[str], dialect: Dialect) -> dict[str, Convert]:
    """Give what converts values of columns, None included, to plain ones, as `insert_rows` takes them."""
    return {name: _converter(table.c[name].type, dialect) for name in columns}


def _converter(type_: TypeEngine[Any], dialect: Dialect) -> Convert:
    write = json.dumps if isinstance(type_, JSON) else to_driver(type_, dialect)

    def convert(value: Any) -> Any:  # noqa: ANN401 - whatever stands in the column
        if value is None:
            return None
        written = value if write is None else write(value)
        to_text = _TEXTS.get(type(written))
        return written if to_text is None else to_text(written)

    return convert
