"""Declared contacts in the private database of a plan, in file order and in the order of their keys."""

from __future__ import annotations

import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from reconciler.core.desired import DesiredContact, ObjectKey, Origin, Place
from reconciler.scratch.numbers import Numbers, repeated_in
from reconciler.scratch.packed import Numbered, pack, unpack

_TABLES = (
    """CREATE TABLE contact (position INTEGER PRIMARY KEY, place INTEGER, external_id TEXT, list INTEGER,
    file INTEGER, line INTEGER, text_hash INTEGER, content BLOB)""",
    "CREATE TABLE remark (place INTEGER, kind TEXT, detail TEXT, position INTEGER)",
    "CREATE TABLE bad (external_id TEXT PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE gone (position INTEGER PRIMARY KEY)",
)
CONTENT_COLUMNS = tuple(
    f"contact.{name}" for name in ("place", "external_id", "list", "file", "line", "text_hash", "content")
)
_COLUMNS = ", ".join(("contact.position", *CONTENT_COLUMNS))
_ADD = "INSERT INTO contact VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_ADD_REMARK = "INSERT INTO remark VALUES (?, ?, ?, ?)"
_AT_ONCE = 2_000
_REPEATED = """
SELECT external_id, position, line FROM contact WHERE position >= :since AND external_id IN (
    SELECT external_id FROM contact WHERE position >= :since GROUP BY external_id HAVING count(*) > 1
    UNION SELECT external_id FROM bad)
ORDER BY external_id, position
"""
_DECLARED_AGAIN = f"""
SELECT {_COLUMNS} FROM contact JOIN (
    SELECT place, external_id, min(position) AS first FROM contact
    GROUP BY place, external_id HAVING count(*) > 1) AS several USING (place, external_id)
ORDER BY position
"""  # noqa: S608 - the columns above


class Remark(NamedTuple):
    """Something to be said of a contact: what, and about which country or the like."""

    kind: str
    detail: str = ""


class Remarked(NamedTuple):
    """The contacts of a place of which the same is to be said: how many, by detail, and the first of them."""

    total: int
    by_detail: Mapping[str, int]
    first: Sequence[DesiredContact]


class Shared(NamedTuple):
    """A number (E.164), and contacts of one place that it stands under, in file order."""

    number: str
    contacts: Sequence[DesiredContact]


_PackedRow = tuple[int | None, str, int | None, Sequence[str], bytes, Sequence[tuple[str, str]]]
"""Line, external id, text hash, numbers, what else there is, packed, and remarks."""


def packed(contacts: Iterable[tuple[DesiredContact, Sequence[Remark]]]) -> bytes:
    """Pack contacts with what is to be said of them: much of the work of adding them is done by that."""
    places, lists, files = Numbered[tuple[str, str]](), Numbered[ObjectKey | None](), Numbered[str]()
    rows = [
        (
            places.number((contact.org, contact.campaign or "")),
            lists.number(contact.list),
            files.number(contact.origin.file),
            _packed_row(contact, remarks),
        )
        for contact, remarks in contacts
    ]
    return pack((places.values, [key and tuple(key) for key in lists.values], files.values, rows))


def _packed_row(contact: DesiredContact, remarks: Sequence[Remark]) -> _PackedRow:
    fields = contact.fields
    content = pack((fields, contact.fields_hash, contact.source_hash))
    said = [(kind, detail) for kind, detail in remarks]
    return (
        contact.origin.line,
        contact.external_id,
        contact.text_hash,
        fields["phone_numbers"],
        content,
        said,
    )


