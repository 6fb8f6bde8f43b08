"""What differs between database engines, and nothing else: SQLite in a file, PostgreSQL on a server.

Both mean the same by our two kinds of transaction. A reading one sees one snapshot. A writing one holds
locks from its first moment, so that what it checks stays true until it commits: in a SQLite file there is one
lock for everything; on PostgreSQL advisory ones, so that a stop need not wait for an apply.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from sqlalchemy import Connection, Dialect, Engine, create_engine, event
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel

from reconciler.errors import DatabaseUnusable
from reconciler.store.failures import failures
from reconciler.store.urls import POSTGRESQL, SQLITE, WRITE_A_URL, names_several_servers, shown

BUSY_TIMEOUT_MS = 30_000

NOTICED_AFTER = {"idle": 5, "interval": 2, "count": 3}
"""Both ends ask a silent one whether it is still there after 5 s, then every 2 s, and give up after 3 times.
A machine that lost its power or its network says no goodbye: its session would keep the write lock for
hours, and a dialer would wait as long for an answer that cannot come any more."""

_UNHEARD_MS = 10_000
"""As long may go by until the other machine has taken in what was sent."""

_CLIENT_NOTICES = {
    "keepalives": 1,
    "tcp_user_timeout": _UNHEARD_MS,
    "connect_timeout": 10,
    **{f"keepalives_{what}": value for what, value in NOTICED_AFTER.items()},
}
_SERVER_NOTICES = {
    "tcp_user_timeout": _UNHEARD_MS,
    **{f"tcp_keepalives_{what}": value for what, value in NOTICED_AFTER.items()},
}
_WHICH_SERVER = "target_session_attrs"
FROZEN_MS = 60_000
"""As long may a process say nothing amid a transaction. One that is stopped, or whose virtual machine is,
would keep everybody from dialing until somebody wakes it up; nobody works so long between two statements
under a lock."""

FROZEN_READING_MS = 3_600_000
"""As long may one that reads only: it reads a million rows of a file beside what it sees of the database, and
keeps nobody waiting but the server's cleaning."""


class Lock(IntEnum):
    """What a writing transaction keeps others from, in the order in which locks are taken.

    Each is an advisory lock of PostgreSQL: "dialctl" in ASCII, so that no other program on the server uses
    it, and the next number.
    """

    STATE = 0x6469616C63746C
    """Everything but the next: who dials, applies or operates."""

    HOLDS = 0x6469616C63746D
    """Holds, which no apply writes (R-HOLD-1). Their numbers grow in the order of their commits."""


ALL_LOCKS = (Lock.STATE, Lock.HOLDS)
LOCKS = "dialctl_locks"
"""Execution option of a connection: its transactions write, and take these locks when they begin."""

PATIENCE = "dialctl_patience"
"""Execution option of a connection: how long it waits for a lock of a server; None: the busy timeout."""

CORRECTS = "dialctl_corrects"
"""Execution option of a connection: a clock's `correct`, which its writing transactions ask to agree."""

Correct = Callable[[Callable[[], datetime] | None], timedelta]
"""Has a clock agree with another one, which its argument reads; None: with that of this machine.

Gives by how much they may still differ."""

_UNCONFIRMED = "dialctl_unconfirmed"
"""Key in a connection's `info`: a commit was to be confirmed by a standby, and was not."""

_WAITS_FOR_STANDBY = "SyncRepWaitForLSN"
"""The function of the server whose warning says so: its words depend on the language that is set."""

CLOSE = timedelta(milliseconds=10)
"""Clocks of dialers may differ by so much: a fifth of what lies between two calls at twenty a second."""

# A connection that breaks is told by the error that it raises. Where nobody has set up logging, Python would
# have the pool print a traceback beside it, into a log that may be read as JSON.
logging.getLogger("sqlalchemy.pool").addHandler(logging.NullHandler())

_STREAM = "dialctl_stream"
_STREAMED_AT_ONCE = 10_000

_AHEAD = "dialctl_ahead"
"""Key in a connection's `info`: its pipeline, while statements are sent ahead."""


