"""What differs between database engines, and nothing else."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel

from reconciler.errors import DatabaseUnusable

BUSY_TIMEOUT_MS = 30_000
DRIVER_ERRORS = (sqlite3.Error,)
"""What drivers raise by themselves, where a prepared statement goes past SQLAlchemy."""

WRITES = "dialctl_writes"
"""Execution option of a connection: its transactions take the write lock when they begin."""


def parse_url(text: str) -> URL:
    """Read a database URL; raises DatabaseUnusable where it is none that we speak."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise DatabaseUnusable(f"{text!r} is no database URL", hint="write sqlite:///dialctl.db") from None
    if url.get_backend_name() != "sqlite":
        raise DatabaseUnusable(
            f"no support for {url.get_backend_name()!r} databases", hint="write sqlite:///dialctl.db"
        )
    return url


def connect(url: URL, *, read_only: bool) -> Engine:
    """Make the engine of a database, set up so that our transactions mean what they say."""
    in_memory = url.database in (None, "", ":memory:")
    # Parameters may be phone numbers: no error text or traceback shows them (R-PLAN-8).
    if in_memory:
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
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def file_of(engine: Engine) -> Path | None:
    """Give the file that an engine writes; None where it writes none, or none that a path names."""
    name = engine.url.database
    return None if name in {None, "", ":memory:"} or str(name).startswith("file:") else Path(str(name))


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: the driver would say it too late
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA synchronous=FULL")  # a claim lost by a power cut is a second call
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.execute("PRAGMA cache_size=-65536")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES)
    raw: Any = connection.connection.driver_connection
    raw.execute("BEGIN IMMEDIATE" if writes else "BEGIN")


def use_write_ahead_log(connection: Connection) -> None:
    """Let readers and the one writer work side by side; a property of the file, set once."""
    raw: Any = connection.connection.driver_connection
    raw.execute("PRAGMA journal_mode=WAL")


def insert(table: type[SQLModel]) -> sqlite.Insert:
    """Give an INSERT that knows ON CONFLICT."""
    return sqlite.insert(table)


_REMEDIES = {
    "unable to open database file": "its folder must exist, and you must be allowed to write there",
    "readonly database": "the file and its folder must be writable, also to read: SQLite locks there",
    "file is not a database": "--database-url or DIALCTL_DATABASE_URL names another file",
    "disk is full": "make room; nothing was half written",
}


def remedy(error: BaseException) -> str | None:
    """Say what a person can do about an error of the database, if it is one of those that people meet."""
    return next((hint for text, hint in _REMEDIES.items() if text in str(error)), None)


def is_busy(error: BaseException) -> bool:
    """Tell whether an error only says that somebody else holds the write lock."""
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
