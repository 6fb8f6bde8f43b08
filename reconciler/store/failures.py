"""What a database that fails says: told in one line, with what a person can do about it."""

from __future__ import annotations

import re
import sqlite3
import sys

from sqlalchemy.exc import DBAPIError

_REMEDIES = {
    "unable to open database file": "its folder must exist, and you must be allowed to write there",
    "readonly database": "the file and its folder must be writable, also to read: SQLite locks there",
    "file is not a database": "--database-url or DIALCTL_DATABASE_URL names another file",
    "disk is full": "make room; nothing was half written",
    "No space left on device": "make room on the database server; nothing was half written",
    "read-only transaction": "this server is a standby: what writes needs the URL of the primary",
    "session is read-only": "a standby takes no writes: start the primary again, or promote the standby",
    "Connection refused": "is the server running, and is host and port of the URL right?",
    "failed to resolve host": "is the host of the URL spelt right, and is its name known here?",
    "authentication failed": "user and password stand in the URL, or in PGUSER and PGPASSWORD or ~/.pgpass",
    "does not exist": "create the database first: createdb, or CREATE DATABASE in psql",
}

_BUSY_STATES = frozenset({"55P03", "40P01", "40001"})
"""PostgreSQL: lock not available in time, deadlock, serialization failure."""

_OF_A_STANDBY = "conflict with recovery"
"""The same state, where a standby may wait no longer to remove what somebody reads."""

_OF_SEVERAL = "All failures were:\n"
"""Between the last failure of a driver that has tried several servers, and those of all."""

_SERVER = re.compile(
    r"(?:- )?host: '(?P<host>.*?)', port: '(?P<port>.*?)', hostaddr: \S+: "
    r"(?:connection failed: )?(?:connection to server at .*? failed: )?(?P<why>.*)"
)


def failures() -> tuple[type[Exception], ...]:
    """Give what a failing database raises: by SQLAlchemy, or by a driver where a statement goes past it."""
    psycopg = sys.modules.get("psycopg")  # imported by the first connection to a server, and not before
    return (DBAPIError, sqlite3.Error) if psycopg is None else (DBAPIError, sqlite3.Error, psycopg.Error)


def told(error: BaseException) -> str:
    """Write what is wrong; of several servers that were tried, what is wrong with each."""
    text = str(error).strip()
    _, several, all_of_them = text.partition(_OF_SEVERAL)
    if not several:
        return text
    found = [_SERVER.match(line) for line in all_of_them.splitlines()]
    return "; ".join(f"{one['host']}:{one['port']}: {one['why']}" for one in found if one) or text


def remedy(error: BaseException) -> str | None:
    """Say what a person can do about an error of the database, if it is one of those that people meet."""
    return next((hint for text, hint in _REMEDIES.items() if text in str(error)), None)


def is_busy(error: BaseException) -> bool:
    """Tell whether an error only says that somebody else holds the write lock, or is in the way."""
    if isinstance(error, sqlite3.OperationalError):
        return "locked" in str(error)
    return getattr(error, "sqlstate", None) in _BUSY_STATES


def told_busy(error: BaseException) -> str:
    """Write who is in the way."""
    if _OF_A_STANDBY in str(error):
        return "is a standby that could keep what was read no longer; try again, or set hot_standby_feedback"
    return "is locked by another process; try again"
