"""Changes of contacts in the private database of a plan, in the order in which they were planned."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from reconciler.core.desired import DesiredContact, ObjectKey, Origin
from reconciler.core.plan.change import Action, Attribution, Cause, ContactChange, creation
from reconciler.core.plan.contact_changes import PlainRow
from reconciler.scratch.contacts import CONTENT_COLUMNS, ScratchContacts
from reconciler.scratch.packed import Numbered, pack, unpack

_COLUMNS = "seq INTEGER PRIMARY KEY, created INTEGER, position INTEGER, status TEXT, content BLOB"
_READ = ", ".join(("change.position", "change.status", "change.content", *CONTENT_COLUMNS))
_AT_ONCE = 2_000


class ScratchChanges:
    """The changes of a plan's contacts (core.plan.contact_changes.ContactChanges), in a table of its own.

    Of a contact that is declared in the same database, and new, nothing is kept but its position and status:
    the rest stands there.
    """

    def __init__(self, connection: sqlite3.Connection, table: str, contacts: ScratchContacts) -> None:
        self._connection = connection
        self._table = table
        self._contacts = contacts
        self._lists: Numbered[ObjectKey | None] = Numbered()
        self._rows: list[tuple[Any, ...]] = []
        self._count = 0
        self._set_aside = SetAside(connection, f"{table}_rows")
        connection.execute(f"CREATE TABLE {table} ({_COLUMNS})")

    def add(self, change: ContactChange) -> None:
        """Add the next one."""
        created = change.action is Action.CREATE
        stands_there = created and change.position < self._contacts.end
        content = None if stands_there else pack(self._packed(change))
        status = None if change.status_after is None else str(change.status_after)
        self._rows.append((self._count, created, change.position, status, content))
        self._count += 1
        if len(self._rows) >= _AT_ONCE:
            self._flush()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[ContactChange]:
        return self._read("ORDER BY change.seq")

    def creations(self) -> Iterator[ContactChange]:
        """Give the new contacts in file order, which is dialing order (R-DIAL-2)."""
        self._flush()
        index = f"CREATE INDEX IF NOT EXISTS {self._table}_created ON {self._table} (position) WHERE created"
        self._connection.execute(index)
        return self._read("WHERE change.created ORDER BY change.position")

    def others(self) -> Iterator[ContactChange]:
        """Give the contacts that are there already, in order."""
        return self._read("WHERE NOT change.created ORDER BY change.seq")

    def set_aside(self, rows: Iterable[PlainRow]) -> Iterable[PlainRow]:
        """Keep rows that were made of these changes; those that were kept before are given up."""
        self._set_aside.replace(rows)
        return self._set_aside

    def drop(self) -> None:
        """Give everything up."""
        self._set_aside.drop()
        self._connection.execute(f"DROP TABLE {self._table}")

    def _packed(self, change: ContactChange) -> tuple[Any, ...]:
        key, desired, by = change.key, change.desired, change.changed_by
        wanted = (
            None
            if desired is None
            else (desired.fields, desired.fields_hash, desired.source_hash, desired.text_hash)
        )
        as_wanted = desired is not None and change.after is desired.fields
        return (
            str(change.action),
            str(change.cause),
            tuple(key),
            None if change.origin is None else tuple(change.origin),
            wanted,
            None if change.contact_id is None else change.contact_id.bytes,
            change.before,
            None if as_wanted else change.after,
            change.after_hash,
            None if change.status_before is None else str(change.status_before),
            self._lists.number(change.list_before),
            self._lists.number(change.list_after),
            None if by is None else (by.actor, by.at.isoformat()),
        )

    def _read(self, which: str) -> Iterator[ContactChange]:
        self._flush()
        declared = "contact ON change.content IS NULL AND contact.position = change.position"
        query = f"SELECT {_READ} FROM {self._table} AS change LEFT JOIN {declared} {which}"  # noqa: S608 - written here
        for position, status, content, *contact in self._connection.execute(query):
            if content is None:
                yield creation(self._contacts.contact(contact), position, status)
            else:
                yield self._unpacked(position, status, unpack(content))

    def _unpacked(self, position: int, status_after: str | None, packed: tuple[Any, ...]) -> ContactChange:
        (action, cause, key, origin, wanted, contact_id, before, after, after_hash, status_before,
         list_before, list_after, by) = packed  # fmt: skip
        key = ObjectKey._make(key)
        origin = None if origin is None else Origin._make(origin)
        list_after = self._lists.values[list_after]
        desired = None
        if wanted is not None and origin is not None:
            fields, fields_hash, source_hash, text_hash = wanted
            desired = DesiredContact(
                key.org,
                key.campaign,
                key.name,
                fields,
                fields_hash,
                source_hash,
                origin,
                list_after,
                text_hash,
            )
            after = fields if after is None else after
        return ContactChange(
            Action(action),
            key,
            Cause(cause),
            origin,
            desired,
            position,
            None if contact_id is None else UUID(bytes=contact_id),
            before,
            after,
            after_hash,
            status_before,
            status_after,
            self._lists.values[list_before],
            list_after,
            None if by is None else Attribution(by[0], datetime.fromisoformat(by[1])),
        )

    def _flush(self) -> None:
        if self._rows:
            add = f"INSERT INTO {self._table} VALUES (?, ?, ?, ?, ?)"  # noqa: S608 - as above
            self._connection.executemany(add, self._rows)
            self._rows.clear()


class SetAside:
    """Rows that wait in a table of their own until they are read, in the order in which they came."""

    def __init__(self, connection: sqlite3.Connection, table: str) -> None:
        self._connection = connection
        self._table = table

    def replace(self, rows: Iterable[PlainRow]) -> None:
        """Put rows in the place of those that are here."""
        self.drop()
        self._connection.execute(f"CREATE TABLE {self._table} (content BLOB)")
        add = f"INSERT INTO {self._table} VALUES (?)"  # noqa: S608 - written here
        self._connection.executemany(add, ((pack(row),) for row in rows))

    def drop(self) -> None:
        """Give them up."""
        self._connection.execute(f"DROP TABLE IF EXISTS {self._table}")

    def __iter__(self) -> Iterator[PlainRow]:
        query = f"SELECT content FROM {self._table} ORDER BY rowid"  # noqa: S608 - as above
        return (unpack(content) for (content,) in self._connection.execute(query))
