"""JSON Lines → rows: one object a line, keys recognised as CSV headers are (R-MAN-4)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from reconciler.errors import Fault
from reconciler.manifests.columns import missing_columns
from reconciler.manifests.data_file import (
    MAX_ROW,
    BrokenDataFile,
    DataFile,
    Row,
    UnreadableRow,
)
from reconciler.manifests.object_rows import ObjectRows
from reconciler.manifests.row_texts import RowTexts
from reconciler.manifests.text_check import checked_text
from reconciler.spec.contact_list import Columns

_ARRAY_START = re.compile(r"\s*\[\s*(?:\{.*)?$")
_ARRAY_HINT = "write one object a line, such as jq -c '.[]' does"


def read_jsonl(file: DataFile, columns: Columns, texts: RowTexts) -> Iterator[Row]:
    """Yield the rows of a JSONL file; `data` and `agent_config` may be objects.

    Rows that `texts` knows are left out. Raises BrokenDataFile, and MoreToRead where these may hold what
    the others lack.
    """
    objects = ObjectRows(columns)
    keys_seen: dict[str, None] = {}
    checked_text(file)
    with file.lines("\n") as lines:
        for line, text in enumerate(lines, start=1):
            if not text.strip():
                continue
            if not keys_seen and _ARRAY_START.match(text):
                raise BrokenDataFile(
                    Fault(file.name, line, None, "is a JSON array, not JSON Lines", _ARRAY_HINT)
                )
            if len(text) > MAX_ROW:
                raise BrokenDataFile(Fault(file.name, line, None, "has a row longer than 1 MiB"))
            text_hash = texts.unknown((text,))
            if text_hash is None:
                continue
            row = _parsed(text)
            if isinstance(row, str):
                yield UnreadableRow(line, None, row)
                continue
            keys_seen.update(dict.fromkeys(row))
            yield objects.row(line, row, text_hash)
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
    return row if isinstance(row, dict) else "is no JSON object"


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
