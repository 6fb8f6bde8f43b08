"""Rows of a data file → contacts: each whole, without its bad numbers, or not at all (R-PHONE-2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from reconciler.core.desired import DesiredContact, Origin
from reconciler.errors import Fault
from reconciler.manifests.abbreviated_zones import AbbreviatedZones, is_abbreviated
from reconciler.manifests.contacts import Numbers, desired_contact, is_plain, plain_contact, read_numbers
from reconciler.manifests.data_file import DataRow, Row, UnreadableRow
from reconciler.manifests.explain import describe
from reconciler.manifests.list_content import ListToRead
from reconciler.manifests.remarks import remarks_on
from reconciler.scratch.contacts import Remark, packed
from reconciler.spec.contact import MAX_NUMBERS
from reconciler.spec.contact_list import InlineContact

_CUT_SHORT = re.compile(r"\d(?:[.,]\d+)?E\+\d{1,3}")
_WHY_CUT_SHORT = "is an id that a spreadsheet cut short; format the column as text, and export again"
RowProblem = tuple[str | None, str]
"""The column, where there is one, and what is wrong there."""
_NO_ID = "has no external id; write one"
_NEITHER = "has neither an external id nor a phone number; leave titles, totals and notes out of the file"


@dataclass(slots=True)
class RowsRead:
    """What some rows came to: contacts with what is to be said of them, and rows and numbers that are bad.

    `contacts` are packed (scratch.contacts), for they may have been read by another process.
    `kept` are ids of bad rows, `unreadable_ids` counts bad rows without one; `id_column` is where ids stand.
    """

    contacts: bytes = b""
    bad: list[Fault] = field(default_factory=list)
    partly_bad: list[Fault] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)
    unreadable_ids: int = 0
    zones: AbbreviatedZones = field(default_factory=AbbreviatedZones)
    id_column: str | None = None


def read_rows(file_name: str, one: ListToRead, rows: Sequence[Row]) -> RowsRead:
    """Read rows of one data file, each by itself: what several have to do with each other is seen later."""
    reader = _RowReader(file_name, one)
    for row in rows:
        reader.take(row.read())
    reader.read.contacts = packed(reader.contacts)
    return reader.read


class _RowReader:
    def __init__(self, file_name: str, one: ListToRead) -> None:
        self.read = RowsRead()
        self.contacts: list[tuple[DesiredContact, Sequence[Remark]]] = []
        self._file = file_name
        self._list = one
        self._by_phone = one.spec.key == "phone"
        self._rules = one.rules

    def take(self, row: DataRow | UnreadableRow) -> None:
        if isinstance(row, UnreadableRow):
            self.read.unreadable_ids += 1
            self._bad(row.line, row.column, row.message)
            return
        self.read.id_column = row.columns.get("external_id") or row.columns.get("phone_numbers")
        contact = self._contact(row)
        if contact is not None:
            remarks = remarks_on(contact, self._rules)
            self.contacts.append((contact._replace(text_hash=None) if remarks else contact, remarks))

    def _contact(self, row: DataRow) -> DesiredContact | None:
        if row.external_id is not None and _CUT_SHORT.fullmatch(row.external_id):
            self.read.unreadable_ids += 1
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
                self.read.partly_bad += [
                    Fault(self._file, row.line, column, message) for column, message in bad_numbers
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
        origin = Origin(self._file, row.line)
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
        self.read.zones.see(spec.timezone, origin)
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
            self.read.unreadable_ids += 1
        else:
            self.read.kept.add(row.external_id)
        column, message = problems[0]
        self._bad(row.line, column, message)

    def _column(self, row: DataRow, path: Sequence[str | int]) -> str | None:
        return row.columns.get(str(path[0])) if path else None

    def _bad(self, line: int, column: str | None, message: str) -> None:
        self.read.bad.append(Fault(self._file, line, column, message))
