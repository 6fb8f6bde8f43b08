"""The database: opened, read and written in transactions.

`with database.read() as connection` sees one snapshot; `with database.write() as connection` holds locks from
its first moment.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.exc import DBAPIError

from reconciler.errors import DatabaseUnusable, SomebodyElseIsApplying
from reconciler.store import dialect, failures
from reconciler.store.dialect import Lock
from reconciler.store.urls import parse_url, shown

_UNCONFIRMED = "committed, but the standby that was to confirm it has not: a failover may lose it"
_LET_IT_WAIT = "somebody cancelled the wait: leave such waits alone, and mend the standby"


class Database:
    """An open database. `read` and `write` raise DatabaseUnusable where the database itself fails."""

    def __init__(self, engine: Engine, name: str, correct: dialect.Correct | None = None) -> None:
        self.engine = engine
        weakref.finalize(self, engine.dispose)  # who forgets to close it leaves no connection behind
        self.name = name
        self._file = dialect.file_of(engine)
        self._identity: tuple[int, int] | None = None
        self._correct = correct
        self._writers: dict[tuple[tuple[Lock, ...], timedelta | None], Engine] = {}

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that sees one snapshot and changes nothing."""
        with self._told_plainly(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(
        self, locks: tuple[Lock, ...] = dialect.ALL_LOCKS, patience: timedelta | None = None
    ) -> Iterator[Connection]:
        """Open a transaction that writes; committed at the end, rolled back on an exception.

        In a SQLite file it keeps everybody else from writing, whatever its `locks`, and waits as long as the
        busy timeout says, whatever its `patience`. Raises SomebodyElseIsApplying where that is not enough.

        Raises DatabaseUnusable, though it is committed, where a failover may lose it: nothing must follow.
        """
        with self._told_plainly(), self._writer(locks, patience).connect() as connection:
            with connection.begin():
                self._require_same_file()
                yield connection
            if dialect.was_unconfirmed(connection):
                raise DatabaseUnusable(f"{self.name}: {_UNCONFIRMED}", hint=_LET_IT_WAIT)

    def _writer(self, locks: tuple[Lock, ...], patience: timedelta | None) -> Engine:
        kind = (locks, patience)
        if kind not in self._writers:
            options = {
                dialect.LOCKS: locks,
                dialect.PATIENCE: patience,
                dialect.CORRECTS: self._correct,
            }
            self._writers[kind] = self.engine.execution_options(**options)
        return self._writers[kind]

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    def _require_same_file(self) -> None:
        """Refuse to go on with a file that was removed or replaced: nobody else would see what is written."""
        if self._file is None:
            return
        try:
            found = self._file.stat()
        except FileNotFoundError:
            identity = None
        else:
            identity = (found.st_dev, found.st_ino)
        self._identity = self._identity or identity
        if identity != self._identity:
            raise DatabaseUnusable(
                f"{self.name} was removed or replaced while it was open",
                hint="stop this process, and start it again on the database that is meant",
            )

    @contextmanager
    def _told_plainly(self) -> Iterator[None]:
        try:
            yield
        except failures.failures() as error:
            cause = (error.orig if isinstance(error, DBAPIError) else None) or error
            if failures.is_busy(cause):
                raise SomebodyElseIsApplying(f"{self.name} {failures.told_busy(cause)}") from error
            raise DatabaseUnusable(
                f"{self.name}: {failures.told(cause)}", hint=failures.remedy(cause)
            ) from error


def open_database(url: str, *, read_only: bool = False, correct: dialect.Correct | None = None) -> Database:
    """Open a database; a SQLite file that does not exist is created by the first write, never by a reader.

    `correct` of a clock: each writing transaction has that clock agree with the database's machine, so that
    all that dial go by one.
    """
    parsed = parse_url(url)
    return Database(dialect.connect(parsed, read_only=read_only), shown(parsed), correct)


def exists(url: str) -> bool:
    """Tell whether there is a database at this URL at all, without creating one."""
    return dialect.may_exist(parse_url(url))


def is_empty(connection: Connection) -> bool:
    """Tell whether the database holds no table yet."""
    return not inspect(connection).get_table_names()
