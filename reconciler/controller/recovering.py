"""Recovery: what a dead dialer left is taken over, and asked about where it may have rung (R-CRASH-2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection

from reconciler.controller.cycle import Cycle
from reconciler.controller.hanging_up import calls_to_end
from reconciler.controller.settling import settle_events
from reconciler.core.outcomes import Outcome
from reconciler.ports import CannotTell, Ended, Inquiry
from reconciler.store import open_attempts

OVERDUE = timedelta(seconds=10)
"""A call that is not over so long after it had to be is asked about: its end may have got lost."""

ASK_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Recovered:
    """Calls that were taken over: what to ask the gateway about them, and which of them to end."""

    inquiries: Sequence[Inquiry] = ()
    to_end: Sequence[UUID] = ()


def recover(cycle: Cycle) -> Recovered:
    """Take over the open attempts of dialers whose lease has expired, and those that were handed over.

    Runs at the start of a step: intents of this very dialer are then what a failed step has left.

    An attempt that never left `intent` is released: nothing was sent. Any other may have rung; it stays open
    until the gateway has said what became of it. A call given to another gateway is left to a dialer that
    speaks to it, until its time is over: then nobody can tell.

    A hold that stands and ends calls was set after these were placed. Whoever had them may have gone before
    its order to hang up arrived, so it is given again (R-LIFE-4).
    """
    left_behind = open_attempts.orphaned(cycle.connection, cycle.now, cycle.lease.dialer_id)
    if not left_behind:
        return Recovered()
    unsent = [row.id for row in left_behind if row.state == "intent"]
    gone = [row for row in left_behind if row.state not in {"intent", "unknown"}]
    sent = [row.id for row in gone if row.gateway == cycle.gateway]
    open_attempts.adopt(cycle.connection, [*unsent, *sent], cycle.lease.dialer_id, cycle.lease.epoch)
    reason = "its dialer died, or failed, before it was sent"
    settle_events(
        cycle, [Ended(id_, cycle.now, Outcome.RELEASED, rang=False, reason=reason) for id_ in unsent]
    )
    settle_events(
        cycle,
        [
            CannotTell(row.id, cycle.now)
            for row in gone
            if row.gateway != cycle.gateway and row.gives_up_at + OVERDUE <= cycle.now
        ],
    )
    to_end = set(sent).intersection(calls_to_end(cycle, cycle.holds) if sent else ())
    return Recovered(_inquiries(cycle.connection, sent, cycle), sorted(to_end))


def chase_overdue(cycle: Cycle) -> list[Inquiry]:
    """Give what to ask about calls of this gateway that should have been over for a while."""
    overdue = open_attempts.overdue(cycle.connection, cycle.gateway, cycle.now - OVERDUE)
    open_attempts.postpone_overdue(cycle.connection, overdue, cycle.now + ASK_AGAIN - OVERDUE)
    return _inquiries(cycle.connection, overdue, cycle)


def _inquiries(connection: Connection, ids: Sequence[UUID], cycle: Cycle) -> list[Inquiry]:
    asked = []
    for row in open_attempts.inquiries(connection, ids):
        policy = cycle.book.terms[row.campaign_key].policy
        asked.append(
            Inquiry(
                attempt_id=row.id,
                number=row.number,
                agent_number=row.agent_number,
                placing_at=row.placing_at,
                gateway_ref=row.gateway_ref,
                ring_timeout=policy.ring_timeout,
                max_call_duration=policy.max_call_duration,
            )
        )
    return asked
