"""A ContactList from a data file: each row whole, without its bad numbers, or not at all (R-PHONE-2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace

from pydantic import ValidationError

from reconciler.core.desired import DesiredContact, Json, ListRows, Origin, WholeFile
from reconciler.core.known_rows import KnownRows, NothingKnown
from reconciler.core.masking import masked_name
from reconciler.errors import Fault
from reconciler.manifests.abbreviated_zones import is_abbreviated
from reconciler.manifests.contacts import Numbers, desired_contact, is_plain, plain_contact, read_numbers
from reconciler.manifests.csv_rows import read_csv
from reconciler.manifests.data_file import (
    BrokenDataFile,
    DataFile,
    DataRow,
    Row,
    UnreadableRow,
    open_data_file,
)
from reconciler.manifests.explain import describe
from reconciler.manifests.jsonl_rows import MoreToRead, read_jsonl
from reconciler.manifests.list_content import ColumnsRead, ListContent, ListToRead
from reconciler.manifests.list_warnings import FirstRows
from reconciler.manifests.parquet_rows import read_parquet
from reconciler.manifests.remarks import declare
from reconciler.manifests.row_texts import RowTexts, digest_of
from reconciler.scratch.contacts import ScratchContacts
from reconciler.spec.contact import MAX_NUMBERS
from reconciler.spec.contact_list import ContactListSpec, InlineContact

_CUT_SHORT = re.compile(r"\d(?:[.,]\d+)?E\+\d{1,3}")
_WHY_CUT_SHORT = "is an id that a spreadsheet cut short; format the column as text, and export again"
RowProblem = tuple[str | None, str]
"""The column, where there is one, and what is wrong there."""
_NO_ID = "has no external id; write one"
_NEITHER = "has neither an external id nor a phone number; leave titles, totals and notes out of the file"


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
    how = _how_it_is_read(one)
    digest, whole = digest_of(file, one.hash_key, how), known.whole_list(one.key)
    if whole is not None and whole.digest == digest:
        return ListContent(rows=ListRows(whole.texts.rows, file=whole, unread=whole.texts.rows))
    texts = RowTexts(known.of_list(one.key), one.hash_key, how)
    content = _FileReading(file, one, into).take(_rows(file, one.spec, texts), texts)
    if not content.says_something:
        content.rows = replace(content.rows, file=WholeFile(digest, texts.sum()))
    return content


def _how_it_is_read(one: ListToRead) -> Json:
    """Give everything in the manifests that says what the rows of a list mean, and what is said of them."""
    return [str(one.key), one.spec.key, one.spec.columns.model_dump(mode="json"), asdict(one.rules)]


def _rows(file: DataFile, spec: ContactListSpec, texts: RowTexts) -> Iterator[Row]:
    if file.is_parquet:
        return read_parquet(file, spec.columns, texts)
    if file.is_json_lines:
        return read_jsonl(file, spec.columns, texts)
    return read_csv(file, spec.columns, texts, needs_id=spec.key == "external_id")


class _FileReading:
    """Takes the rows of one data file whole, without its bad numbers, or not at all (R-PHONE-2)."""

    def __init__(self, file: DataFile, one: ListToRead, into: ScratchContacts) -> None:
        self._file = file
        self._list = one
        self._into = into
        self._by_phone = one.spec.key == "phone"
        self._rules = one.rules
        self._content = ListContent()
        self._kept: set[str] = set()
        self._unreadable = 0
        self._id_column: str | None = None

    def take(self, rows: Iterable[Row], texts: RowTexts) -> ListContent:
        content, first_rows, since, count = self._content, FirstRows(), self._into.end, 0
        for row in rows:
            count += 1
            first_rows.see(row)
            if isinstance(row, DataRow):
                self._take(row)
            elif isinstance(row, UnreadableRow):
                self._unreadable += 1
                self._bad(row.line, row.column, row.message)
        for identity, lines in self._into.take_repeated(since, self._kept):
            self._refuse_repeated(identity, lines)
        content.bad_rows.sort(key=lambda fault: fault.line or 0)
        content.rows = ListRows(
            count, len(content.bad_rows), frozenset(self._kept), self._unreadable, texts.known()
        )
        content.warnings += first_rows.warnings(count, content.bad_rows, self._list.spec.columns, self._rules)
        return content

    def _take(self, row: DataRow) -> None:
        self._id_column = row.columns.get("external_id") or row.columns.get("phone_numbers")
        if row.layout is not None and self._content.columns is None:
            self._content.columns = ColumnsRead(self._file.name, row.layout)
        contact = self._contact(row)
        if contact is not None:
            declare(contact, self._rules, self._into)

    def _refuse_repeated(self, identity: str, lines: Sequence[int]) -> None:
        """The same id on several rows: none of them is known to be the right one (R-ID-4)."""
        self._kept.add(identity)
        derived = self._by_phone and self._list.is_derived(identity)
        what = "its first number" if derived else f"'{masked_name(identity)}'"
        for line in lines:
            others = ", ".join(str(other) for other in lines if other != line)
            where = f"also on line {others}" if others else "also on a row that is bad"
            self._bad(line, self._id_column, f"{what} stands on several rows: {where}")

    def _contact(self, row: DataRow) -> DesiredContact | None:
        if row.external_id is not None and _CUT_SHORT.fullmatch(row.external_id):
            self._unreadable += 1
            self._bad(row.line, row.columns.get("external_id"), f"'{row.external_id}' {_WHY_CUT_SHORT}")
            return None
        texts = [number for _, number in row.numbers]
        numbers = read_numbers(texts, self._rules)
        bad_numbers: list[RowProblem] = [(row.numbers[at][0], message) for at, message in numbers.bad]
        identity = row.external_id or self._derived_id(numbers)
        unread = self._rules.default_country is None and bool(texts) and not bad_numbers
        if identity is None:
            column = row.columns.get("phone_numbers" if self._by_phone else "external_id")
            what = _NO_ID if texts else _NEITHER
            problems = bad_numbers or [(column, what)]
        elif not numbers.good and not unread:
            problems = bad_numbers or [(row.columns.get("phone_numbers"), "has no phone number")]
        else:
            text_hash = None if bad_numbers else row.text_hash  # a bad number is told with every plan
            made = self._made(row, identity, numbers, texts, text_hash)
            if isinstance(made, DesiredContact):
                self._content.partly_bad += [
                    Fault(self._file.name, row.line, column, message) for column, message in bad_numbers
                ]
                return made
            problems = made
        self._skip(row, problems)
        return None

    def _derived_id(self, numbers: Numbers) -> str | None:
        """Derive an id, unless the first number cannot be read: another one would make it another contact."""
        first_is_bad = any(at == 0 for at, _ in numbers.bad)
        if not self._by_phone or first_is_bad or not numbers.good:
            return None
        return self._list.id_from_number(numbers.good[0])

    def _made(
        self, row: DataRow, identity: str, numbers: Numbers, texts: Sequence[str], text_hash: int | None
    ) -> DesiredContact | list[RowProblem]:
        origin = Origin(self._file.name, row.line)
        if row.is_plain and is_plain(identity, numbers.good):
            return plain_contact(
                identity, row.data, numbers.good, texts, self._rules, origin, self._list.key, text_hash
            )
        spec = self._validated(row, identity, numbers.good or tuple(texts))
        if isinstance(spec, list):
            return spec
        if is_abbreviated(spec.timezone):
            text_hash = None  # it is warned of with every plan
        contact, problems = desired_contact(
            spec.external_id or identity,
            spec,
            numbers.good,
            {},
            self._rules,
            origin,
            self._list.key,
            texts,
            text_hash,
        )
        if problems:
            return [(self._column(row, path), message) for path, message in problems]
        self._content.zones.see(spec.timezone, origin)
        return contact

    def _validated(
        self, row: DataRow, identity: str, numbers: tuple[str, ...]
    ) -> InlineContact | list[RowProblem]:
        if len(numbers) > MAX_NUMBERS:
            return [(self._column(row, ("phone_numbers",)), f"has more than {MAX_NUMBERS} numbers")]
        raw = {**row.fields, "external_id": identity, "phone_numbers": numbers, "data": row.data}
        try:
            return InlineContact.model_validate(raw)
        except ValidationError as error:
            return [
                (self._column(row, found["loc"]), describe(found, list(found["loc"]), InlineContact)[0])
                for found in error.errors(include_url=False)
            ]

    def _skip(self, row: DataRow, problems: Sequence[RowProblem]) -> None:
        """Leave a row out; the contact that it names stays as it is (R-PHONE-2)."""
        if row.external_id is None:
            self._unreadable += 1
        else:
            self._kept.add(row.external_id)
        column, message = problems[0]
        self._bad(row.line, column, message)

    def _column(self, row: DataRow, path: Sequence[str | int]) -> str | None:
        return row.columns.get(str(path[0])) if path else None

    def _bad(self, line: int, column: str | None, message: str) -> None:
        self._content.bad_rows.append(Fault(self._file.name, line, column, message))
