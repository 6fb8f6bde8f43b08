"""Which releases work with which schemas, so that two releases can stand side by side (docs/upgrading.md).

A schema is named by its newest migration, and so is a release: by the newest one that it ships. A release
knows the oldest schema that it works with; a schema newer than the release says itself, in the table
`schema_revision`, which releases it still carries. That table never changes: every release can read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, func, inspect, select

from reconciler.errors import DatabaseUnusable, SchemaOutOfRange
from reconciler.store.dialect import ALL_LOCKS, Lock
from reconciler.store.engine import Database
from reconciler.store.prepared import Prepared
from reconciler.store.tables import schema_revision

OLDEST = "0002"
"""The oldest schema that this release works with."""

NEWEST = "0002"
"""The newest migration that this release ships: what it creates, and what it upgrades to."""

OLDEST_RELEASE = "0001"
"""The oldest release that works with this release's newest schema, as its migrations say."""

_FOUND = Prepared(
    select(
        func.max(schema_revision.c.revision).label("version"),
        func.max(schema_revision.c.oldest_release).label("oldest_release"),
    )
)


@dataclass(frozen=True, slots=True)
class Found:
    """A schema's version, and the oldest release that it carries."""

    version: str
    oldest_release: str


def found_schema(connection: Connection) -> Found:
    """Give what the database says of its schema. Raises DatabaseUnusable where it is not ours."""
    if not inspect(connection).has_table(schema_revision.name):
        raise DatabaseUnusable(
            "this database holds tables, but none of dialctl's", hint="point DIALCTL_DATABASE_URL elsewhere"
        )
    return _found(connection)


def check_version(connection: Connection) -> None:
    """Raise DatabaseUnusable where the schema is not ours, and SchemaOutOfRange as `require_range` does."""
    _require(found_schema(connection))


def require_range(connection: Connection) -> None:
    """Raise SchemaOutOfRange unless this release works with the schema, which is known to be ours."""
    _require(_found(connection))


def require_release(oldest: str) -> None:
    """Raise SchemaOutOfRange where the schema asks for a release that is newer than this one."""
    if oldest > NEWEST:
        raise SchemaOutOfRange(
            f"the schema needs a release of dialctl that knows version {oldest}; this one knows {NEWEST}",
            hint="install the release that upgraded the schema, or a newer one",
        )


@contextmanager
def writing(database: Database, locks: tuple[Lock, ...] = ALL_LOCKS) -> Iterator[Connection]:
    """Open a writing transaction on a schema that this release works with, whatever it was a moment ago.

    Raises SchemaOutOfRange before anything is written, and what `Database.write` raises.
    """
    with database.write(locks) as connection:
        require_range(connection)
        yield connection


def _require(found: Found) -> None:
    if found.version < OLDEST:
        raise SchemaOutOfRange(
            f"the schema is at version {found.version}; this release works with {OLDEST} and newer ones",
            hint="run dialctl db upgrade",
        )
    require_release(found.oldest_release)


def _found(connection: Connection) -> Found:
    [row] = _FOUND.rows(connection)
    return Found(row.version, row.oldest_release)
