"""`dialctl resolve`, `requeue` and `call`: single contacts by hand (R-CONTACT-1, R-ADHOC-1)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from reconciler.cli.settings import Author, Place
from reconciler.cli.stopping import Reason
from reconciler.cli.terminal import agrees, can_ask, note, print_lines
from reconciler.cli.waiting import acting_on
from reconciler.errors import DialctlError, UsageError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from reconciler.core.outcomes import Outcome
    from reconciler.core.settlement import ContactStatus
    from reconciler.store.identity import CampaignRef
    from reconciler.store.operations.requeue import Prepared, Selection


class Requeuable(StrEnum):
    """The statuses that a requeue leaves."""

    COMPLETED = "completed"
    EXHAUSTED = "exhausted"
    EXPIRED = "expired"
    ERROR = "error"


CampaignName = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Its name or id; default: in none.")]

Resolvable = Literal[
    "completed", "transferred", "machine", "no_answer", "busy", "rejected", "agent_fault", "invalid_number",
    "blocked", "cancelled", "released",
]  # fmt: skip
LastOutcome = Literal[
    "completed", "transferred", "machine", "no_answer", "busy", "rejected", "agent_fault", "invalid_number",
    "blocked", "provider_fault", "quota", "cancelled", "config_error", "released",
]  # fmt: skip


def resolve(
    campaign: CampaignName,
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help="Its external id, or its id.")],
    where: Place,
    author: Author,
    *,
    outcome: Annotated[
        Resolvable, typer.Option("--outcome", help="What became of the call; released: it never rang.")
    ],
    reason: Reason = None,
) -> None:
    """Say what became of a call whose fate a crash left unknown."""
    from reconciler.cli.session import acting, open_session
    from reconciler.controller.resolving import resolve as settle
    from reconciler.core.outcomes import Outcome
    from reconciler.store.identity import find_contact

    with open_session(where.database_url) as session, acting_on(session, acting(author.actor)) as operation:
        place = _place(operation.connection, where.org, campaign)
        which = find_contact(operation.connection, place, contact)
        after = settle(operation, which, Outcome(outcome), reason)
    print_lines([f"contact {which} of campaign {place} is {after}, no longer unknown"])


def requeue(
    campaign: CampaignName,
    where: Place,
    author: Author,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these contacts.")
    ] = None,
    *,
    status: Annotated[
        list[Requeuable] | None, typer.Option("--status", help="Those in this status; repeatable.")
    ] = None,
    outcome: Annotated[
        LastOutcome | None, typer.Option("--outcome", help="Those whose last call came to this.")
    ] = None,
    reason: Reason = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Call contacts again that were done: their attempts so far count no longer."""
    from reconciler.cli.session import acting, open_session
    from reconciler.core.outcomes import Outcome
    from reconciler.core.settlement import ContactStatus
    from reconciler.store.operations.requeue import prepare
    from reconciler.store.operations.requeue import requeue as make_pending

    if not (names or status or outcome):
        raise UsageError("say which contacts", hint="name them, or add --status exhausted, or --outcome busy")
    statuses = [ContactStatus(one) for one in status or ()]
    last = Outcome(outcome) if outcome else None
    with open_session(where.database_url) as session:
        with session.database.read() as connection:
            place = _place(connection, where.org, campaign)
            meant = _selection(connection, place, names or [], statuses, last)
            prepared = prepare(connection, meant, session.clock.now())
        _tell_left_out(prepared)
        if not prepared.rows:
            print_lines(["nothing to requeue"])
            return
        if not yes:
            _ask(prepared, place)
        with acting_on(session, acting(author.actor)) as operation:
            moved = make_pending(operation, prepared, reason)
    print_lines([f"{_contacts(moved)} of campaign {place} requeued, due now"])


def _place(connection: Connection, org: str, campaign: str) -> CampaignRef:
    from reconciler.store.identity import find_campaign, find_organization

    return find_campaign(connection, find_organization(connection, org), campaign)


def _selection(
    connection: Connection,
    place: CampaignRef,
    names: list[str],
    statuses: list[ContactStatus],
    outcome: Outcome | None,
) -> Selection:
    """Say which contacts are meant; without a status, an outcome means the completed and exhausted ones."""
    from reconciler.store.identity import find_contact
    from reconciler.store.operations.requeue import BY_OUTCOME, REQUEUABLE, Selection

    unsaid = REQUEUABLE if names else BY_OUTCOME
    named = [find_contact(connection, place, name) for name in names]
    return Selection(place, frozenset(statuses) or unsaid, outcome, named)


def _tell_left_out(prepared: Prepared) -> None:
    for why, count in sorted(prepared.left_out.items()):
        note(f"{_contacts(count)} left out: {why}")


def _ask(prepared: Prepared, place: CampaignRef) -> None:
    if not can_ask():
        raise UsageError(
            f"{_contacts(len(prepared.rows))} would be called again",
            hint="add --yes where nobody can be asked",
        )
    if not agrees(f"Call {_contacts(len(prepared.rows))} of campaign {place} again?"):
        raise DialctlError("nothing was changed")


def _contacts(count: int) -> str:
    return f"{count:,} contact{'' if count == 1 else 's'}"
