"""Start, pause and close by hand: where the campaign's status allows it (R-LIFE-2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, func, select, update

from reconciler.core.holds import CallTarget, Hold, HoldScope, covers
from reconciler.errors import TransitionRefused
from reconciler.store.book import BookReader
from reconciler.store.events import EventRecord, write_events
from reconciler.store.holds import holds_on_campaign, release_holds
from reconciler.store.identity import CampaignRef
from reconciler.store.lanes import drop_lanes
from reconciler.store.operations.operation import Operation, raise_serial, stated
from reconciler.store.operations.stopping import HangUp, StopOrder, Stopped, stop
from reconciler.store.tables import campaign, tally

CLOSING = timedelta(minutes=10)
"""How long the hold stands that tells the dialers to end a closed campaign's calls: it never dials again."""

Action = Literal["start", "pause", "close"]
Status = Literal["active", "paused", "closed"]

_NOT_CLOSED = campaign.c.status != "closed"
_ACTIVE = campaign.c.status == "active"


@dataclass(frozen=True, slots=True)
class Moved:
    """A campaign that went from one status to another; what was held or lifted with it."""

    campaign: CampaignRef
    before: str
    after: Status
    stopped: Stopped | None = None
    lifted: Sequence[Hold] = ()


def start(operation: Operation, which: CampaignRef, *, reason: str | None = None) -> Moved:
    """Make a campaign active, and lift the holds on it (R-HOLD-2); raises TransitionRefused if closed."""
    before = _move(operation, which, "start", reason, to="active", allowed=_NOT_CLOSED)
    lifted = holds_on_campaign(operation.connection, which.key)
    release_holds(operation.connection, lifted, operation.actor, operation.now)
    return Moved(which, before, "active", lifted=lifted)


def hold_back(
    operation: Operation, which: CampaignRef, *, reason: str | None = None, hang_up: HangUp = "none"
) -> Stopped:
    """Set the hold that a pause leaves on an active campaign, and touch nothing else.

    So calls stop also while an apply is writing, which the pause itself has to wait for. Raises
    TransitionRefused unless the campaign is active.
    """
    _require(operation.connection, which, "pause", _ACTIVE)
    return stop(operation, _on_campaign(which, reason, hang_up))


def pause(
    operation: Operation,
    which: CampaignRef,
    *,
    reason: str | None = None,
    hang_up: HangUp = "none",
    stopped: Stopped | None = None,
) -> Moved:
    """Pause an active campaign and leave a hold on it, which no apply lifts (R-HOLD-2).

    `stopped` is what `hold_back` came to, if that went before. Raises TransitionRefused unless the campaign
    is active.
    """
    if stopped is None or stopped.hold.id not in _holds_on(operation.connection, which):
        stopped = stop(operation, _on_campaign(which, reason, hang_up))
    before = _move(operation, which, "pause", reason, to="paused", allowed=_ACTIVE)
    return Moved(which, before, "paused", stopped)


def close(
    operation: Operation, which: CampaignRef, *, reason: str | None = None, hang_up: HangUp = "none"
) -> Moved:
    """Close a campaign for ever; its contacts keep their status and are never claimed (R-LIFE-8).

    Where calls are to end, a hold carries that to the dialers and runs out by itself. Raises
    TransitionRefused if it is closed already.
    """
    stopped = None
    if hang_up != "none":
        stopped = stop(operation, _on_campaign(which, reason, hang_up, CLOSING))
    before = _move(operation, which, "close", reason, to="closed", allowed=_NOT_CLOSED)
    drop_lanes(operation.connection, [which.key])
    return Moved(which, before, "closed", stopped)


def left_to_call(connection: Connection, campaign: CampaignRef) -> int:
    """Count the contacts of a campaign that are still to be called, or on the phone."""
    waiting = tally.c.name.in_(("pending", "locked", "in_progress"))
    counted = select(func.coalesce(func.sum(tally.c.count), 0))
    return int(connection.execute(counted.where(tally.c.campaign_key == campaign.key, waiting)).scalar_one())


def still_held(connection: Connection, which: CampaignRef, now: datetime) -> list[Hold]:
    """Give the standing holds that cover calls of a campaign by its own terms; a contact's may differ."""
    book, holds = BookReader().read(connection)
    terms = book.terms[which.key]
    version = terms.agent.agent_version
    target = CallTarget(
        org_id=terms.org_id,
        campaign_key=terms.key,
        agent_id=terms.agent.agent_id,
        agent_version=None if version is None else str(version),
        agent_number=terms.agent.agent_number,
        gateway="",
        country="",
    )
    return [hold for hold in holds if hold.stands(now) and covers(hold, target)]


def _on_campaign(
    which: CampaignRef, reason: str | None, hang_up: HangUp, lasts: timedelta | None = None
) -> StopOrder:
    return StopOrder(HoldScope.CAMPAIGN, str(which.key), which.org.id, reason, hang_up, lasts)


def _holds_on(connection: Connection, which: CampaignRef) -> set[UUID]:
    return {hold.id for hold in holds_on_campaign(connection, which.key)}


def _move(
    operation: Operation,
    which: CampaignRef,
    action: Action,
    reason: str | None,
    *,
    to: Status,
    allowed: ColumnElement[bool],
) -> str:
    """Write the status where the present one allows it, with serial and event; gives the status before."""
    connection = operation.connection
    before = _require(connection, which, action, allowed)
    values = {"status": to, "serial": raise_serial(connection)}
    connection.execute(update(campaign).where(campaign.c.id == which.key).values(values))
    record = EventRecord(
        action,
        "Campaign",
        str(which.name),
        org_id=which.org.id,
        object_id=which.key,
        fields=[{"path": "spec.status", "before": before, "after": to}],
        reason=stated(reason),
    )
    write_events(connection, operation.actor, operation.now, [record])
    return before


def _require(connection: Connection, which: CampaignRef, action: Action, allowed: ColumnElement[bool]) -> str:
    """Give a campaign's status; raises TransitionRefused where that does not allow the action."""
    if which.name is None:
        raise TransitionRefused(
            f"cannot {action} 'default': it stands for contacts in no campaign, and has no status",
            hint="dialctl stop --org NAME stops them too",
        )
    found = select(campaign.c.status, allowed).where(campaign.c.id == which.key)
    status, is_allowed = connection.execute(found).one()
    if not is_allowed:
        raise TransitionRefused(f"cannot {action} campaign {which}: it is {status}", hint=_HINTS.get(status))
    return str(status)


_HINTS = {"closed": "closed is final; declare another campaign"}
