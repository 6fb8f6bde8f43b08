"""A ContactList from a data file: what is not known of it is read by all cores, portion by portion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from reconciler.core.desired import ListRows, WholeFile
from reconciler.core.known_rows import KnownRows, NothingKnown
from reconciler.core.masking import masked_name
from reconciler.errors import Fault
from reconciler.manifests.csv_rows import read_csv
from reconciler.manifests.data_file import (
    BrokenDataFile,
    DataFile,
    Row,
    open_data_file,
)
from reconciler.manifests.jsonl_rows import MoreToRead, read_jsonl
from reconciler.manifests.list_content import ColumnsRead, ListContent, ListToRead
from reconciler.manifests.list_warnings import FirstRows
from reconciler.manifests.parquet_rows import read_parquet
from reconciler.manifests.row_reader import read_rows
from reconciler.manifests.row_texts import RowTexts, digest_of
from reconciler.manifests.several_processes import in_order
from reconciler.scratch.contacts import ScratchContacts
from reconciler.spec.contact_list import ContactListSpec

AT_ONCE = 500
"""Rows of one portion."""


def read_file(one: ListToRead, known: KnownRows, into: ScratchContacts) -> ListContent:
    """Read the contacts of a data file; known rows are not read, nor is a file that is known as a whole."""
    file = open_data_file(one.document.file, one.spec.file or "")
    if isinstance(file, str):
        return ListContent(faults=[one.document.place.fault(("spec", "from"), file)])
    since = into.end
    try:
        return _read(file, one, known, into)
    except MoreToRead:
        into.remove_since(since)
        return read_file(one, NothingKnown(), into)
    except BrokenDataFile as broken:
        into.remove_since(since)
        return ListContent(faults=[broken.fault])
    except (OSError, UnicodeDecodeError) as fault:
        into.remove_since(since)
        return ListContent(faults=[Fault(file.name, None, None, f"changed while it was read: {fault}")])


def _read(file: DataFile, one: ListToRead, known: KnownRows, into: ScratchContacts) -> ListContent:
    how = one.how_it_is_read()
    digest, lines = digest_of(file, one.hash_key, how)
    whole = known.whole_list(one.key, digest)
    if whole is not None:
        return ListContent(rows=ListRows(whole.texts.rows, file=whole, unread=whole.texts.rows))
    texts = RowTexts(known.of_list(one.key), one.hash_key, how)
    expected = 0 if file.is_parquet else lines  # of Parquet nobody knows before it is read
    content = _FileReading(file, one, into, expected).take(_rows(file, one.spec, texts), texts)
    if not content.says_something:
        content.rows = replace(content.rows, file=WholeFile(digest, texts.sum()))
    return content


def _rows(file: DataFile, spec: ContactListSpec, texts: RowTexts) -> Iterator[Row]:
    if file.is_parquet:
        return read_parquet(file, spec.columns, texts)
    if file.is_json_lines:
        return read_jsonl(file, spec.columns, texts)
    return read_csv(file, spec.columns, texts, needs_id=spec.key == "external_id")


class _FileReading:
    """Gathers what the rows of one data file come to, portion by portion."""

    def __init__(self, file: DataFile, one: ListToRead, into: ScratchContacts, expected: int) -> None:
        self._expected = expected
        self._file = file
        self._list = one
        self._into = into
        self._content = ListContent()
        self._first_rows = FirstRows()
        self._count = 0
        self._broken: BrokenDataFile | None = None

    def take(self, rows: Iterable[Row], texts: RowTexts) -> ListContent:
        content, since, kept, unreadable = self._content, self._into.end, set[str](), 0
        id_column = None
        read = partial(read_rows, self._file.name, self._list)
        for found in in_order(read, self._portions(rows, texts)):
            self._into.add_packed(found.contacts)
            content.bad_rows += found.bad
            content.partly_bad += found.partly_bad
            content.zones.add(found.zones)
            kept |= found.kept
            unreadable += found.unreadable_ids
            id_column = found.id_column or id_column
            self._list.progressing(self._count + texts.met, self._expected)
        if self._broken is not None:
            raise self._broken
        for identity, lines in self._into.take_repeated(since, kept):
            kept.add(identity)
            content.bad_rows += self._repeated(identity, lines, id_column)
        content.bad_rows.sort(key=lambda fault: fault.line or 0)
        if (layout := self._first_rows.layout) is not None:
            content.columns = ColumnsRead(self._file.name, layout)
        bad, spec, rules = content.bad_rows, self._list.spec, self._list.rules
        count = self._count + texts.met
        content.rows = ListRows(count, len(bad), frozenset(kept), unreadable, texts.known())
        content.warnings += self._first_rows.warnings(count, bad, spec.columns, rules)
        return content

    def _portions(self, rows: Iterable[Row], texts: RowTexts) -> Iterator[Sequence[Row]]:
        """Give the rows that are to be read, up to the first fault of the whole file."""
        portion: list[Row] = []
        try:
            for row in rows:
                self._count += 1
                self._first_rows.see(row, is_at_the_top=texts.is_at_the_top)
                portion.append(row)
                if len(portion) == AT_ONCE:
                    yield portion
                    portion = []
        except BrokenDataFile as broken:
            self._broken = broken  # a row before it may break the file, too: that comes out when it is read
        if portion:
            yield portion

    def _repeated(self, identity: str, lines: Sequence[int], column: str | None) -> Iterator[Fault]:
        """The same id on several rows: none of them is known to be the right one (R-ID-4)."""
        derived = self._list.spec.key == "phone" and self._list.is_derived(identity)
        what = "its first number" if derived else f"'{masked_name(identity)}'"
        for line in lines:
            others = ", ".join(str(other) for other in lines if other != line)
            where = f"also on line {others}" if others else "also on a row that is bad"
            yield Fault(self._file.name, line, column, f"{what} stands on several rows: {where}")
