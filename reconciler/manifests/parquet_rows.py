"""Parquet → rows, as of JSON Lines: a row is an object, and its line is its number in the file (R-MAN-4).

The library that reads it is an extra: it is not imported before a file asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from math import isfinite
from typing import Any, BinaryIO

from reconciler.core.canonical import canonical_json
from reconciler.errors import Fault
from reconciler.manifests.columns import missing_columns
from reconciler.manifests.data_file import BrokenDataFile, DataFile, Row, UnreadableRow
from reconciler.manifests.object_rows import ObjectRows
from reconciler.manifests.row_texts import RowTexts
from reconciler.spec.contact_list import Columns

_INSTALL = "pip install 'dialctl[parquet]'"
_ROWS_AT_A_TIME = 10_000


class _UnknownValueError(ValueError):
    """A value that JSON has no word for."""


def read_parquet(file: DataFile, columns: Columns, texts: RowTexts) -> Iterator[Row]:
    """Yield the rows of a Parquet file; those that `texts` knows are left out. Raises BrokenDataFile.

    Dates and times are read as ISO 8601, decimals as texts; NaN is missing, as it is in what pandas writes.
    """
    with file.open() as content:
        yield from _rows(file, _opened(file, content), columns, texts)


def _rows(file: DataFile, table: Any, columns: Columns, texts: RowTexts) -> Iterator[Row]:  # noqa: ANN401 - has no types
    names = tuple(table.schema_arrow.names)
    if missing := missing_columns(names, columns):
        raise _broken(file, "; ".join(missing))
    texts.below(names)
    objects, line = ObjectRows(columns), 0
    for batch in table.iter_batches(batch_size=_ROWS_AT_A_TIME):
        for found in batch.to_pylist():
            line += 1
            row = _row(line, found, objects, texts)
            if row is not None:
                yield row


def _row(line: int, found: Mapping[str, Any], objects: ObjectRows, texts: RowTexts) -> Row | None:
    try:
        row = {name: _plain(value) for name, value in found.items()}
    except _UnknownValueError as fault:
        return UnreadableRow(line, None, f"holds {fault}, which is no text, number, date or list of them")
    text_hash = texts.unknown((canonical_json(row),))
    if text_hash is None:
        return None
    made = objects.row(line, row, text_hash)
    if isinstance(made, UnreadableRow):
        return made
    return made._replace(data={name: value for name, value in made.data.items() if value is not None})


def _plain(value: Any) -> Any:  # noqa: ANN401 - what a cell may hold, and what JSON may
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    raise _UnknownValueError(f"{type(value).__name__}")


def _opened(file: DataFile, content: BinaryIO) -> Any:  # noqa: ANN401 - the library has no types
    if find_spec("pyarrow") is None:
        raise _broken(file, "is Parquet, and what reads it is not installed", _INSTALL)
    parquet = import_module("pyarrow.parquet")
    try:
        return parquet.ParquetFile(content)
    except (OSError, ValueError) as fault:  # ArrowInvalid is a ValueError
        raise _broken(file, "is no Parquet file, or a damaged one", "export it again") from fault


def _broken(file: DataFile, message: str, hint: str | None = None) -> BrokenDataFile:
    return BrokenDataFile(Fault(file.name, None, None, message, hint))
