"""`dialctl stop`: the emergency stop (R-HOLD-3)."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import timedelta
from time import sleep
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.numbers import read_number, region
from reconciler.cli.receipt_text import dialer_line, head_lines, lift_line, result_lines
from reconciler.cli.settings import DATABASE_URL, DEFAULT_DATABASE_URL, Author
from reconciler.cli.terminal import note, print_lines
from reconciler.cli.waiting import acting_on
from reconciler.errors import SomebodyElseIsApplying, UsageError

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Connection

    from reconciler.cli.session import Session
    from reconciler.core.holds import HoldScope
    from reconciler.store.events import Actor
    from reconciler.store.operations.receipts import LiveDialer
    from reconciler.store.operations.stopping import HangUp, StopOrder, Stopped

Reason = Annotated[str | None, typer.Option("--reason", help="Why; the log keeps it.", metavar="TEXT")]


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUps:
    """What becomes of calls that are going on."""

    cancel_unanswered: Annotated[
        bool, typer.Option("--cancel-unanswered", help="Cancel the calls that nobody has answered yet.")
    ] = False
    hang_up_all: Annotated[
        bool, typer.Option("--hang-up", help="End all calls, also those in which somebody speaks.")
    ] = False

    def hang_up(self) -> HangUp:
        """Say which calls end: the stronger wish wins."""
        if self.hang_up_all:
            return "all"
        return "unanswered" if self.cancel_unanswered else "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a hold covers: one of these; --org beside another narrows that to one organization."""

    everything: Annotated[bool, typer.Option("--all", help="Everything.")] = False
    org: Annotated[
        str | None,
        typer.Option("--org", help="An organization; beside another scope: only there.", metavar="NAME"),
    ] = None
    campaign: Annotated[str | None, typer.Option("--campaign", help="A campaign.", metavar="NAME")] = None
    agent: Annotated[str | None, typer.Option("--agent", help="An agent.", metavar="ID")] = None
    caller_id: Annotated[str | None, typer.Option("--caller-id", help="A caller ID.", metavar="NUMBER")] = (
        None
    )
    gateway: Annotated[str | None, typer.Option("--gateway", help="A gateway.", metavar="NAME")] = None
    country: Annotated[
        str | None, typer.Option("--country", help="The country of the number called.", metavar="CC")
    ] = None

    def chosen(self) -> tuple[HoldScope, str]:
        """Give the one scope and its value as written; raises UsageError unless there is exactly one."""
        from reconciler.core.holds import HoldScope

        given = [
            (HoldScope(name), value)
            for name in ("campaign", "agent", "caller_id", "gateway", "country")
            if (value := getattr(self, name)) is not None
        ]
        if self.everything:
            given.append((HoldScope.ALL, ""))
        if self.org is not None and (not given or self.everything):
            given.append((HoldScope.ORG, self.org))
        if len(given) != 1:
            raise UsageError(
                "name exactly one scope" if given else "name what to stop",
                hint="--all, --org, --campaign, --agent, --caller-id, --gateway or --country",
            )
        return given[0]


def stop(
    scope: Scope,
    author: Author,
    ending: HangUps,
    *,
    database_url: Annotated[
        str, typer.Option("--database-url", envvar=DATABASE_URL, help="The database.", metavar="URL")
    ] = DEFAULT_DATABASE_URL,
    reason: Reason = None,
    lasts: Annotated[
        str | None, typer.Option("--for", help="Until so long from now: 2h.", metavar="DURATION")
    ] = None,
    wait: Annotated[
        str, typer.Option("--wait", help="How long to wait for the dialers to obey.", metavar="DURATION")
    ] = "10s",
) -> None:
    """Stop calls at once: set a hold, and report what it achieves."""
    from reconciler.cli.session import acting, open_session
    from reconciler.store.operations.naming_holds import scope_text
    from reconciler.store.operations.scopes import nothing_bears
    from reconciler.store.operations.stopping import StopOrder

    kind, value = scope.chosen()
    patience = duration("--wait", wait)
    length = None if lasts is None else duration("--for", lasts)
    with open_session(database_url) as session:
        with session.database.read() as connection:
            org_id, value = _resolved(connection, scope.org, kind, value)
        order = StopOrder(kind, value, org_id, reason, ending.hang_up(), length)
        stopped = _stop_at_last(session, acting(author.actor), order)
        with session.database.read() as connection:
            text = scope_text(connection, stopped.hold)
            doubt = nothing_bears(connection, stopped.hold)
        if doubt:
            note(f"warning: {doubt}")
        show_receipt(session, stopped, text, patience)
    print_lines([lift_line(stopped.hold)])


def show_receipt(session: Session, stopped: Stopped, scope: str, patience: timedelta) -> None:
    """Print what a hold achieves, as it comes in."""
    from reconciler.controller.following import follow

    print_lines(head_lines(stopped, scope))
    obeying: list[LiveDialer] = []
    for receipt in follow(session.database, session.clock, stopped, at_most=patience, pause=sleep):
        new = [dialer for dialer in receipt.dialers if dialer.confirmed and dialer not in obeying]
        obeying += new
        print_lines(dialer_line(dialer) for dialer in new)
        sys.stdout.flush()
    print_lines(result_lines(receipt, patience))


def duration(option: str, text: str) -> timedelta:
    """Read a duration such as `2h`; raises UsageError naming the option."""
    from reconciler.spec.scalars import parse_duration

    try:
        length = parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None
    assert isinstance(length, timedelta)  # noqa: S101 - what it gives for a text
    return length


def _resolved(
    connection: Connection, org: str | None, kind: HoldScope, value: str
) -> tuple[UUID | None, str]:
    """Give the organization that a scope is narrowed to, and its value as holds keep it."""
    from reconciler.core.holds import HoldScope
    from reconciler.store.identity import find_campaign, find_organization

    inside = None if org is None else find_organization(connection, org)
    match kind:
        case HoldScope.ORG if inside is not None:
            value = inside.name
        case HoldScope.CAMPAIGN:
            which = find_campaign(connection, inside or find_organization(connection, "default"), value)
            return which.org.id, str(which.key)
        case HoldScope.CALLER_ID:
            value = read_number(value, "US")
        case HoldScope.COUNTRY:
            value = region(value)
    return None if inside is None else inside.id, value


def _stop_at_last(session: Session, actor: Actor, order: StopOrder) -> Stopped:
    """Set the hold, however long somebody else writes: an emergency stop does not give up."""
    from reconciler.store.operations.stopping import stop as set_hold

    while True:
        try:
            with acting_on(session, actor, only_holds=True) as operation:
                return set_hold(operation, order)
        except SomebodyElseIsApplying as busy:
            note(f"{busy.message}: trying again; Ctrl-C gives up")
