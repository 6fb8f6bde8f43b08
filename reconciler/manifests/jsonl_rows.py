"""JSON Lines → rows: one object a line, keys recognised as CSV headers are (R-MAN-4)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from reconciler.errors import Fault
from reconciler.manifests.columns import Layout, lay_out, missing_columns
from reconciler.manifests.data_file import (
    MAX_ROW,
    BrokenDataFile,
    DataFile,
    DataRow,
    KnownRow,
    Row,
    UnreadableRow,
    text_of,
)
from reconciler.manifests.number_cells import split_numbers
from reconciler.manifests.row_texts import RowTexts
from reconciler.manifests.yaml_tree import MAX_DEPTH
from reconciler.spec.contact_list import Columns

_ARRAY_START = re.compile(r"\s*\[\s*(?:\{.*)?$")
_ARRAY_HINT = "write one object a line, such as jq -c '.[]' does"
_OBJECTS = ("data", "agent_config")
_SCALARS = (str, int, float, bool)


def read_jsonl(file: DataFile, columns: Columns, texts: RowTexts) -> Iterator[Row]:
    """Yield the rows of a JSONL file; `data` and `agent_config` may be objects.

    Rows that `texts` recognises are not read. Raises BrokenDataFile, and MoreToRead where these may hold what
    the others lack.
    """

    @lru_cache(maxsize=256)
    def layout_of(keys: tuple[str, ...]) -> Layout:
        return lay_out(keys, columns)

    keys_seen: dict[str, None] = {}
    text_of(file)
    for line, text in enumerate(file.lines("\n"), start=1):
        if not text.strip():
            continue
        if not keys_seen and _ARRAY_START.match(text):
            raise BrokenDataFile(Fault(file.name, line, None, "is a JSON array, not JSON Lines", _ARRAY_HINT))
        if len(text) > MAX_ROW:
            raise BrokenDataFile(Fault(file.name, line, None, "has a row longer than 1 MiB"))
        text_hash = texts.hash_of((text,))
        if texts.recognises(text_hash):
            yield KnownRow.KNOWN
            continue
        row = _parsed(text)
        if isinstance(row, str):
            yield UnreadableRow(line, None, row)
            continue
        keys_seen.update(dict.fromkeys(row))
        yield _data_row(line, row, layout_of(tuple(row)), text_hash)
    if keys_seen and (missing := missing_columns(tuple(keys_seen), columns)):
        if texts.met:
            raise MoreToRead
        raise BrokenDataFile(Fault(file.name, 1, None, "; ".join(missing)))


class MoreToRead(Exception):
    """Some column stands in none of the rows that were read: it may stand in a known one."""


def _parsed(text: str) -> dict[str, Any] | str:
    try:
        row = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
    except _DuplicateKeyError as fault:
        return f"has the key '{fault}' twice"
    except json.JSONDecodeError as fault:
        return f"is no JSON: {fault.msg} at character {fault.pos + 1}"
    except (ValueError, RecursionError):
        return "is no JSON that can be kept: NaN, a number too long, or nesting too deep"
    if not isinstance(row, dict):
        return "is no JSON object"
    return f"is nested deeper than {MAX_DEPTH} levels" if _deeper_than(row, MAX_DEPTH) else row


def _deeper_than(value: object, levels: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper_than(item, levels - 1) for item in inner)


class _DuplicateKeyError(ValueError):
    pass


def _without_duplicates(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateKeyError(next(name for name in names if names.count(name) > 1))
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _data_row(line: int, row: dict[str, Any], layout: Layout, text_hash: int) -> DataRow | UnreadableRow:
    keys = layout.headers
    fields = {field: row[keys[index]] for field, index in layout.fields.items()}
    fields = {field: value for field, value in fields.items() if value not in (None, "")}
    rest = {keys[index]: row[keys[index]] for index in layout.rest}
    fields |= {name: value for name in _OBJECTS if isinstance(value := rest.get(name), dict)}
    data = {name: value for name, value in rest.items() if name not in fields}
    data |= fields.pop("data", {})
    identity = fields.pop("external_id", None)
    if identity is not None and (isinstance(identity, bool) or not isinstance(identity, (str, int))):
        return UnreadableRow(line, layout.column_names["external_id"], "is no text")
    numbers: list[tuple[str, str]] = []
    for index in layout.numbers:
        numbers += [(keys[index], number) for number in _numbers(row[keys[index]])]
    identity = None if identity is None else str(identity)
    return DataRow(line, identity, numbers, fields, data, layout.column_names, text_hash=text_hash)


def _numbers(value: object) -> list[str]:
    """Give the texts of one number, or of a list of them; what is neither becomes "", a bad one."""
    if value is None:
        return []
    if isinstance(value, list):
        return [number for item in value for number in _numbers(item)]
    return split_numbers(str(value)) if isinstance(value, _SCALARS) else [""]
