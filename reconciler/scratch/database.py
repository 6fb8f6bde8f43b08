"""A private database for one plan: SQLite's own temporary file, which has no name, and goes with its process.

Contacts on their way from the manifests to the database stay here, so that a million of them need no million
objects. SQLite keeps some pages in memory and writes others to a file that was removed before it was written
to. What was decrypted is never written to a disk: then all of it stays in memory.
"""

from __future__ import annotations

import sqlite3
from functools import cached_property

from reconciler.scratch.changes import ScratchChanges
from reconciler.scratch.contacts import ScratchContacts

_ON_DISK, _IN_MEMORY = "", ":memory:"
_PAGES_KIB = 16_384
_SETTINGS = (
    "PRAGMA journal_mode = OFF",  # nothing of it outlives its process, so nothing is ever rolled back
    "PRAGMA synchronous = OFF",
    "PRAGMA locking_mode = EXCLUSIVE",
    f"PRAGMA cache_size = -{_PAGES_KIB}",
)


class Scratch:
    """The private database of one plan: the contacts that are declared, and what changes about contacts.

    `in_memory`: nothing is written to a disk. It is closed with its last reference.
    """

    def __init__(self, *, in_memory: bool = False) -> None:
        self.in_memory = in_memory
        self._plans = 0
        self._changes: ScratchChanges | None = None
        # a session may be handed from the thread that watches files to the one that applies
        self._connection = sqlite3.connect(
            _IN_MEMORY if in_memory else _ON_DISK, isolation_level=None, check_same_thread=False
        )
        for setting in (*_SETTINGS, *(["PRAGMA temp_store = MEMORY"] if in_memory else [])):
            self._connection.execute(setting)
        self._connection.execute("BEGIN")  # one transaction for all there is: it is never committed

    @cached_property
    def contacts(self) -> ScratchContacts:
        """The contacts that are declared."""
        return ScratchContacts(self._connection)

    def changes(self) -> ScratchChanges:
        """Begin a new list of changes; the one before it is given up, and can be read no more."""
        if self._changes is not None:
            self._changes.drop()
        self._plans += 1
        self._changes = ScratchChanges(self._connection, f"change_{self._plans}", self.contacts)
        return self._changes
