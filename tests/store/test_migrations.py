"""The migrations give exactly the tables, and the release knows its own version."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from databases import ON_POSTGRESQL, ON_SQLITE, empty_url, scratch_url
from sqlalchemy import insert, inspect, text

from reconciler.errors import DatabaseUnusable, SchemaOutOfRange
from reconciler.ids import Uuid7
from reconciler.store import schema_range
from reconciler.store.engine import open_database
from reconciler.store.migrations.comparing import is_compared
from reconciler.store.months_ahead import make_first
from reconciler.store.schema import (
    create_scratch,
    create_tables,
    ensure_schema,
    environment,
    stamp_environment,
    upgrade,
)
from reconciler.store.schema_range import (
    NEWEST,
    OLDEST,
    OLDEST_RELEASE,
    Found,
    check_version,
    found_schema,
    writing,
)
from reconciler.store.tables import Table, schema_revision

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def fresh(tmp_path):
    database = open_database(empty_url(tmp_path))
    yield database
    database.close()


@pytest.fixture
def migrated(fresh):
    ensure_schema(fresh, Uuid7(Random(1)), NOW)
    return fresh


def test_migrations_give_exactly_the_tables(migrated):
    """Migrations from an empty database to head differ in nothing from the declared tables."""
    with migrated.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": is_compared}
        )
        assert compare_metadata(context, Table.metadata) == []


@ON_SQLITE
def test_migrations_give_the_same_indexes_as_a_scratch_database(migrated):
    """A simulation runs on the same indexes, partial ones included, as the real thing."""
    scratch = open_database("sqlite://")
    create_scratch(scratch, Uuid7(Random(1)), NOW, bytes(32))
    statement = text(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
    )
    found = []
    for database in (migrated, scratch):
        with database.read() as connection:
            rows = connection.execute(statement).all()
            found.append({row.name: " ".join(row.sql.split()) for row in rows})
    assert found[0] == found[1]


STORED = """
    SELECT c.relname, c.relkind, c.reloptions, pg_get_partkeydef(c.oid) AS parts,
        pg_get_expr(c.relpartbound, c.oid) AS bound,
        CASE WHEN c.relkind IN ('i', 'I') THEN pg_get_indexdef(c.oid) END AS index
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'i', 'I') AND c.relname NOT LIKE 'alembic%'
    ORDER BY c.relname
"""


@ON_POSTGRESQL
def test_migrations_store_tables_as_a_scratch_database_does(migrated, tmp_path):
    """Partitions, their bounds and indexes, fill factors and when to vacuum: the same either way."""
    scratch = open_database(empty_url(tmp_path))
    with scratch.write() as connection:
        create_tables(connection)
        make_first(connection, NOW)
    found = []
    for database in (migrated, scratch):
        with database.read() as connection:
            found.append(connection.execute(text(STORED)).all())
    scratch.close()
    assert found[0] == found[1]
    stored = {row.relname: row for row in found[0]}
    assert stored["attempt"].parts == stored["conversation"].parts == "RANGE (id)"
    assert stored["event"].parts == "RANGE (at)"
    assert stored["event_default"].bound == "DEFAULT"
    assert "fillfactor=50" in stored["open_attempt"].reloptions


def test_this_release_creates_the_head_of_the_migrations(migrated):
    """`NEWEST` is alembic's only head, and what an empty database is brought to."""
    config = Config()
    config.set_main_option("script_location", "reconciler.store:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [NEWEST]
    with migrated.read() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == NEWEST


def test_what_the_migrations_say_is_what_this_release_says(migrated):
    """The oldest release that the newest schema carries, as migrated and as made at once for a scratch."""
    scratch = open_database(scratch_url())
    create_scratch(scratch, Uuid7(Random(1)), NOW, bytes(32))
    for database in (migrated, scratch):
        with database.read() as connection:
            assert found_schema(connection) == Found(NEWEST, OLDEST_RELEASE)
    assert OLDEST <= NEWEST >= OLDEST_RELEASE


def test_a_second_start_changes_nothing(migrated):
    """Tables are created in an empty database only; upgrading what is new already says so."""
    with migrated.read() as connection:
        before = inspect(connection).get_table_names()
    ensure_schema(migrated, Uuid7(Random(2)), NOW)
    assert upgrade(migrated) == (NEWEST, NEWEST)
    with migrated.read() as connection:
        assert inspect(connection).get_table_names() == before


def migrated_by_another(database, revision, oldest_release):
    """Write what a migration of another release leaves behind."""
    with database.write() as connection:
        row = {"revision": revision, "oldest_release": oldest_release}
        connection.execute(insert(schema_revision), row)


def test_a_schema_that_is_not_ours_is_refused(fresh):
    """Somebody else's tables are told from ours, and left alone."""
    with fresh.write() as connection:
        connection.execute(text("CREATE TABLE bird (name TEXT)"))
    with fresh.read() as connection, pytest.raises(DatabaseUnusable, match="none of dialctl's"):
        check_version(connection)
    with pytest.raises(DatabaseUnusable, match="none of dialctl's"):
        upgrade(fresh)


def test_a_newer_schema_that_carries_this_release_is_worked_with(migrated):
    """Additive first: the schema is ahead, and says that this release may go on; upgrading leaves it so."""
    migrated_by_another(migrated, "9999", NEWEST)
    with migrated.read() as connection:
        check_version(connection)
    with writing(migrated) as connection:
        stamp_environment(connection, "live")
    assert upgrade(migrated) == ("9999", "9999")


def test_a_newer_schema_that_needs_a_newer_release_is_refused(migrated):
    """Nothing is written, by an upgrade either, and the hint says that dialctl is too old, not the schema."""
    migrated_by_another(migrated, "9998", "9998")
    migrated_by_another(migrated, "9999", NEWEST)  # what was cut off once stays cut off
    with (
        migrated.read() as connection,
        pytest.raises(SchemaOutOfRange, match="knows version 9998") as refused,
    ):
        check_version(connection)
    assert refused.value.hint == "install the release that upgraded the schema, or a newer one"
    with pytest.raises(SchemaOutOfRange), writing(migrated):
        pytest.fail("the transaction has begun")
    with pytest.raises(SchemaOutOfRange):
        upgrade(migrated)


def test_a_schema_that_is_too_old_is_refused(migrated, monkeypatch):
    """A release that has left a schema behind says so, and that an upgrade mends it; it never by itself."""
    monkeypatch.setattr(schema_range, "OLDEST", "9999")
    monkeypatch.setattr(schema_range, "NEWEST", "9999")
    with (
        migrated.read() as connection,
        pytest.raises(SchemaOutOfRange, match=f"version {NEWEST}") as refused,
    ):
        check_version(connection)
    assert refused.value.hint == "run dialctl db upgrade"


def test_a_new_database_is_a_sandbox_until_a_person_stamps_it(migrated):
    """R-ENV-1: `sandbox` is the default; the stamp is one column of the one row of the installation."""
    with migrated.write() as connection:
        assert environment(connection) == "sandbox"
        stamp_environment(connection, "live")
        assert environment(connection) == "live"