def connect(url: URL, *, read_only: bool) -> Engine:
    """Make the engine of a database, set up so that our transactions mean what they say."""
    # Parameters may be phone numbers: no error text or traceback shows them (R-PLAN-8).
    if url.get_backend_name() == POSTGRESQL:
        engine = _engine_of_server(url, read_only=read_only)
        event.listen(engine, "connect", _configure_postgresql)
        event.listen(engine, "begin", _begin_postgresql)
        event.listen(engine, "before_cursor_execute", _catch_up_first)
        event.listen(engine, "commit", catch_up)
        event.listen(engine, "rollback", _give_up_ahead)
        return engine
    if _in_memory(url):
        engine = create_engine(
            url,
            poolclass=StaticPool,
            pool_reset_on_return=None,
            connect_args={"check_same_thread": False},
            hide_parameters=True,
        )
    elif read_only:
        path = f"file:{quote(str(url.database))}"
        engine = create_engine(
            url.set(database=path, query={"mode": "ro", "uri": "true"}), hide_parameters=True
        )
    else:
        engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _engine_of_server(url: URL, *, read_only: bool) -> Engine:
    wanted: dict[str, int | str] = {**_CLIENT_NOTICES}
    if names_several_servers(url) and not read_only:  # any of them can be read
        wanted[_WHICH_SERVER] = os.environ.get("PGTARGETSESSIONATTRS", "read-write")
    told = {name: value for name, value in wanted.items() if name not in url.query}
    told["options"] = f"{url.query.get('options', '')} -c timezone=UTC".strip()
    try:
        return create_engine(url, hide_parameters=True, connect_args=told)
    except ArgumentError as error:
        raise DatabaseUnusable(f"{shown(url)}: {error}", hint=WRITE_A_URL) from None


def file_of(engine: Engine) -> Path | None:
    """Give the file that an engine writes; None where it writes none, or none that a path names."""
    return _file(engine.url)


def may_exist(url: URL) -> bool:
    """Tell whether there may be a database: a file must be there; what a server has, it tells when asked."""
    if url.get_backend_name() == POSTGRESQL:
        return True
    file = _file(url)
    return file is not None and file.is_file() and file.stat().st_size > 0


def _file(url: URL) -> Path | None:
    if url.get_backend_name() != SQLITE or _in_memory(url) or str(url.database).startswith("file:"):
        return None
    return Path(str(url.database))


def _in_memory(url: URL) -> bool:
    return url.database in (None, "", ":memory:")


def _configure_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: the driver would say it too late
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA synchronous=FULL")  # a claim lost by a power cut is a second call
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.execute("PRAGMA cache_size=-65536")
    cursor.close()


def _configure_postgresql(connection: Any, record: Any) -> None:  # noqa: ANN401 - psycopg's, imported late
    settings = {**_SERVER_NOTICES, "idle_in_transaction_session_timeout": FROZEN_MS}
    # not as options at the start: poolers refuse those they do not know
    connection.execute("; ".join(f"SET {name} = {value}" for name, value in settings.items()))
    connection.commit()
    connection.add_notice_handler(partial(_hear, record.info))


def _hear(info: dict[str, object], notice: Any) -> None:  # noqa: ANN401 - psycopg's, imported late
    if notice.source_function == _WAITS_FOR_STANDBY:
        info[_UNCONFIRMED] = True


def was_unconfirmed(connection: Connection) -> bool:
    """Tell whether the last commit is on this server alone, though a standby was to confirm it.

    The server waits for that as long as it takes, but gives up where somebody cancels the wait; it then
    reports the commit like any other, with a warning beside it.
    """
    return bool(connection.info.pop(_UNCONFIRMED, False))


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    raw: Any = connection.connection.driver_connection
    if options.get(LOCKS) is None:
        raw.execute("BEGIN")
        return
    raw.execute("BEGIN IMMEDIATE")
    correct: Correct | None = options.get(CORRECTS)
    if correct is not None:
        correct(None)


def _begin_postgresql(connection: Connection) -> None:
    raw: Any = connection.connection.driver_connection
    options = connection.get_execution_options()
    locks = options.get(LOCKS)
    if locks is None:
        raw.execute(
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; "
            f"SET LOCAL idle_in_transaction_session_timeout = {FROZEN_READING_MS}"
        )
        return
    correct: Correct | None = options.get(CORRECTS)
    patience = options.get(PATIENCE)
    if correct is None:
        _take(raw, locks, patience)
    elif correct(lambda: _take(raw, locks, patience)) > CLOSE:  # nobody knows when in a long wait it was read
        correct(lambda: _told(raw.execute("SELECT clock_timestamp()")))


