"""`dialctl db …`: the schema, its months of history, and the stamp that says who may dial (R-ENV-1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from reconciler.cli.settings import Author, Place
from reconciler.cli.terminal import agrees, can_ask, note, print_lines
from reconciler.cli.waiting import short_pause
from reconciler.errors import DialctlError, UsageError

if TYPE_CHECKING:
    from reconciler.cli.session import Session


def upgrade(where: Place) -> None:
    """Bring the schema up to this release's version, and its months of history up to the present."""
    from reconciler.cli.session import connected, no_database
    from reconciler.store.engine import is_empty
    from reconciler.store.schema import upgrade as upgrade_schema

    with connected(where.database_url) as session:
        with session.database.read() as connection:
            if is_empty(connection):
                raise no_database(session.database.name)
        before, after = upgrade_schema(session.database)
        print_lines(
            [f"at version {after} already" if before == after else f"upgraded from {before} to {after}"]
        )
        _bring_months_up(session)


def current(where: Place) -> None:
    """Show the schema's version. Beside it, what it and this release say of each other."""
    from reconciler.cli.rendering.months import months_lines
    from reconciler.cli.session import connected
    from reconciler.store.reads.archives import archived_months
    from reconciler.store.reads.months import read_months
    from reconciler.store.schema_range import NEWEST, OLDEST, found_schema

    with connected(where.database_url, read_only=True) as session, session.database.read() as connection:
        found = found_schema(connection)
        archived = archived_months(connection)
        months = read_months(connection, session.clock.now())
    carries = f"it carries releases from {found.oldest_release} on"
    print_lines([f"{found.version} ({carries}; this release knows {OLDEST} to {NEWEST})"])
    print_lines(months_lines(months, archived))


def check(where: Place) -> None:
    """Exit 0 if this release can work with the database, else 1."""
    from reconciler.cli.rendering.months import months_warnings
    from reconciler.cli.session import open_session
    from reconciler.store.reads.months import read_months

    with open_session(where.database_url, read_only=True) as session:
        with session.database.read() as connection:
            months = read_months(connection, session.clock.now())
        print_lines([f"{session.database.name} can be worked with"])
    for warning in months_warnings(months):
        note(warning)


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


def _bring_months_up(session: Session) -> None:
    """Move rows of history into their months; where only another user may, the schema is upgraded anyway."""
    from reconciler.cli.rendering.months import months_warnings
    from reconciler.cli.rendering.words import counted
    from reconciler.store.months_ahead import move_in
    from reconciler.store.reads.months import read_months

    now = session.clock.now()
    with session.database.read() as connection:
        months = read_months(connection, now)
    if months is not None and months.owner is not None:
        for warning in months_warnings(months):
            note(warning)
        return
    moved = move_in(session.database, now, short_pause)
    print_lines(f"moved {counted(move.rows, move.history.singular)} into {move.month}" for move in moved)


def _ask_for_live(name: str) -> None:
    if not can_ask():
        raise UsageError("a live database rings real phones", hint="add --yes where nobody can be asked")
    if not agrees(f"{name} will ring real phones from now on. Go on?"):
        raise DialctlError("nothing was changed")
