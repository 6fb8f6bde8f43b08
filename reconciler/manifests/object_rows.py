"""Rows that are objects, of JSON Lines or of Parquet → rows as those of CSV (R-MAN-4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.manifests.columns import Layout, lay_out
from reconciler.manifests.data_file import DataRow, UnreadableRow
from reconciler.manifests.number_cells import split_numbers
from reconciler.manifests.yaml_tree import MAX_DEPTH
from reconciler.spec.contact_list import Columns

_OBJECTS = ("data", "agent_config")
_SCALARS = (str, int, float, bool)


class ObjectRows:
    """Makes rows of objects, whose keys are recognised as CSV headers are; `data` may be an object itself."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._layouts: dict[tuple[str, ...], Layout] = {}

    def row(self, line: int, row: Mapping[str, Any], text_hash: int) -> DataRow | UnreadableRow:
        """Make the row that stands on a line."""
        if _deeper_than(row, MAX_DEPTH):
            return UnreadableRow(line, None, f"is nested deeper than {MAX_DEPTH} levels")
        keys = tuple(row)
        layout = self._layouts.get(keys)
        if layout is None:
            layout = self._layouts[keys] = lay_out(keys, self._columns)
        return _data_row(line, row, layout, text_hash)


def _data_row(line: int, row: Mapping[str, Any], layout: Layout, text_hash: int) -> DataRow | UnreadableRow:
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


def _deeper_than(value: object, levels: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper_than(item, levels - 1) for item in inner)
