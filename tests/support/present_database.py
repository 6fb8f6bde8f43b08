"""The database that command lines work on where a test stands: DIALCTL_DATABASE_URL, else ./dialctl.db."""

from __future__ import annotations

import os

import databases
import pytest
from sqlalchemy import text

from reconciler.store.engine import open_database

ON_BOTH = pytest.mark.parametrize("engine", databases.ENGINES, indirect=True)
"""For command lines whose meaning is the database's: on PostgreSQL, too. All others run on SQLite alone."""


def present_url():
    return os.environ.get("DIALCTL_DATABASE_URL", "sqlite:///dialctl.db")


def query(statement):
    """Read rows, by SQL that every engine reads, or by Core where instants, ids or JSON are asked for."""
    asked = text(statement) if isinstance(statement, str) else statement
    database = open_database(present_url(), read_only=True)
    try:
        with database.read() as connection:
            return connection.execute(asked).all()
    finally:
        database.close()


def change(statement):
    """Write behind the program's back."""
    database = open_database(present_url())
    try:
        with database.write() as connection:
            connection.execute(text(statement))
    finally:
        database.close()


def write_lock():
    """Hold the write lock, as another process does that applies."""
    return databases.write_lock(present_url())
