"""`dialctl release`: the end of a stop, by a person (R-HOLD-3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.settings import Author, Place
from reconciler.cli.terminal import agrees, can_ask, note, print_lines
from reconciler.cli.waiting import acting_on
from reconciler.errors import DialctlError, NotFound, UsageError

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Connection

    from reconciler.cli.session import Session
    from reconciler.core.holds import Hold
    from reconciler.store.events import Actor


def release(
    where: Place,
    author: Author,
    hold: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="Its id, 8 characters of it or more, or campaign/NAME."),
    ] = None,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Every hold that a person's stop has set, of all organizations.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --all: do not ask.")] = False,
) -> None:
    """Lift a hold, or with --all all that people set, so that calls start again."""
    from reconciler.cli.session import acting, open_session
    from reconciler.store.identity import find_organization
    from reconciler.store.operations.naming_holds import find_holds, stops_by_people

    if everything == (hold is not None):
        raise UsageError("name one hold, or say --all", hint="dialctl get holds lists them")
    with open_session(where.database_url) as session:
        actor = acting(author.actor)
        if hold is not None:
            _lift(session, actor, lambda found: find_holds(found, find_organization(found, where.org), hold))
            return
        agreed = _agreed(session, yes=yes)
        _lift(
            session,
            actor,
            lambda found: [one for one in stops_by_people(found, session.clock.now()) if one.id in agreed],
        )


def _agreed(session: Session, *, yes: bool) -> frozenset[UUID]:
    """List the holds that would be lifted, and ask; what is set meanwhile is not meant."""
    from reconciler.store.operations.naming_holds import scope_text, stops_by_people

    with session.database.read() as connection:
        found = stops_by_people(connection, session.clock.now())
        listed = [f"{scope_text(connection, one)}, {one}" for one in found]
    if not found:
        raise NotFound("no stop of a person stands", hint="dialctl get holds lists what holds calls back")
    if not yes:
        for line in listed:
            note(line)
        if not can_ask():
            raise UsageError("calls would start again", hint="add --yes where nobody can be asked")
        if not agrees(f"Lift {'this hold' if len(found) == 1 else f'these {len(found)} holds'}?"):
            raise DialctlError("nothing was changed")
    return frozenset(one.id for one in found)


def _lift(session: Session, actor: Actor, find: Callable[[Connection], Sequence[Hold]]) -> None:
    from reconciler.store.operations.naming_holds import paused_under, scope_text
    from reconciler.store.operations.stopping import release as release_holds

    with acting_on(session, actor, only_holds=True) as operation:
        connection = operation.connection
        found = find(connection)
        release_holds(operation, found)
        lines = [f"lifted: {scope_text(connection, one)}, {one}" for one in found]
        paused = paused_under(connection, found)
    print_lines(lines)
    for name in paused:
        note(f"campaign {name} stays paused; start it with: dialctl start {name}")
