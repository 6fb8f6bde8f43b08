"""The admission: the last look before a phone rings, committed before anything is sent (R-CRASH-1, R-WIN-6).

Under the lock and at the present instant it checks again what may have changed since the claim: the stamp,
the lease, status, holds, windows, suppression, expiry, withdrawal, pacing. What passes is marked `placing`;
what does not is released, and no attempt is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from reconciler.controller.claiming import Pick
from reconciler.controller.cycle import Cycle
from reconciler.controller.lane_views import LaneView
from reconciler.core.agents import Agent
from reconciler.core.book import Terms
from reconciler.core.outcomes import Outcome
from reconciler.core.pacing import after_start, may_start
from reconciler.core.settlement import ContactStatus
from reconciler.ports import Call, Ended
from reconciler.store import leases, numbers, open_attempts, pacing, waiting_room
from reconciler.store.tallies import TallyChange


@dataclass(frozen=True, slots=True)
class Admitted:
    """What an admission came to: calls to submit, refusals to settle, and when pacing allows the next."""

    calls: Sequence[Call] = ()
    refused: Sequence[Ended] = ()
    next_start_at: datetime | None = None


def admit(cycle: Cycle, picks: Sequence[Pick]) -> Admitted:
    """Check picks for the last time and mark those that pass as placing; runs in the cycle's transaction."""
    if cycle.barred is not None:
        return _refuse_all(cycle, picks, "the database's stamp was changed meanwhile")
    if not leases.is_valid(cycle.connection, cycle.lease, cycle.now):
        return _refuse_all(cycle, picks, "the dialer lost its lease")
    views = cycle.lanes.views(cycle.connection, {pick.candidate.view.id for pick in picks}, cycle.book)
    lease = cycle.lease
    held = waiting_room.admissible(
        cycle.connection, [pick.attempt_id for pick in picks], lease.dialer_id, lease.epoch
    )
    suppressed = numbers.suppressed_until(cycle.connection, {pick.number for pick in picks}, cycle.now)
    starts, until = _Starts(cycle), {id_: _until(cycle, view) for id_, view in views.items()}
    calls, admitted, refused = [], [], []
    for pick in picks:
        view = views[pick.candidate.view.id]
        not_after = _not_after(until[view.id], held.get(pick.attempt_id))
        reason = _obstacle(cycle, pick, view, held, not_after)
        if (view.terms.org_id, pick.number) in suppressed:
            reason = "the number was suppressed meanwhile"
        elif reason is None and not starts.allow(view):
            reason = "another dialer used the campaign's pace"
        if reason is None:
            starts.take(view)
            calls.append(_call(cycle, pick, view, cast(datetime, not_after)))
            admitted.append(pick)
        else:
            refused.append(_refusal(pick, cycle.now, reason))
    _mark_placing(cycle, calls, admitted)
    return Admitted(calls, refused, starts.write())


class _Starts:
    """The pacing instants of this admission."""

    def __init__(self, cycle: Cycle) -> None:
        self._cycle = cycle
        self._known: dict[UUID, datetime] | None = None
        self._advanced: dict[UUID, datetime] = {}

    def allow(self, view: LaneView) -> bool:
        """Tell whether the campaign may start a call now (R-DIAL-5)."""
        return view.terms.policy.calls_per_second is None or may_start(self._next(view), self._cycle.now)

    def take(self, view: LaneView) -> None:
        """Count a start."""
        rate = view.terms.policy.calls_per_second
        if rate is not None:
            self._advanced[view.terms.key] = after_start(rate, self._next(view), self._cycle.now)

    def write(self) -> datetime | None:
        """Write the instants that moved; gives the earliest."""
        pacing.advance(self._cycle.connection, self._advanced)
        return min(self._advanced.values(), default=None)

    def _next(self, view: LaneView) -> datetime | None:
        if self._known is None:
            self._known = pacing.next_starts(self._cycle.connection)
        return self._advanced.get(view.terms.key) or self._known.get(view.terms.key)


def _obstacle(
    cycle: Cycle,
    pick: Pick,
    view: LaneView,
    held: dict[UUID, datetime | None],
    not_after: datetime | None,
) -> str | None:
    """Say what stands in the way of a call now, if anything does."""
    if pick.attempt_id not in held:
        return "the contact was withdrawn, or taken over by another dialer, meanwhile"
    expires_at = held[pick.attempt_id]
    if expires_at is not None and expires_at <= cycle.now:
        return "the contact expired meanwhile"
    if view.terms.status != "active":
        return f"the campaign is {view.terms.status}"
    if not_after is None:
        return "held, or its window shut meanwhile"
    if _agent(pick, view.terms) != _agent(pick, pick.candidate.view.terms):
        return "its agent changed meanwhile"
    if not_after <= cycle.now:
        return "the dialer's lease is about to expire"
    return None


def _until(cycle: Cycle, view: LaneView) -> datetime | None:
    """Give until when calls of a lane may ring: its window or its dialer's lease ends; None if it is shut."""
    opening = view.opening(cycle.plain_holds, cycle.now)
    if not opening.open:
        return None
    lease_ends = cycle.lease.calls_until
    return lease_ends if opening.changes_at is None else min(lease_ends, opening.changes_at)


def _not_after(until: datetime | None, expires_at: datetime | None) -> datetime | None:
    """Give the instant after which a call must not ring any more (R-CRASH-3)."""
    return until if until is None or expires_at is None else min(until, expires_at)


def _agent(pick: Pick, terms: Terms) -> Agent:
    return pick.candidate.waiting.agent.over(terms.agent)


def _call(cycle: Cycle, pick: Pick, view: LaneView, not_after: datetime) -> Call:
    row, policy = pick.candidate.row, view.terms.policy
    agent = _agent(pick, view.terms)
    return Call(
        attempt_id=pick.attempt_id,
        organization=cycle.book.organizations[view.terms.org_id].name,
        campaign=view.terms.name,
        contact=row.external_id or str(row.id),
        number=pick.number,
        agent_id=agent.agent_id,
        agent_version=agent.agent_version,
        agent_number=agent.agent_number,
        agent_config=row.agent_config,
        initial_context=row.initial_context,
        custom_metadata=row.data or {},
        ring_timeout=policy.ring_timeout,
        max_call_duration=policy.max_call_duration,
        placing_at=cycle.now,
        not_after=not_after,
    )


def _mark_placing(cycle: Cycle, calls: Sequence[Call], picks: Sequence[Pick]) -> None:
    if not calls:
        return
    open_attempts.mark_placing(
        cycle.connection,
        [
            {
                "id_": call.attempt_id,
                "at": cycle.now,
                "latest": call.not_after,
                "gives_up": cycle.now + call.ring_timeout + call.max_call_duration,
            }
            for call in calls
        ],
    )
    ids = [pick.candidate.row.id for pick in picks]
    waiting_room.change_status(cycle.connection, ids, ContactStatus.LOCKED, ContactStatus.IN_PROGRESS)
    tallies = TallyChange()
    tallies.move_all((pick.candidate.row for pick in picks), "locked", "in_progress")
    tallies.write(cycle.connection)


def _refuse_all(cycle: Cycle, picks: Sequence[Pick], reason: str) -> Admitted:
    return Admitted(refused=[_refusal(pick, cycle.now, reason) for pick in picks])


def _refusal(pick: Pick, now: datetime, reason: str) -> Ended:
    return Ended(pick.attempt_id, now, Outcome.RELEASED, rang=False, reason=reason)
