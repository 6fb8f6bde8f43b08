"""A ContactList → its contacts: inline, where a bad contact is a fault, or from a data file (R-PHONE-2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b
from typing import NamedTuple

from pydantic import ValidationError

from reconciler.core.desired import DesiredContact, Json, ListRows, ObjectKey, Origin
from reconciler.core.masking import masked_name
from reconciler.errors import Fault
from reconciler.manifests.abbreviated_zones import AbbreviatedZones, is_abbreviated
from reconciler.manifests.campaign_rules import CampaignRules
from reconciler.manifests.columns import Layout
from reconciler.manifests.contacts import Numbers, desired_contact, read_numbers
from reconciler.manifests.csv_rows import read_csv
from reconciler.manifests.data_file import (
    BrokenDataFile,
    DataFile,
    DataRow,
    KnownRow,
    Row,
    UnreadableRow,
    open_data_file,
)
from reconciler.manifests.explain import describe
from reconciler.manifests.jsonl_rows import MoreToRead, read_jsonl
from reconciler.manifests.list_warnings import list_warnings
from reconciler.manifests.load import Document
from reconciler.manifests.parquet_rows import read_parquet
from reconciler.manifests.row_texts import RowTexts
from reconciler.spec.contact import MAX_NUMBERS
from reconciler.spec.contact_list import ContactListSpec, InlineContact

_KEY_HEX = 20
_CUT_SHORT = re.compile(r"\d(?:[.,]\d+)?E\+\d{1,3}")
_WHY_CUT_SHORT = "is an id that a spreadsheet cut short; format the column as text, and export again"
RowProblem = tuple[str | None, str]
"""The column, where there is one, and what is wrong there."""


class ColumnsRead(NamedTuple):
    """A CSV file, and the role that each of its columns was given."""

    file: str
    layout: Layout


@dataclass(slots=True)
class ListContent:
    """What became of a list: contacts in file order, faults that stop the plan, rows that do not.

    `columns` says how a CSV file was read; None where there is none, or no row in it.
    """

    contacts: list[DesiredContact] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    bad_rows: list[Fault] = field(default_factory=list)
    partly_bad: list[Fault] = field(default_factory=list)
    rows: ListRows = field(default_factory=ListRows)
    columns: ColumnsRead | None = None
    warnings: list[str] = field(default_factory=list)
    zones: AbbreviatedZones = field(default_factory=AbbreviatedZones)


def read_list(  # noqa: PLR0917 - all of them say what the list is and how it is read
    document: Document,
    spec: ContactListSpec,
    key: ObjectKey,
    rules: CampaignRules,
    hash_key: bytes,
    known: AbstractSet[int] = frozenset(),
) -> ListContent:
    """Read all contacts of a list. `hash_key` (at most 64 bytes) derives ids under `key: phone` (R-ID-4).

    Rows of a data file whose text hash is `known` are not read.
    """
    if spec.contacts is not None:
        content = _inline(document, spec, key, rules, hash_key)
    else:
        texts = RowTexts(known, hash_key, _how_it_is_read(spec, key, rules))
        content = _from_file(document, spec, key, rules, hash_key, texts)
    _check_expected(document, spec, content)
    return content


def id_from_number(number: str, hash_key: bytes) -> str:
    """Derive the external id of a contact from its first number, so that it is not the number (R-ID-4)."""
    digest = blake2b(number.encode(), key=hash_key).hexdigest()
    return f"phone-{digest[:_KEY_HEX]}"


def _inline(
    document: Document, spec: ContactListSpec, key: ObjectKey, rules: CampaignRules, hash_key: bytes
) -> ListContent:
    content = ListContent()
    for index, row in enumerate(spec.contacts or ()):
        path = ("spec", "contacts", index)
        numbers = read_numbers(row.phone_numbers, rules)
        for at, message in numbers.bad:
            content.faults.append(document.place.fault((*path, "phone_numbers", at), message))
        identity = row.external_id
        if identity is None and spec.key == "external_id":
            content.faults.append(document.place.fault(path, "missing field 'external_id'", _KEY_HINT))
        if identity is None and numbers.good:
            identity = id_from_number(numbers.good[0], hash_key)
        if identity is None:
            continue
        origin = Origin(document.file.name, document.item_lines[index])
        contact, problems = desired_contact(
            identity, row, numbers.good, {}, rules, origin, key, row.phone_numbers
        )
        content.faults += [document.place.fault((*path, *at), message) for at, message in problems]
        content.contacts.append(contact)
        content.zones.see(row.timezone, origin)
    content.rows = ListRows(rows=len(spec.contacts or ()))
    return content


_NO_ID = "has no external id; write one"
_NEITHER = "has neither an external id nor a phone number; leave titles, totals and notes out of the file"
_KEY_HINT = "write one, or key: phone to derive it from the number"


def _how_it_is_read(spec: ContactListSpec, key: ObjectKey, rules: CampaignRules) -> Json:
    """Give everything in the manifests that says what the rows of a list mean, and what is said of them."""
    return [str(key), spec.key, spec.columns.model_dump(mode="json"), asdict(rules)]


def _from_file(  # noqa: PLR0917 - as above
    document: Document,
    spec: ContactListSpec,
    key: ObjectKey,
    rules: CampaignRules,
    hash_key: bytes,
    texts: RowTexts,
) -> ListContent:
    file = open_data_file(document.file, spec.file or "")
    if isinstance(file, str):
        return ListContent(faults=[document.place.fault(("spec", "from"), file)])
    try:
        rows = list(_rows(file, spec, texts))
    except MoreToRead:
        return read_list(document, spec, key, rules, hash_key)
    except BrokenDataFile as broken:
        return ListContent(faults=[broken.fault])
    content = _FileReading(file, spec, key, rules, hash_key).take(rows)
    content.rows = replace(content.rows, known=texts.met)
    content.warnings += list_warnings(rows, content.bad_rows, spec.columns, rules)
    return content


def _rows(file: DataFile, spec: ContactListSpec, texts: RowTexts) -> Iterator[Row]:
    if file.is_parquet:
        return read_parquet(file, spec.columns, texts)
    if file.is_json_lines:
        return read_jsonl(file, spec.columns, texts)
    return read_csv(file, spec.columns, texts, needs_id=spec.key == "external_id")


class _FileReading:
    """Takes the rows of one data file whole, without its bad numbers, or not at all (R-PHONE-2)."""

    def __init__(
        self, file: DataFile, spec: ContactListSpec, key: ObjectKey, rules: CampaignRules, hash_key: bytes
    ) -> None:
        self._file = file
        self._by_phone = spec.key == "phone"
        self._key = key
        self._rules = rules
        self._hash_key = hash_key
        self._content = ListContent()
        self._kept: set[str] = set()
        self._derived: set[str] = set()
        self._unreadable = 0
        self._id_column: str | None = None

    def take(self, rows: Sequence[Row]) -> ListContent:
        good: dict[str, list[DesiredContact]] = {}
        for row in rows:
            if isinstance(row, KnownRow):
                continue
            if isinstance(row, UnreadableRow):
                self._unreadable += 1
                self._bad(row.line, row.column, row.message)
                continue
            self._id_column = row.columns.get("external_id") or row.columns.get("phone_numbers")
            if row.layout is not None and self._content.columns is None:
                self._content.columns = ColumnsRead(self._file.name, row.layout)
            contact = self._contact(row)
            if contact is not None:
                good.setdefault(contact.external_id, []).append(contact)
        for identity, contacts in good.items():
            if len(contacts) == 1 and identity not in self._kept:
                self._content.contacts += contacts
            else:
                self._refuse_repeated(identity, contacts)
        self._content.bad_rows.sort(key=lambda fault: fault.line or 0)
        bad = len(self._content.bad_rows)
        self._content.rows = ListRows(len(rows), bad, frozenset(self._kept), self._unreadable)
        return self._content

    def _refuse_repeated(self, identity: str, contacts: Sequence[DesiredContact]) -> None:
        """The same id on several rows: none of them is known to be the right one (R-ID-4)."""
        self._kept.add(identity)
        lines = [contact.origin.line or 0 for contact in contacts]
        what = "its first number" if identity in self._derived else f"'{masked_name(identity)}'"
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
        identity = id_from_number(numbers.good[0], self._hash_key)
        self._derived.add(identity)
        return identity

    def _made(
        self, row: DataRow, identity: str, numbers: Numbers, texts: Sequence[str], text_hash: int | None
    ) -> DesiredContact | list[RowProblem]:
        spec = self._validated(row, identity, numbers.good or tuple(texts))
        if isinstance(spec, list):
            return spec
        origin = Origin(self._file.name, row.line)
        if is_abbreviated(spec.timezone):
            text_hash = None  # it is warned of with every plan
        contact, problems = desired_contact(
            spec.external_id or identity,
            spec,
            numbers.good,
            {},
            self._rules,
            origin,
            self._key,
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


def _check_expected(document: Document, spec: ContactListSpec, content: ListContent) -> None:
    expected, rows = spec.expect_rows, content.rows.rows
    if content.faults and not rows:
        return  # the file could not be read: that is the fault to mend
    if expected.min is not None and rows < expected.min:
        message = f"{rows} rows, but at least {expected.min} are expected: is the export truncated?"
        content.faults.append(document.place.fault(("spec", "expect_rows", "min"), message))
    if expected.max is not None and rows > expected.max:
        message = f"{rows} rows, but at most {expected.max} are expected"
        content.faults.append(document.place.fault(("spec", "expect_rows", "max"), message))