def _take(raw: Any, locks: Iterable[Lock], patience: timedelta | None) -> datetime:  # noqa: ANN401 - the driver's
    """Take locks; gives the server's time right after, which costs no round trip of its own."""
    timeout = BUSY_TIMEOUT_MS if patience is None else round(patience / timedelta(milliseconds=1))
    taken = (f"SELECT pg_advisory_xact_lock({lock:d})" for lock in locks)
    cursor = raw.execute(
        "; ".join((f"SET LOCAL lock_timeout = {timeout}", *taken, "SELECT clock_timestamp()"))
    )
    while cursor.nextset():
        pass
    return _told(cursor)


def _told(cursor: Any) -> datetime:  # noqa: ANN401 - the driver's
    [told] = cursor.fetchone()
    return cast(datetime, told)


def send_ahead(connection: Connection) -> None:
    """Send statements from now on without waiting for what becomes of them, until the next `catch_up`.

    A server works on them meanwhile, on a processor of its own. An error of theirs is raised where one
    catches up, at the latest by the commit. SQLAlchemy looks at results at once, and so catches up first.
    """
    if connection.dialect.name == POSTGRESQL and _AHEAD not in connection.info:
        raw: Any = connection.connection.driver_connection
        pipeline = raw.pipeline()
        pipeline.__enter__()
        connection.info[_AHEAD] = pipeline


def catch_up(connection: Connection) -> None:
    """Wait for what has become of everything that was sent ahead; raises its errors."""
    pipeline = connection.info.pop(_AHEAD, None)
    if pipeline is not None:
        pipeline.__exit__(None, None, None)


def _catch_up_first(connection: Connection, *_: object) -> None:
    catch_up(connection)


def _give_up_ahead(connection: Connection) -> None:
    """What was sent ahead is undone anyway, and its errors came second to what undoes it."""
    if connection.invalidated:
        return  # it broke, and SQLAlchemy would refuse to look at it: nobody would hear of what had broken it
    with suppress(*failures()):
        catch_up(connection)


def streaming_cursor(connection: Connection) -> Any:  # noqa: ANN401 - the driver's
    """Give a cursor that holds few rows at a time, where a server's hands all of them over at once."""
    if connection.dialect.name != POSTGRESQL:
        return connection.connection.cursor()
    catch_up(connection)
    raw: Any = connection.connection.driver_connection
    cursor = raw.cursor(name=_STREAM)
    cursor.itersize = _STREAMED_AT_ONCE
    return cursor


def insert_rows(
    connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert many rows of values as the driver takes them, by the way that is fastest: COPY on a server."""
    catch_up(connection)
    names = ", ".join(columns)
    cursor: Any = connection.connection.cursor()
    try:
        if connection.dialect.name == POSTGRESQL:
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join("?" * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608 - names of ours
    finally:
        cursor.close()


def count_anew(connection: Connection, tables: Iterable[str]) -> None:
    """Have a server look at tables that have grown much; in the caller's transaction.

    It plans statements by what it knows of them, and takes a full table for an empty one until it has looked,
    which it does by itself within minutes: until then, a look-up may take a thousand times as long. A table
    that somebody maintains just now is left alone: nobody waits for a VACUUM.
    """
    if connection.dialect.name == POSTGRESQL:
        connection.exec_driver_sql(f"ANALYZE (SKIP_LOCKED) {', '.join(tables)}")


def use_write_ahead_log(connection: Connection) -> None:
    """Let readers and the one writer work side by side; on SQLite a property of the file, set once."""
    if connection.dialect.name == SQLITE:
        raw: Any = connection.connection.driver_connection
        raw.execute("PRAGMA journal_mode=WAL")


def insert(table: type[SQLModel]) -> postgresql.Insert:
    """Give an INSERT that knows ON CONFLICT."""
    return postgresql.insert(table)


def takes_arrays(dialect: Dialect) -> bool:
    """Tell whether a list is best bound as one array (store/arrays.py)."""
    return dialect.name == POSTGRESQL


def joins_laterally(connection: Connection) -> bool:
    """Tell whether one statement can look into many lanes; where not, a statement costs next to nothing."""
    return connection.dialect.name == POSTGRESQL


def keeps_months(connection: Connection) -> bool:
    """Tell whether each month of history is a partition (partitions.py); where not, tables are plain."""
    return connection.dialect.name == POSTGRESQL


def wait_at_most(connection: Connection, milliseconds: int) -> None:
    """Give up sooner than a writer does where a table's lock is taken; for this transaction."""
    if connection.dialect.name == POSTGRESQL:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {milliseconds}")
