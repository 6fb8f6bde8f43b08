"""CSV as real CRMs write it → rows, each with the physical line on which it starts (R-MAN-4)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import TextIO

from reconciler.core.phones import mask_numbers_in
from reconciler.errors import Fault
from reconciler.manifests.columns import Layout, is_data, lay_out, missing_columns, present_columns
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
from reconciler.spec.contact_list import Columns

DELIMITERS = (",", ";", "\t", "|")
_EXCEL_SEPARATOR_LINE = 5  # `sep=;`
_HEADER_HINT = "begin the file with the header"
_TEXT_FORMULA = re.compile(r'\s*="([^"]*)"\s*')


def read_csv(file: DataFile, columns: Columns, texts: RowTexts, *, needs_id: bool) -> Iterator[Row]:
    """Yield the rows of a CSV file: any of four delimiters, any line ends, quoted line ends, a header.

    Skipped are blank rows, and the header where it stands once more because exports were joined. A short row
    lacks its last cells; a row with more cells than headers, or with quotes that do not close, is unreadable.
    `needs_id`: a file without a column for ids is refused. Rows that `texts` recognises are not read.
    Raises BrokenDataFile.
    """
    text = text_of(file)
    delimiter = _sniff(text[: MAX_ROW + 1], columns)
    rows = _Rows(file, _Lines(file.lines()), delimiter, has_formulas='="' in text)
    del text  # rows are decoded once more, as they come: the text of a large file is large
    header = next(rows, None)
    if header is None or isinstance(header, UnreadableRow):
        raise _broken(file, 1, "has no header", "the first line names the columns, such as external_id,phone")
    line, cells = header
    layout = _checked_layout(file, line, [cell.strip() for cell in cells], columns, needs_id=needs_id)
    texts.below(layout.headers)
    for row in rows:
        if isinstance(row, UnreadableRow):
            yield row
            continue
        text_hash = texts.hash_of(row[1])
        if texts.recognises(text_hash):
            yield KnownRow.KNOWN
        elif not _repeats(layout, row[1]):
            yield _data_row(file, row, layout, text_hash)


def _repeats(layout: Layout, cells: list[str]) -> bool:
    return cells[0].strip("\ufeff ") == layout.headers[0] and [*map(str.strip, cells[1:])] == [
        *layout.headers[1:]
    ]


class _Lines:
    """The lines of a text, line ends kept, that refuses to give one row more than MAX_ROW characters."""

    def __init__(self, stream: TextIO) -> None:
        self.size = 0
        self.skipped = 0
        self._stream = stream
        first = stream.read(_EXCEL_SEPARATOR_LINE + 1).rstrip("\r\n")
        stream.seek(0)
        if len(first) == _EXCEL_SEPARATOR_LINE and first.casefold().startswith("sep="):
            stream.readline()
            self.skipped = 1

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._stream.readline()
        if not line:
            raise StopIteration
        self.size += len(line)
        if self.size > MAX_ROW:
            raise _RowTooLongError
        return line


class _RowTooLongError(Exception):
    """A row exceeds MAX_ROW."""


class _Rows:
    """Iterates over (line, cells) of the rows that are not blank, and over rows that cannot be read."""

    def __init__(self, file: DataFile, lines: _Lines, delimiter: str, *, has_formulas: bool) -> None:
        csv.field_size_limit(max(csv.field_size_limit(), MAX_ROW))  # the module has one limit, for everybody
        self._file = file
        self._lines = lines
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True)
        self._has_formulas = has_formulas

    def __iter__(self) -> _Rows:
        return self

    def __next__(self) -> tuple[int, list[str]] | UnreadableRow:
        while True:
            line = self._lines.skipped + self._reader.line_num + 1
            self._lines.size = 0
            try:
                cells = next(self._reader)
            except csv.Error as fault:
                if "unexpected end of data" in str(fault):
                    hint = "every row after it is part of one cell; close the quote"
                    raise _broken(self._file, line, "has a quote that is never closed", hint) from None
                return UnreadableRow(line, None, "has a quote inside a quoted cell; double it")
            except _RowTooLongError:
                hint = "is a quote left open on this line?"
                raise _broken(self._file, line, "has a row longer than 1 MiB", hint) from None
            if any(cells):
                return line, [_without_formula(cell) for cell in cells] if self._has_formulas else cells


def _without_formula(cell: str) -> str:
    """Read `="0123"`, which keeps spreadsheets from taking a text for a number, as that text."""
    formula = _TEXT_FORMULA.fullmatch(cell)
    return formula[1] if formula else cell


def _sniff(text: str, columns: Columns) -> str:
    """Choose the delimiter under which the header makes most sense."""
    first = text[: _EXCEL_SEPARATOR_LINE + 1].rstrip("\r\n")
    if len(first) == _EXCEL_SEPARATOR_LINE and first.casefold().startswith("sep=") and first[4] in DELIMITERS:
        return first[4]
    return max(DELIMITERS, key=lambda delimiter: _plausibility(text, delimiter, columns))


def _plausibility(text: str, delimiter: str, columns: Columns) -> tuple[int, int]:
    try:
        header = next(
            (
                row
                for row in csv.reader(_Lines(io.StringIO(text, newline="")), delimiter=delimiter)
                if any(row)
            ),
            [],
        )
    except (csv.Error, _RowTooLongError):
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


def _data_row(
    file: DataFile, row: tuple[int, list[str]], layout: Layout, text_hash: int
) -> DataRow | UnreadableRow:
    line, cells = row
    headers = layout.headers
    if len(cells) < len(headers):
        cells += [""] * (len(headers) - len(cells))
    elif any(cells[len(headers) :]):
        message = f"has {len(cells)} cells, but the header names {len(headers)}; quote cells with delimiters"
        return UnreadableRow(line, None, message)
    fields = {field: text for field, index in layout.fields.items() if (text := cells[index].strip())}
    nameless = next((i for i, header in enumerate(headers) if not header and cells[i]), None)
    if nameless is not None:
        raise _broken(file, line, f"has a value in column {nameless + 1}, which has no header", "name it")
    return DataRow(
        line,
        fields.pop("external_id", None),
        [(headers[i], number) for i in layout.numbers for number in split_numbers(cells[i])],
        fields,
        {headers[i]: cells[i] for i in layout.rest if cells[i]},
        layout.column_names,
        layout,
        text_hash,
    )


def _broken(file: DataFile, line: int, message: str, hint: str | None = None) -> BrokenDataFile:
    return BrokenDataFile(Fault(file.name, line, None, message, hint))
