"""The schema: created in an empty database, checked by every command, upgraded by hand only."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, insert, select, text, update

from reconciler.ports import Ids
from reconciler.spec.dialer import DEFAULT_GLOBAL_LIMIT
from reconciler.spec.model import DEFAULT
from reconciler.spec.organization import DEFAULT_ORG_LIMIT
from reconciler.store import dialect
from reconciler.store.engine import Database, is_empty
from reconciler.store.months_ahead import make_first
from reconciler.store.partitions import make_defaults
from reconciler.store.schema_range import NEWEST, OLDEST_RELEASE, check_version, found_schema, require_range
from reconciler.store.tables import Table, installation, organization, schema_revision

if TYPE_CHECKING:
    from alembic.config import Config

SANDBOX, LIVE = "sandbox", "live"
KEY_BYTES = 32


class Birth(NamedTuple):
    """What a database is born with: the key of its keyed hashes, and the ids of the organization `default`.

    A plan against a database that does not exist yet is good for the one that is born with the same.
    """

    hash_key: bytes
    org_id: UUID
    adhoc_key: UUID

    @classmethod
    def drawn(cls, ids: Ids, now: datetime, hash_key: bytes | None = None) -> Birth:
        """Draw ids, and a key at random unless one is given."""
        return cls(hash_key or secrets.token_bytes(KEY_BYTES), ids(now), ids(now))


def ensure_schema(database: Database, ids: Ids, now: datetime, *, birth: Birth | None = None) -> bool:
    """Create the tables in an empty database; check the version of any other. Never upgrades.

    Tells whether it was created here and now, with this `birth`, which by default is drawn.
    """
    with database.read() as connection:
        if not is_empty(connection):
            check_version(connection)
            return False
    with database.engine.connect() as connection:
        dialect.use_write_ahead_log(connection)
    with database.write() as connection:
        if not is_empty(connection):
            return False
        _migrate(connection)
        make_first(connection, now)
        _first_rows(connection, now, birth or Birth.drawn(ids, now))
        return True


def create_scratch(database: Database, ids: Ids, now: datetime, hash_key: bytes) -> None:
    """Fill a database that lives no longer than this process, and make its tables: no migrations."""
    create_standin(database, now, Birth.drawn(ids, now, hash_key))


def create_standin(database: Database, now: datetime, birth: Birth) -> None:
    """Do the same for one that stands for a database that does not exist yet."""
    with database.write() as connection:
        if is_empty(connection):
            create_tables(connection)
        _first_rows(connection, now, birth)


def create_tables(connection: Connection) -> None:
    """Create all tables at once, as the migrations would one after the other."""
    Table.metadata.create_all(connection)
    if dialect.keeps_months(connection):
        make_defaults(connection)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:version)"), {"version": NEWEST})
    connection.execute(insert(schema_revision), {"revision": NEWEST, "oldest_release": OLDEST_RELEASE})


def upgrade(database: Database) -> tuple[str, str]:
    """Bring the schema up to this release's version; gives the versions before and after.

    One that is newer already stays as it is. Raises DatabaseUnusable where it is not ours, and
    SchemaOutOfRange where this release does not work with it.
    """
    with database.write() as connection:
        before = found_schema(connection).version
        if before >= NEWEST:
            require_range(connection)
            return before, before
        _migrate(connection)
        return before, NEWEST


def hash_key(connection: Connection) -> bytes:
    """Give the key of this database's keyed hashes."""
    return bytes(connection.execute(select(installation.c.hash_key)).scalar_one())


def environment(connection: Connection) -> str:
    """Give the stamp: `sandbox` or `live` (R-ENV-1)."""
    return str(connection.execute(select(installation.c.environment)).scalar_one())


def stamp_environment(connection: Connection, stamp: str) -> None:
    """Stamp the database `sandbox` or `live` (R-ENV-1)."""
    connection.execute(update(installation).values(environment=stamp))


def _migrate(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - 0.4 s that only creating and upgrading need

    command.upgrade(_alembic(connection), "head")


def _alembic(connection: Connection) -> Config:
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", "reconciler.store:migrations")
    config.attributes["connection"] = connection
    return config


def _first_rows(connection: Connection, now: datetime, birth: Birth) -> None:
    connection.execute(
        insert(installation),
        {
            "id": 1,
            "environment": SANDBOX,
            "state_serial": 0,
            "hash_key": birth.hash_key,
            "global_concurrency_limit": DEFAULT_GLOBAL_LIMIT,
            "labels": {},
            "created_at": now,
            "suppressions_freed_until": now,
        },
    )
    connection.execute(
        insert(organization),
        {
            "id": birth.org_id,
            "name": DEFAULT,
            "adhoc_key": birth.adhoc_key,
            "concurrency_limit": DEFAULT_ORG_LIMIT,
            "caller_ids": [],
            "labels": {},
            "serial": 0,
            "created_at": now,
        },
    )
