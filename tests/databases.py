"""Which database a test works on: `engine` in a conftest has its tests run once on each."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import postgres
import pytest

from reconciler.errors import SomebodyElseIsApplying
from reconciler.store import dialect
from reconciler.store.engine import open_database

IN_MEMORY = "sqlite://"
ENGINES = tuple(os.environ.get("DIALCTL_TEST_ENGINES", "sqlite postgresql").split())

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""For tests that meet no difference between engines, and for the many examples of a property."""

ON_POSTGRESQL = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
"""For the few examples of such a property: a database on a server takes a twentieth of a second to make."""

_chosen = ["sqlite"]


@contextmanager
def chosen(engine):
    """Have `scratch_url` give databases of an engine."""
    _chosen.append(engine)
    try:
        yield engine
    finally:
        _chosen.pop()


def scratch_url():
    """Give the URL of a database that this test has for itself, without a row."""
    return IN_MEMORY if _chosen[-1] == "sqlite" else _on_the_server()


def shared_url(folder: Path):
    """Give the URL of such a database that several processes, or handles, can open."""
    return f"sqlite:///{folder / 'dialctl.db'}" if _chosen[-1] == "sqlite" else _on_the_server()


def empty_url(folder: Path):
    """Give the URL of a database without a table: on SQLite, a file that is not there yet."""
    return f"sqlite:///{folder / 'dialctl.db'}" if _chosen[-1] == "sqlite" else _empty_on_the_server()


def copy_of(url, folder: Path):
    """Give the URL of a copy of a database, which nobody has open, for this test alone."""
    if url.startswith("sqlite"):
        copy = shutil.copy(url.removeprefix("sqlite:///"), folder / "dialctl.db")
        return f"sqlite:///{copy}"
    return postgres.url_of(postgres.new_database(url.rpartition("/")[2]))


@contextmanager
def write_lock(url):
    """Hold the write lock of a database, as an apply does; gives the connection, whose `rollback` lets go."""
    database = open_database(url)
    try:
        writer = database.engine.execution_options(**{dialect.LOCKS: (dialect.Lock.STATE,)})
        with writer.connect() as connection:
            connection.begin()
            yield connection
    finally:
        database.close()


def is_locked(url, for_seconds):
    """Tell whether the write lock of a database cannot be had for so long."""
    with patch.object(dialect, "BUSY_TIMEOUT_MS", int(for_seconds * 1000)):
        database = open_database(url)
        try:
            with database.write():
                return False
        except SomebodyElseIsApplying:
            return True
        finally:
            database.close()


def _empty_on_the_server():
    return postgres.url_of(postgres.new_database())


def _on_the_server():
    return postgres.url_of(postgres.new_database(postgres.with_tables()))
