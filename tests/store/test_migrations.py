"""The migrations give exactly the tables, and the release knows its own version."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from databases import ON_SQLITE
from sqlalchemy import inspect, text

from reconciler.errors import DatabaseUnusable
from reconciler.ids import Uuid7
from reconciler.store.engine import open_database
from reconciler.store.schema import (
    SUPPORTED,
    check_version,
    create_scratch,
    ensure_schema,
    environment,
    stamp_environment,
    upgrade,
    version,
)
from reconciler.store.tables import Table

pytestmark = ON_SQLITE

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def fresh(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'dialctl.db'}")
    yield database
    database.close()


@pytest.fixture
def migrated(fresh):
    ensure_schema(fresh, Uuid7(Random(1)), NOW)
    return fresh


def test_migrations_give_exactly_the_tables(migrated):
    """Migrations from an empty database to head differ in nothing from the declared tables."""
    with migrated.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []


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


def test_this_release_creates_the_head_of_the_migrations(migrated):
    """`SUPPORTED[-1]` is alembic's only head, and what an empty database is brought to."""
    config = Config()
    config.set_main_option("script_location", "reconciler.store:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [SUPPORTED[-1]]
    with migrated.read() as connection:
        assert version(connection) == SUPPORTED[-1]


def test_a_second_start_changes_nothing(migrated):
    """Tables are created in an empty database only; upgrading what is new already says so."""
    with migrated.read() as connection:
        before = inspect(connection).get_table_names()
    ensure_schema(migrated, Uuid7(Random(2)), NOW)
    assert upgrade(migrated) == (SUPPORTED[-1], SUPPORTED[-1])
    with migrated.read() as connection:
        assert inspect(connection).get_table_names() == before


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "the schema is at version 9999"),
        ("DROP TABLE alembic_version", "none of dialctl's"),
    ],
)
def test_a_schema_that_is_not_ours_is_refused(migrated, statement, message):
    """Every command checks that the schema is within its range, and never upgrades by itself."""
    with migrated.write() as connection:
        connection.execute(text(statement))
    with migrated.read() as connection, pytest.raises(DatabaseUnusable, match=message):
        check_version(connection)


def test_a_new_database_is_a_sandbox_until_a_person_stamps_it(migrated):
    """R-ENV-1: `sandbox` is the default; the stamp is one column of the one row of the installation."""
    with migrated.write() as connection:
        assert environment(connection) == "sandbox"
        stamp_environment(connection, "live")
        assert environment(connection) == "live"
