"""`dialctl start`, `pause` and `close`: the lifecycle of a campaign by hand (R-LIFE-2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.receipt_text import lift_line
from reconciler.cli.settings import Author, Place
from reconciler.cli.stopping import HangUps, Reason, show_receipt
from reconciler.cli.terminal import agrees, can_ask, note, print_lines
from reconciler.cli.waiting import acting_on
from reconciler.errors import DialctlError, SomebodyElseIsApplying

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from reconciler.cli.session import Session
    from reconciler.store.events import Actor
    from reconciler.store.identity import CampaignRef
    from reconciler.store.operations.lifecycle import Moved
    from reconciler.store.operations.operation import Operation

CampaignName = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Its name, or its id.")]

TO_OBEY = timedelta(seconds=10)
"""How long dialers get to obey: one that is alive does so within a second (R-LIFE-4)."""


def start(campaign: CampaignName, where: Place, author: Author, *, reason: Reason = None) -> None:
    """Make a campaign active, and lift the holds on it."""
    from reconciler.cli.session import acting, open_session
    from reconciler.store.operations.lifecycle import start as start_campaign
    from reconciler.store.operations.lifecycle import still_held
    from reconciler.store.operations.naming_holds import scope_text

    with open_session(where.database_url) as session, acting_on(session, acting(author.actor)) as operation:
        which = _find(operation.connection, where.org, campaign)
        moved = start_campaign(operation, which, reason=reason)
        holds = still_held(operation.connection, which, operation.now)
        scopes = [scope_text(operation.connection, hold) for hold in holds]
    print_lines([_moved(moved), *(f"lifted hold {hold.id}: {hold.reason}" for hold in moved.lifted)])
    for hold, scope in zip(holds, scopes, strict=True):
        note(f"warning: {scope} is {hold}; {lift_line(hold)}")


def pause(
    campaign: CampaignName, where: Place, author: Author, ending: HangUps, *, reason: Reason = None
) -> None:
    """Pause a campaign and hold it: no apply starts it again."""
    from reconciler.cli.session import acting, open_session
    from reconciler.store.operations.lifecycle import hold_back
    from reconciler.store.operations.lifecycle import pause as pause_campaign

    wish, actor = ending.hang_up(), acting(author.actor)
    with open_session(where.database_url) as session:
        with acting_on(session, actor, only_holds=True) as operation:
            which = _find(operation.connection, where.org, campaign)
            stopped = hold_back(operation, which, reason=reason, hang_up=wish)
        write = partial(pause_campaign, which=which, reason=reason, hang_up=wish, stopped=stopped)
        moved = _at_last(session, actor, write)
        print_lines([_moved(moved)])
        if moved.stopped is not None:
            show_receipt(session, moved.stopped, f"campaign {which}", TO_OBEY)
    print_lines([f"start it with: dialctl start {which}"])


def close(
    campaign: CampaignName, where: Place, author: Author, ending: HangUps, *, reason: Reason = None
) -> None:
    """Close a campaign for ever; its contacts keep their status and are never called again."""
    from reconciler.cli.session import acting, open_session
    from reconciler.store.operations.lifecycle import close as close_campaign
    from reconciler.store.operations.lifecycle import left_to_call

    with open_session(where.database_url) as session:
        with session.database.read() as connection:
            left = left_to_call(connection, _find(connection, where.org, campaign))
        if left and can_ask() and not agrees(f"Close {campaign} for ever, with {left:,} left to call?"):
            raise DialctlError("not closed: nothing was changed")
        with acting_on(session, acting(author.actor)) as operation:
            which = _find(operation.connection, where.org, campaign)
            moved = close_campaign(operation, which, reason=reason, hang_up=ending.hang_up())
        print_lines([_moved(moved)])
        if moved.stopped is not None:
            show_receipt(session, moved.stopped, f"campaign {which}", TO_OBEY)


def _at_last(session: Session, actor: Actor, write: Callable[[Operation], Moved]) -> Moved:
    """Write a status, however long somebody applies: its hold stands, and to give up would not say so."""
    while True:
        try:
            with acting_on(session, actor) as operation:
                return write(operation)
        except SomebodyElseIsApplying as busy:
            note(f"{busy.message}: calls are held already, only the status is not written; trying again")


def _find(connection: Connection, org: str, name: str) -> CampaignRef:
    from reconciler.store.identity import find_campaign, find_organization

    return find_campaign(connection, find_organization(connection, org), name)


def _moved(moved: Moved) -> str:
    if moved.before == moved.after:
        return f"campaign {moved.campaign} is {moved.after}, as before"
    return f"campaign {moved.campaign} is {moved.after}, no longer {moved.before}"
