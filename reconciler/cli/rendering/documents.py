"""Records as JSON, YAML or CSV: written one by one, however many there are."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from reconciler.core.canonical import instant_text
from reconciler.core.desired import Json

Record = Mapping[str, Any]


def plain(value: Any) -> Json:  # noqa: ANN401 - whatever a record holds
    """Turn ids and instants into text, everything inside included; UTC is written `Z`."""
    if isinstance(value, datetime):
        return instant_text(value) if value.utcoffset() == timedelta(0) else value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def json_list(records: Iterable[Record]) -> Iterator[str]:
    """Give the chunks of one JSON list, each record on a line of its own."""
    separator = "[\n "
    for record in records:
        yield separator + _json(record)
        separator = ",\n "
    yield "[]\n" if separator.startswith("[") else "\n]\n"


def json_object(record: Record) -> Iterator[str]:
    """Give one record as a JSON object that people can read too."""
    yield json.dumps(plain(record), ensure_ascii=False, indent=2) + "\n"


def yaml_list(records: Iterable[Record]) -> Iterator[str]:
    """Give the chunks of one YAML list."""
    empty = True
    for record in records:
        yield _yaml([plain(record)])
        empty = False
    if empty:
        yield "[]\n"


def yaml_object(record: Record) -> Iterator[str]:
    """Give one record as a YAML mapping."""
    yield _yaml(plain(record))


def csv_table(records: Iterable[Record]) -> Iterator[str]:
    """Give a header and a line per record; lists and objects are JSON in their cell. No record, no line."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    header: list[str] = []
    for record in records:
        if not header:
            header = list(record)
            writer.writerow(header)
        writer.writerow([_cell(record[name]) for name in header])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _cell(value: Any) -> Json:  # noqa: ANN401 - whatever a record holds
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping | list | tuple):
        return _json(value)
    return plain(value)


def _json(value: Any) -> str:  # noqa: ANN401 - whatever a record holds
    return json.dumps(plain(value), ensure_ascii=False)


def _yaml(value: Json) -> str:
    import yaml

    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=110)
    return text
