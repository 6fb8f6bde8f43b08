"""`dialctl db …`: the schema's version, and the stamp that says which carriers may dial (R-ENV-1)."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from reconciler.cli.settings import Author, Place
from reconciler.cli.terminal import agrees, can_ask, print_lines
from reconciler.errors import DialctlError, UsageError


def upgrade(where: Place) -> None:
    """Bring the schema up to this release's version."""
    from reconciler.cli.session import connected, no_database
    from reconciler.store.engine import is_empty
    from reconciler.store.schema import upgrade as upgrade_schema

    with connected(where.database_url) as session:
        with session.database.read() as connection:
            if is_empty(connection):
                raise no_database(session.database.name)
        before, after = upgrade_schema(session.database)
    print_lines([f"at version {after} already" if before == after else f"upgraded from {before} to {after}"])


def current(where: Place) -> None:
    """Show the schema's version. Beside it, what it and this release say of each other."""
    from reconciler.cli.session import connected
    from reconciler.store.schema_range import NEWEST, OLDEST, found_schema

    with connected(where.database_url, read_only=True) as session, session.database.read() as connection:
        found = found_schema(connection)
    carries = f"it carries releases from {found.oldest_release} on"
    print_lines([f"{found.version} ({carries}; this release knows {OLDEST} to {NEWEST})"])


def check(where: Place) -> None:
    """Exit 0 if this release can work with the database, else 1."""
    from reconciler.cli.session import open_session

    with open_session(where.database_url, read_only=True) as session:
        print_lines([f"{session.database.name} can be worked with"])


def environment(
    where: Place,
    author: Author,
    stamp: Annotated[
        Literal["sandbox", "live"] | None, typer.Argument(help="The new stamp; without one, it is shown.")
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Show or set the stamp, sandbox or live. Only a live database rings real phones (R-ENV-1)."""
    from reconciler.cli.session import acting, open_session
    from reconciler.store.events import EventRecord, write_events
    from reconciler.store.schema import environment as stamp_of
    from reconciler.store.schema import stamp_environment

    with open_session(where.database_url, read_only=stamp is None) as session:
        with session.database.read() as connection:
            before = stamp_of(connection)
        if stamp is None:
            print_lines([before])
            return
        if stamp == "live" and before != "live" and not yes:
            _ask_for_live(session.database.name)
        with session.database.write() as connection:
            stamp_environment(connection, stamp)
            if stamp != before:
                fields = [{"path": "environment", "before": before, "after": stamp}]
                record = EventRecord("update", "Installation", "environment", fields=fields)
                write_events(connection, acting(author.actor), session.clock.now(), [record])
    print_lines([f"{stamp}, as before" if stamp == before else f"{stamp}, no longer {before}"])


def _ask_for_live(name: str) -> None:
    if not can_ask():
        raise UsageError("a live database rings real phones", hint="add --yes where nobody can be asked")
    if not agrees(f"{name} will ring real phones from now on. Go on?"):
        raise DialctlError("nothing was changed")
