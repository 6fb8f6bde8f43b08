"""Prepared statements do what SQLAlchemy would do with the same statement, list by list and row by row."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random

import databases
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import bindparam, delete, func, insert, select, update

from reconciler.errors import DatabaseUnusable
from reconciler.ids import Uuid7
from reconciler.store.engine import open_database
from reconciler.store.prepared import Prepared
from reconciler.store.schema import create_scratch
from reconciler.store.tables import event, lane, suppression

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
SUPPRESSED = 12

BY_NUMBERS = (
    select(suppression.c.id, suppression.c.number, suppression.c.expires_at, suppression.c.created_at)
    .where(suppression.c.number.in_(bindparam("numbers", expanding=True)), suppression.c.actor == "ana")
    .order_by(suppression.c.number)
)
PREPARED = Prepared(BY_NUMBERS)


@pytest.fixture(autouse=True)
def engine():
    """One database serves the whole module: it chooses the engine."""


@pytest.fixture(scope="module", params=databases.ENGINES)
def database(request):
    """A scratch database with a few suppressed numbers, every third one until a date."""
    with databases.chosen(request.param):
        database, ids = open_database(databases.scratch_url()), Uuid7(Random(1))
    create_scratch(database, ids, NOW, b"k" * 32)
    with database.write() as connection:
        org = ids(NOW)
        rows = [
            {
                "id": ids(NOW),
                "org_id": org,
                "number": f"+1212555{n:04d}",
                "actor": "ana",
                "created_at": NOW,
                "expires_at": NOW + timedelta(days=n) if n % 3 == 0 else None,
            }
            for n in range(SUPPRESSED)
        ]
        connection.execute(insert(suppression), rows)
    return database


@given(wanted=st.lists(st.integers(0, SUPPRESSED + 3), max_size=SUPPRESSED + 3))
def test_lists_of_any_length_find_what_core_finds(database, wanted):
    """Lists are rounded up to a few lengths by repeating the last item; what they find stays the same."""
    numbers = [f"+1212555{n:04d}" for n in wanted]
    with database.read() as connection:
        expected = [tuple(row) for row in connection.execute(BY_NUMBERS, {"numbers": numbers})]
        assert [tuple(row) for row in PREPARED.rows(connection, {"numbers": numbers})] == expected


def test_columns_are_read_by_name_and_with_their_types(database):
    """Instants come back aware, ids as UUIDs, NULL as None: the types of the tables hold."""
    with database.read() as connection:
        first, second = PREPARED.rows(connection, {"numbers": ["+12125550000", "+12125550001"]})
    assert (first.number, first.expires_at, second.expires_at) == ("+12125550000", NOW, None)
    assert first.created_at.tzinfo is UTC
    assert first.id.version == 7


def test_many_rows_are_written_and_a_count_says_how_many_changed(database):
    """`run_many` writes each row, JSON and NULL included; `changed` gives how many rows it changed."""
    columns = ("at", "actor_kind", "actor", "action", "kind", "name", "fields", "count")
    write = Prepared(insert(event).values({name: bindparam(name) for name in columns}))
    rows = [
        {"at": NOW, "actor_kind": "person", "actor": "ana", "action": "pause", "kind": "Campaign",
         "name": f"c{n}", "fields": [{"path": "spec.status"}] if n else None, "count": n}
        for n in range(3)
    ]  # fmt: skip
    change = Prepared(update(event).where(event.c.name == bindparam("which")).values(actor="bob"))
    with database.write() as connection:
        write.run_many(connection, rows)
        write.run_many(connection, [])
        assert change.changed(connection, {"which": "c1"}) == 1
        assert change.changed(connection, {"which": "nobody"}) == 0
        found = connection.execute(select(event.c.actor, event.c.fields, event.c.count).order_by(event.c.seq))
        assert [tuple(row) for row in found] == [
            ("ana", None, 0),
            ("bob", [{"path": "spec.status"}], 1),
            ("ana", [{"path": "spec.status"}], 2),
        ]


RENAME = Prepared(update(event).where(event.c.name == bindparam("which")).values(actor=bindparam("who")))
ACTOR = select(event.c.actor).where(event.c.name == "spring")
AUTUMN = select(event.c.actor).where(event.c.name == "autumn")
PAUSE = {"at": NOW, "actor_kind": "person", "actor": "ana", "action": "pause", "kind": "Campaign",
         "name": "spring"}  # fmt: skip


def test_what_was_sent_ahead_is_known_to_whatever_comes_next(database):
    """R-PLAN-7: a statement that nobody waits for is done before the next one looks."""
    with database.write() as connection:
        connection.execute(insert(event), PAUSE)
        RENAME.run(connection, {"which": "spring", "who": "bob"})
        assert connection.execute(ACTOR).scalar_one() == "bob"
        RENAME.run(connection, {"which": "spring", "who": "cyd"})
        assert Prepared(ACTOR).first(connection).actor == "cyd"
        RENAME.run(connection, {"which": "spring", "who": "dan"})
        assert RENAME.changed(connection, {"which": "nobody", "who": "eve"}) == 0
    with database.read() as connection:
        assert connection.execute(ACTOR).scalar_one() == "dan"


@contextmanager
def a_faulty_write(database):
    """Send something ahead that cannot be."""
    with database.write() as connection:
        connection.execute(insert(event), {**PAUSE, "name": "autumn"})
        RENAME.run(connection, {"which": "autumn", "who": None})
        yield


def test_an_error_of_what_was_sent_ahead_undoes_the_transaction(database):
    """R-PLAN-7: nobody waited for it, and still nothing of its transaction is kept."""
    with pytest.raises(DatabaseUnusable, match="actor"), a_faulty_write(database):
        pass
    with database.read() as connection:
        assert connection.execute(AUTUMN).all() == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_first_reason_to_undo_a_transaction_is_the_one_that_is_told(database):
    """R-PLAN-7: not the error of something that was sent ahead, and was not waited for."""
    with pytest.raises(LookupError), a_faulty_write(database):
        raise LookupError
    with database.read() as connection:
        assert connection.execute(AUTUMN).all() == []


def test_what_a_change_returns_is_read_like_a_query(database):
    """RETURNING gives named rows; no row gives an empty list, and `first` None."""
    drop = Prepared(delete(lane).where(lane.c.zone_key == bindparam("zone")).returning(lane.c.zone_key))
    ids = Uuid7(Random(2))
    made = {
        "id": ids(NOW),
        "org_id": ids(NOW),
        "campaign_key": ids(NOW),
        "class_": "fresh",
        "zone_key": "Europe/Paris",
        "caller_id_key": "",
        "agent_key": "",
        "country_key": "FR",
    }
    with database.write() as connection:
        connection.execute(insert(lane), made)
        assert [row.zone_key for row in drop.rows(connection, {"zone": "Europe/Paris"})] == ["Europe/Paris"]
        assert drop.first(connection, {"zone": "Europe/Paris"}) is None
        [(count,)] = Prepared(select(func.count().label("lanes")).select_from(lane)).rows(connection)
        assert count == 0