class ScratchContacts:
    """Declared contacts (core.desired.DesiredContacts), to which more are added as they are read."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._places: Numbered[tuple[str, str]] = Numbered()
        self._lists: Numbered[ObjectKey | None] = Numbered()
        self._files: Numbered[str] = Numbered()
        self._rows: list[tuple[Any, ...]] = []
        self._numbers: defaultdict[int, Numbers] = defaultdict(Numbers)
        self._shared: dict[int, Mapping[str, Sequence[int]]] = {}
        self._ids = array("q")
        self._gone: set[int] = set()
        self._remarks: list[tuple[int, str, str, int]] = []
        self.end = 0
        for table in _TABLES:
            connection.execute(table)

    def add(self, contact: DesiredContact, remarks: Sequence[Remark] = ()) -> None:
        """Add a contact behind all others, with what is to be said of it."""
        place = self._places.number((contact.org, contact.campaign or ""))
        list_, file = self._lists.number(contact.list), self._files.number(contact.origin.file)
        self._put(place, list_, file, _packed_row(contact, remarks))

    def add_packed(self, contacts: bytes) -> None:
        """Add contacts, as `packed` has packed them, behind all others."""
        places, lists, files, rows = unpack(contacts)
        place_numbers = [self._places.number(place) for place in places]
        list_numbers = [self._lists.number(key and ObjectKey(*key)) for key in lists]
        file_numbers = [self._files.number(file) for file in files]
        for place, list_, file, row in rows:
            self._put(place_numbers[place], list_numbers[list_], file_numbers[file], row)

    def _put(self, place: int, list_: int, file: int, row: _PackedRow) -> None:
        line, external_id, text_hash, numbers, content, remarks = row
        position = self.end
        self._rows.append((position, place, external_id, list_, file, line, text_hash, content))
        self._ids.append(hash(external_id))
        its_numbers = self._numbers[place]
        for number in numbers:
            its_numbers.add(number, position)
        if remarks:
            self._remarks += [(place, kind, detail, position) for kind, detail in remarks]
        self.end += 1
        if len(self._rows) >= _AT_ONCE:
            self._flush()

    def __len__(self) -> int:
        return self.end - len(self._gone)

    def __iter__(self) -> Iterator[DesiredContact]:
        return (contact for _, contact in self._read("ORDER BY position"))

    def by_key(self) -> Iterator[tuple[int, DesiredContact]]:
        """Give them in the order of place and external id, each with its position in file order."""
        for place in sorted(self._places.values):
            given = (self._places.number(place),)
            yield from self._read("WHERE place = ? ORDER BY external_id", given)

    def places(self) -> Mapping[Place, int]:
        """Count them by place."""
        counts = self._all("SELECT place, count(*) FROM contact GROUP BY place")
        return {Place(*self._places.values[place]): count for place, count in counts}

    def remove_since(self, position: int) -> None:
        """Remove what was added from a position on."""
        self._flush()
        gone = self._all("SELECT position FROM contact WHERE position >= ?", (position,))
        self._remove(at for (at,) in gone)

    def take_repeated(self, since: int, bad: Iterable[str]) -> Iterator[tuple[str, Sequence[int]]]:
        """Remove contacts added from a position on whose id is not theirs alone, or that of a `bad` row.

        Gives each id with the lines where it stands.
        """
        bad = tuple(bad)
        if not bad and not any(repeated_in(self._ids[since:])):
            return iter(())
        self._connection.execute("DELETE FROM bad")
        self._connection.executemany("INSERT INTO bad VALUES (?)", ((name,) for name in bad))
        found: dict[str, list[int]] = {}
        rows = self._all(_REPEATED, {"since": since})
        for external_id, _, line in rows:
            found.setdefault(external_id, []).append(line)
        self._remove(position for _, position, _ in rows)
        return iter(found.items())

    def take_declared_again(self) -> Iterator[tuple[DesiredContact, DesiredContact]]:
        """Remove contacts whose id was declared in their place before: each with the one that came first."""
        if not any(repeated_in(self._ids)):
            return iter(())
        first: dict[tuple[Place, str], DesiredContact] = {}
        again = []
        for position, contact in self._contacts(self._all(_DECLARED_AGAIN)):
            earlier = first.setdefault((contact.place, contact.external_id), contact)
            if earlier is not contact:
                again.append((position, contact, earlier))
        self._remove(position for position, _, _ in again)
        return ((contact, earlier) for _, contact, earlier in again)

    def remarked(self, place: Place, kind: str, samples: int) -> Remarked | None:
        """Give the contacts of a place of which this is to be said; None where there are none."""
        given = (self._places.number(place), kind)
        counts = "SELECT detail, count(*) FROM remark WHERE place = ? AND kind = ? GROUP BY detail"
        by_detail = dict(self._all(counts, given))
        if not by_detail:
            return None
        positions = "SELECT position FROM remark WHERE place = ? AND kind = ? ORDER BY position LIMIT ?"
        first = self._at([at for (at,) in self._all(positions, (*given, samples))])
        return Remarked(sum(by_detail.values()), by_detail, first)

    def find_shared(self) -> None:
        """Look for numbers that stand under several contacts of one place; their contacts lose their hash."""
        self._shared = {place: numbers.shared(self._gone) for place, numbers in self._numbers.items()}
        given_up = {at for found in self._shared.values() for several in found.values() for at in several}
        self._flush()
        lose = "UPDATE contact SET text_hash = NULL WHERE position = ?"
        self._connection.executemany(lose, ((position,) for position in given_up))

    def shared(self, place: Place, samples: int) -> tuple[int, Sequence[Shared]]:
        """Count the numbers that were found to be shared in a place; give the first, in file order."""
        found = self._shared.get(self._places.number(place), {})
        first = islice(found.items(), samples)
        return len(found), [Shared(number, self._at(at[: samples + 1])) for number, at in first]

    def ids_in(self, place: Place) -> Iterator[str]:
        """Give the external ids of the contacts of a place."""
        rows = self._each("SELECT external_id FROM contact WHERE place = ?", (self._places.number(place),))
        return (external_id for (external_id,) in rows)

    def numbers_in(self, place: Place) -> Iterator[str]:
        """Give the numbers (E.164) of the contacts of a place."""
        return self._numbers[self._places.number(place)].all(self._gone)

    def _at(self, positions: Sequence[int]) -> list[DesiredContact]:
        marks = ", ".join("?" * len(positions))
        found = self._read(f"WHERE position IN ({marks}) ORDER BY position", tuple(positions))
        return [contact for _, contact in found]

    def _read(self, which: str, given: tuple[Any, ...] = ()) -> Iterator[tuple[int, DesiredContact]]:
        return self._contacts(self._each(f"SELECT {_COLUMNS} FROM contact {which}", given))  # noqa: S608 - written here

    def _contacts(self, rows: Iterable[Any]) -> Iterator[tuple[int, DesiredContact]]:
        return ((position, self.contact(columns)) for position, *columns in rows)

    def contact(self, columns: Sequence[Any]) -> DesiredContact:
        """Give a contact from its CONTENT_COLUMNS."""
        place, external_id, list_, file, line, text_hash, content = columns
        org, campaign = self._places.values[place]
        fields, fields_hash, source_hash = unpack(content)
        return DesiredContact(
            org,
            campaign or None,
            external_id,
            fields,
            fields_hash,
            source_hash,
            Origin(self._files.values[file], line),
            self._lists.values[list_],
            text_hash,
        )

    def _remove(self, positions: Iterable[int]) -> None:
        gone = set(positions) - self._gone
        self._gone |= gone
        self._connection.execute("DELETE FROM gone")
        self._connection.executemany("INSERT INTO gone VALUES (?)", ((at,) for at in gone))
        for table in ("contact", "remark") if gone else ():
            which = "position IN (SELECT position FROM gone)"
            self._connection.execute(f"DELETE FROM {table} WHERE {which}")  # noqa: S608 - written here

    def _all(self, query: str, given: Any = ()) -> list[Any]:  # noqa: ANN401 - values by place or name
        return self._each(query, given).fetchall()

    def _each(self, query: str, given: Any = ()) -> sqlite3.Cursor:  # noqa: ANN401 - values by place or name
        self._flush()
        return self._connection.execute(query, given)

    def _flush(self) -> None:
        waiting: tuple[tuple[str, list[Any]], ...] = (
            (_ADD, self._rows),
            (_ADD_REMARK, self._remarks),
        )
        for statement, rows in waiting:
            if rows:
                self._connection.executemany(statement, rows)
                rows.clear()
