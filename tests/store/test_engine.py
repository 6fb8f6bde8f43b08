"""The database as an engine: transactions that mean what they say, and errors that say what to do."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from random import Random

import pytest
from databases import ON_SQLITE, chosen, shared_url
from sqlalchemy import select, text

from reconciler.errors import DatabaseUnusable, SomebodyElseIsApplying
from reconciler.ids import Uuid7
from reconciler.store import dialect, tables
from reconciler.store.engine import exists, is_empty, open_database
from reconciler.store.schema import create_scratch, ensure_schema
from reconciler.store.tallies import TallyChange

pytestmark = ON_SQLITE

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'dialctl.db'}"


@pytest.fixture
def database(url):
    opened = open_database(url)
    ensure_schema(opened, Uuid7(Random(1)), NOW)
    yield opened
    opened.close()


@pytest.mark.parametrize("text_", ["nonsense", "mysql://x/y"])
def test_a_url_that_we_do_not_speak_is_refused(text_):
    """The message says what was given, the hint what to write."""
    with pytest.raises(DatabaseUnusable) as error:
        open_database(text_)
    assert "sqlite:///" in error.value.hint


def test_reading_never_creates_a_file(url, tmp_path):
    """`diff` opens the database read-only; one that does not exist yet is not created."""
    assert not exists(url)
    with pytest.raises(DatabaseUnusable), open_database(url, read_only=True).read():
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_reader_cannot_write(database, url):
    """A connection opened read-only is refused by SQLite itself."""
    assert exists(url)
    reader = open_database(url, read_only=True)
    with reader.read() as connection:
        assert not is_empty(connection)
    with pytest.raises(DatabaseUnusable, match="readonly"), reader.read() as connection:
        connection.execute(text("DELETE FROM tally"))
    reader.close()


def test_a_power_cut_loses_no_claim(database):
    """WAL and synchronous=FULL: a claim that was lost would be a second call."""
    with database.read() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1


def test_a_writer_holds_the_lock_from_its_first_moment(database, url, monkeypatch):
    """BEGIN IMMEDIATE: the second writer is told to try again before it has read anything."""
    monkeypatch.setattr(dialect, "BUSY_TIMEOUT_MS", 1)
    second = open_database(url)
    with database.write(), pytest.raises(SomebodyElseIsApplying, match="try again"), second.write():
        pass
    with database.write(), second.read() as connection:
        assert connection.execute(select(tables.organization.c.name)).scalar_one() == "default"
    second.close()


@pytest.fixture
def on_a_server(tmp_path, monkeypatch):
    """Three handles on a database of a server that takes a writer for frozen after 50 ms."""
    with chosen("postgresql"):
        url = shared_url(tmp_path)
    monkeypatch.setattr(dialect, "FROZEN_MS", 50)
    handles = [open_database(url) for _ in range(3)]
    yield handles
    for handle in handles:
        handle.close()


def freeze_amid_a_transaction(frozen, other):
    """Have a handle write, and say nothing until another one that waits for its lock has got it."""
    with frozen.write() as connection:
        with other.write():
            pass
        connection.execute(text("SELECT 1"))


def test_who_freezes_amid_a_transaction_on_a_server_loses_it(on_a_server):
    """R-CRASH-3: the server ends the session of a process that is stopped while it holds the lock."""
    frozen, other, _ = on_a_server
    with pytest.raises(DatabaseUnusable, match="idle-in-transaction"):
        freeze_amid_a_transaction(frozen, other)


def test_who_reads_much_amid_a_transaction_on_a_server_keeps_it(on_a_server):
    """R-PLAN-1: a plan sees one snapshot, however long the rows of a file take: that holds nobody up."""
    frozen, other, planning = on_a_server
    with planning.read() as connection:
        with pytest.raises(DatabaseUnusable, match="idle-in-transaction"):
            freeze_amid_a_transaction(frozen, other)
        assert connection.execute(text("SELECT 1")).scalar_one() == 1


def test_a_failed_transaction_leaves_nothing(database):
    """All or nothing, also for statements that reached the driver on the short way."""
    org_id = Uuid7(Random(2))(NOW)

    def write_and_fail(connection):
        change = TallyChange()
        change.add(org_id, org_id, "pending", 5)
        change.write(connection)
        raise RuntimeError

    with pytest.raises(RuntimeError), database.write() as connection:
        write_and_fail(connection)
    with database.read() as connection:
        assert connection.execute(select(tables.tally)).all() == []


def test_faults_of_the_driver_are_told_plainly(database):
    """No traceback of the driver reaches a user, whichever way the statement went."""
    with pytest.raises(DatabaseUnusable, match="no such table"), database.read() as connection:
        connection.execute(text("SELECT * FROM nowhere"))
    with pytest.raises(DatabaseUnusable, match="disk is full"), database.write():
        raise sqlite3.OperationalError("disk is full")


def test_instants_come_back_aware_and_naive_ones_are_refused():
    """Times are aware UTC behind one column type."""
    database = open_database("sqlite://")
    create_scratch(database, Uuid7(Random(1)), NOW, bytes(32))
    with database.read() as connection:
        assert connection.execute(select(tables.organization.c.created_at)).scalar_one() == NOW
    naive = select(tables.organization).where(tables.organization.c.created_at == NOW.replace(tzinfo=None))
    with pytest.raises(Exception, match="naive datetime"), database.read() as connection:
        connection.execute(naive)


def test_a_file_that_is_replaced_is_not_written_any_more(tmp_path):
    """R-HOLD-1: a process whose file is gone, so that no stop reaches it, does nothing and says so."""
    path = tmp_path / "dialctl.db"
    database = open_database(f"sqlite:///{path}")
    ensure_schema(database, Uuid7(Random(1)), NOW)
    with database.write():
        pass
    path.rename(tmp_path / "old.db")
    with pytest.raises(DatabaseUnusable, match="was removed or replaced while it was open"), database.write():
        pass
    other = open_database(f"sqlite:///{path}")
    ensure_schema(other, Uuid7(Random(2)), NOW)
    with pytest.raises(DatabaseUnusable, match="removed or replaced"), database.write():
        pass
    with other.write():
        pass
    other.close()
    database.close()
