"""What a command works with: the open database, the clock, ids, who acts. Heavy: import it late."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from reconciler.clock import SystemClock
from reconciler.errors import DatabaseUnusable
from reconciler.ids import Uuid7
from reconciler.ports import Clock, Ids
from reconciler.store.engine import Database, exists, is_empty, open_database
from reconciler.store.events import Actor
from reconciler.store.schema import Birth, create_standin
from reconciler.store.schema_range import check_version

CI = "CI"
IN_MEMORY = "sqlite://"
NOBODY = "unknown"


@dataclass(frozen=True, slots=True)
class Session:
    """An open database, and what acting on it needs; a `scratch` one only stands for one that is missing."""

    database: Database
    clock: Clock
    ids: Ids
    scratch: bool = False


@contextmanager
def open_session(database_url: str, *, read_only: bool = False) -> Iterator[Session]:
    """Open a database that exists, for as long as a command takes.

    Raises DatabaseUnusable where there is none, or where this release cannot work with its schema.
    """
    with connected(database_url, read_only=read_only) as session:
        with session.database.read() as connection:
            if is_empty(connection):
                raise no_database(session.database.name)
            check_version(connection)
        yield session


@contextmanager
def connected(database_url: str, *, read_only: bool = False) -> Iterator[Session]:
    """Open a database whatever its schema. Raises DatabaseUnusable where there is none."""
    if not exists(database_url):
        raise no_database(database_url)
    with opened(database_url, read_only=read_only) as session:
        yield session


@contextmanager
def planning_session(database_url: str, birth: Birth) -> Iterator[Session]:
    """Open a database to plan against it, read-only.

    One that does not exist, or holds no table, is not created: an empty one in memory, of this birth, stands
    for it. Raises DatabaseUnusable where this release cannot work with the schema.
    """
    if exists(database_url):
        with opened(database_url, read_only=True) as session:
            with session.database.read() as connection:
                empty = is_empty(connection)
                if not empty:
                    check_version(connection)
            if not empty:
                yield session
                return
    with opened(IN_MEMORY) as session:
        create_standin(session.database, session.clock.now(), birth)
        yield replace(session, scratch=True)


@contextmanager
def opened(database_url: str, *, read_only: bool = False) -> Iterator[Session]:
    """Open a database that need not exist yet: the first write creates it."""
    clock = SystemClock()
    database = open_database(database_url, read_only=read_only, correct=clock.correct)
    try:
        yield Session(database, clock, Uuid7())
    finally:
        database.close()


def no_database(name: str) -> DatabaseUnusable:
    """Say that there is no database, and what makes one."""
    return DatabaseUnusable(
        f"there is no database at {name}",
        hint="dialctl apply creates it; --database-url or DIALCTL_DATABASE_URL names another",
    )


def acting(name: str | None) -> Actor:
    """Tell who acts: by the name given, else the OS user; CI systems set `CI`."""
    return Actor(name or _os_user(), "ci" if os.environ.get(CI) else "person")


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return NOBODY
