"""One row of a CSV file, as the cells that it has: taken apart by whichever process reads it."""

from __future__ import annotations

from typing import NamedTuple

from reconciler.errors import Fault
from reconciler.manifests.columns import Layout
from reconciler.manifests.data_file import BrokenDataFile, DataRow, UnreadableRow
from reconciler.manifests.number_cells import split_numbers


class Sheet(NamedTuple):
    """What all rows of a file have in common: its name, and the roles of its columns."""

    file: str
    layout: Layout


class CsvRow(NamedTuple):
    """Cells, the physical line on which they start, from 1, and the row's text hash."""

    line: int
    cells: list[str]
    text_hash: int
    sheet: Sheet

    def read(self) -> DataRow | UnreadableRow:
        """Give each cell its role; raises BrokenDataFile where one has none."""
        layout, cells = self.sheet.layout, self.cells
        headers = layout.headers
        if len(cells) < len(headers):
            cells += [""] * (len(headers) - len(cells))
        elif any(cells[len(headers) :]):
            message = (
                f"has {len(cells)} cells, but the header names {len(headers)}; quote cells with delimiters"
            )
            return UnreadableRow(self.line, None, message)
        fields, numbers, data, nameless = layout.cells
        if nameless and (at := next((i for i in nameless if cells[i]), None)) is not None:
            message = f"has a value in column {at + 1}, which has no header"
            raise BrokenDataFile(Fault(self.sheet.file, self.line, None, message, "name it"))
        id_at = layout.fields.get("external_id")
        return DataRow(
            self.line,
            (id_at is not None and cells[id_at].strip()) or None,
            [(header, number) for header, i in numbers for number in split_numbers(cells[i])],
            {field: text for field, i in fields if (text := cells[i].strip())},
            {header: cells[i] for header, i in data if cells[i]},
            layout.column_names,
            layout,
            self.text_hash,
        )
