"""CSV as real CRMs write it → rows, each with the physical line on which it starts (R-MAN-4)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from reconciler.core.phones import mask_numbers_in
from reconciler.errors import Fault
from reconciler.manifests.columns import Layout, is_data, lay_out, missing_columns, present_columns
from reconciler.manifests.csv_cells import CsvRow, Sheet
from reconciler.manifests.data_file import (
    MAX_ROW,
    BrokenDataFile,
    DataFile,
    Row,
    UnreadableRow,
)
from reconciler.manifests.row_texts import RowTexts
from reconciler.manifests.text_check import checked_text
from reconciler.spec.contact_list import Columns

DELIMITERS = (",", ";", "\t", "|")
_EXCEL_SEPARATOR_LINE = 5  # `sep=;`
_HEADER_HINT = "begin the file with the header"
_TEXT_FORMULA = re.compile(r'\s*="([^"]*)"\s*')


def read_csv(file: DataFile, columns: Columns, texts: RowTexts, *, needs_id: bool) -> Iterator[Row]:
    """Yield the rows of a CSV file: any of four delimiters, any line ends, quoted line ends, a header.

    Skipped are blank rows, and the header where it stands once more because exports were joined. A short row
    lacks its last cells; a row with more cells than headers, or with quotes that do not close, is unreadable.
    `needs_id`: a file without a column for ids is refused. Rows that `texts` knows are left out.
    Raises BrokenDataFile.
    """
    text = checked_text(file)
    named = _excel_separator(text.beginning)
    skipped = 0 if named is None else 1
    beginning = text.beginning if named is None else text.beginning[_EXCEL_SEPARATOR_LINE:]
    delimiter = named if named in DELIMITERS else _sniff(beginning.lstrip("\r\n"), columns)
    rows = _rows(file, delimiter, skipped, has_formulas=text.has_formulas)
    header = next(rows, None)
    if header is None or isinstance(header, UnreadableRow):
        raise _broken(file, 1, "has no header", "the first line names the columns, such as external_id,phone")
    line, cells = header
    layout = _checked_layout(file, line, [cell.strip() for cell in cells], columns, needs_id=needs_id)
    texts.below(layout.headers)
    sheet = Sheet(file.name, layout)
    for row in rows:
        if isinstance(row, UnreadableRow):
            yield row
            continue
        text_hash = texts.unknown(row[1])
        if text_hash is not None and not _repeats(layout, row[1]):
            yield CsvRow(*row, text_hash, sheet)


def _repeats(layout: Layout, cells: list[str]) -> bool:
    return cells[0].strip("\ufeff ") == layout.headers[0] and [*map(str.strip, cells[1:])] == [
        *layout.headers[1:]
    ]


def _rows(
    file: DataFile, delimiter: str, skipped: int, *, has_formulas: bool
) -> Iterator[tuple[int, list[str]] | UnreadableRow]:
    """Yield (line, cells) of the rows that are not blank, and the unreadable ones, behind `skipped` lines."""
    csv.field_size_limit(MAX_ROW - 1)  # the module has one limit, for everybody
    with file.lines() as lines:
        for _ in range(skipped):
            lines.readline()
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            line = skipped + reader.line_num + 1
            try:
                for cells in reader:
                    if any(cells):
                        yield line, [_without_formula(cell) for cell in cells] if has_formulas else cells
                    line = skipped + reader.line_num + 1
            except csv.Error as fault:
                yield _unreadable(file, line, str(fault))
            else:
                return


def _unreadable(file: DataFile, line: int, fault: str) -> UnreadableRow:
    """Give a row with a fault of its own; raises BrokenDataFile where no row behind it can be trusted."""
    if "unexpected end of data" in fault:
        hint = "every row after it is part of one cell; close the quote"
        raise _broken(file, line, "has a quote that is never closed", hint) from None
    if "field limit" in fault:
        hint = "is a quote left open on this line?"
        raise _broken(file, line, "has a row longer than 1 MiB", hint) from None
    return UnreadableRow(line, None, "has a quote inside a quoted cell; double it")


def _without_formula(cell: str) -> str:
    """Read `="0123"`, which keeps spreadsheets from taking a text for a number, as that text."""
    formula = _TEXT_FORMULA.fullmatch(cell)
    return formula[1] if formula else cell


def _excel_separator(text: str) -> str | None:
    """Give the delimiter that a first line `sep=;` names, as Excel writes and reads it."""
    first = text[: _EXCEL_SEPARATOR_LINE + 1].rstrip("\r\n")
    if len(first) == _EXCEL_SEPARATOR_LINE and first.casefold().startswith("sep="):
        return first[-1]
    return None


def _sniff(text: str, columns: Columns) -> str:
    """Choose the delimiter under which the header makes most sense."""
    return max(DELIMITERS, key=lambda delimiter: _plausibility(text, delimiter, columns))


def _plausibility(text: str, delimiter: str, columns: Columns) -> tuple[int, int]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = next((row for row in rows if any(row)), [])
    except csv.Error:
        return 0, 0
    headers = [cell.strip() for cell in header]
    return lay_out(headers, columns).recognised, len(headers)


def _checked_layout(
    file: DataFile, line: int, headers: list[str], columns: Columns, *, needs_id: bool
) -> Layout:
    for index, header in enumerate(headers):
        if header and header in headers[:index]:
            raise _broken(file, line, f"has two columns '{mask_numbers_in(header)}'", "rename one")
    layout = lay_out(headers, columns)
    missing = missing_columns(headers, columns)
    lacks_id = needs_id and "external_id" not in layout.fields
    if (missing or not layout.numbers or lacks_id) and is_data(headers):
        hint = "write the names of the columns above it, such as external_id,phone"
        raise _broken(file, line, "has no header: the first line holds a phone number", hint)
    if missing:
        raise _broken(file, line, "; ".join(missing))
    if not layout.numbers:
        message = f"has no column of phone numbers; {present_columns(headers)}"
        raise _broken(file, line, message, f"{_HEADER_HINT}, or name one under columns: phone_numbers")
    if lacks_id:
        message = f"has no column of external ids; {present_columns(headers)}"
        raise _broken(file, line, message, "name one under columns: external_id, or write key: phone")
    return layout


def _broken(file: DataFile, line: int, message: str, hint: str | None = None) -> BrokenDataFile:
    return BrokenDataFile(Fault(file.name, line, None, message, hint))
