"""`dialctl db …`: the schema's version, and the stamp (R-ENV-1)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest
from support.present_database import ON_BOTH, present_url, query

from reconciler.core.months import Month
from reconciler.store.schema_range import OLDEST_RELEASE
from reconciler.store.urls import parse_url, shown

NO_DATABASE = (
    "there is no database at sqlite:///dialctl.db\n"
    "hint: dialctl apply creates it; --database-url or DIALCTL_DATABASE_URL names another\n"
)


@pytest.mark.parametrize("command", ["upgrade", "current", "check", "environment"])
def test_a_missing_database_is_told(dialctl, tmp_path, command):
    """Every command that needs a database says that there is none, what makes one, and makes none."""
    finished = dialctl("db", command)
    assert (finished.code, finished.out, finished.err) == (1, "", NO_DATABASE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["upgrade", "check", "environment"])
def test_a_database_without_tables_is_none(dialctl, command):
    """A SQLite file that holds no table is as good as none."""
    with closing(sqlite3.connect("dialctl.db")) as connection, connection:
        connection.execute("PRAGMA user_version = 7")
    finished = dialctl("db", command)
    assert (finished.code, finished.err) == (1, NO_DATABASE)


@ON_BOTH
def test_the_version_is_shown_and_checked(dialctl, applied, engine):
    """`current` and `check` tell that this release can work with what it created."""
    current = dialctl("db", "current")
    version, _, rest = current.out.partition(" ")
    carries = f"it carries releases from {OLDEST_RELEASE} on"
    known, _, months = rest.partition("\n")
    assert (current.code, known) == (0, f"({carries}; this release knows {version} to {version})")
    present = Month.of(datetime.now(UTC))
    of_history = f"history: a partition for each month from {present} to {present.plus(2)}\n"
    assert months == ("" if engine == "sqlite" else of_history)
    assert dialctl("db", "check").out == f"{shown(parse_url(present_url()))} can be worked with\n"
    assert dialctl("db", "upgrade").out == f"at version {version} already\n"


@ON_BOTH
def test_the_stamp_is_shown_and_set(dialctl, applied):
    """R-ENV-1: a database is sandbox until somebody says live; the log keeps who."""
    assert dialctl("db", "environment").out == "sandbox\n"
    assert dialctl("db", "environment", "live", "--yes", "--actor", "ana").out == "live, no longer sandbox\n"
    assert dialctl("db", "environment").out == "live\n"
    assert dialctl("db", "environment", "live").out == "live, as before\n"
    assert query("SELECT actor, action, kind FROM event WHERE actor = 'ana'") == [
        ("ana", "update", "Installation")
    ]
    assert dialctl("db", "environment", "sandbox").out == "sandbox, no longer live\n"


def test_live_is_not_set_by_mistake(dialctl, applied):
    """R-ENV-1: real phones ring in a live database, so it takes --yes where nobody can be asked."""
    finished = dialctl("db", "environment", "live")
    assert (finished.code, finished.out) == (64, "")
    assert finished.err == "a live database rings real phones\nhint: add --yes where nobody can be asked\n"
    assert dialctl("db", "environment").out == "sandbox\n"


@pytest.mark.usefixtures("applied")
@pytest.mark.parametrize(("answer", "code", "stamp"), [("y", 0, "live"), ("n", 1, "sandbox")])
def test_a_person_is_asked_before_live(dialctl, at_terminal, answer, code, stamp):
    """R-ENV-1: a person confirms that this database rings real phones from now on."""
    finished = at_terminal("db", "environment", "live", answer=answer)
    assert finished.code == code
    assert "will ring real phones from now on. Go on? [y/N]" in finished.out
    assert dialctl("db", "environment").out == f"{stamp}\n"
