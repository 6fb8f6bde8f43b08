"""The claim: which contacts are called next, under all limits, and their intents written down.

    open lanes ─▶ candidates per organization ─▶ fit ones ─▶ share slots ─▶ locked + intent, one transaction

A contact that cannot be called after all (suppressed, number busy, another lane) is set aside once, and the
next one takes its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from reconciler.controller.candidates import Candidate, candidates
from reconciler.controller.cycle import Cycle
from reconciler.controller.intents import write_intents
from reconciler.controller.lane_views import LaneView, Limit
from reconciler.controller.setting_aside import set_aside
from reconciler.core.book import Terms
from reconciler.core.breaker import Breaker, allowance, leave_alone_until, next_change
from reconciler.core.candidacy import Candidacy, Dial, MoveLane, judge
from reconciler.core.lanes import NEVER
from reconciler.core.pacing import after_start, bounded_start, may_start
from reconciler.core.rooms import Rooms
from reconciler.core.slots import Tenant, share_slots
from reconciler.store import numbers, open_attempts, pacing, queue, waiting_room
from reconciler.store.breakers import BreakerKey, agent_key, gateway_key
from reconciler.store.queue import BEGINNING, Due
from reconciler.store.tallies import TallyChange


class Pick(NamedTuple):
    """A contact that is claimed: its row, its lane, the number to dial, the id of the new attempt."""

    candidate: Candidate
    number: str
    attempt_id: UUID


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim came to.

    `active` counts the calls that were already active; `callable_at` is when something becomes callable by
    time alone (where no call is active, else perhaps not known), `lanes_change_at` when a lane opens or
    shuts, `paced_at` when a campaign's pace allows its next call, `tidy_at` when contacts expire or calls are
    given up.
    """

    active: int
    picks: Sequence[Pick] = ()
    callable_at: datetime | None = None
    lanes_change_at: datetime | None = None
    paced_at: datetime | None = None
    tidy_at: datetime | None = None


@dataclass(slots=True)
class _Agenda:
    """Collects when to look again."""

    earliest: datetime | None = None
    paced: datetime | None = None
    lanes_change: datetime | None = None

    def note(self, at: datetime | None) -> None:
        if at is not None and (self.earliest is None or at < self.earliest):
            self.earliest = at

    def note_pace(self, at: datetime | None) -> None:
        if at is not None and (self.paced is None or at < self.paced):
            self.paced = at


class _OpenLanes(NamedTuple):
    """Lanes that are open and have due contacts, when the first of each is due, and LaneStates.shut."""

    views: list[LaneView]
    heads: Mapping[UUID, Due]
    shut: Sequence[tuple[datetime, Sequence[UUID]]]


@dataclass(frozen=True, slots=True)
class _Usage:
    """Active calls, counted by what limits them, and the breakers that limit them further.

    `intents` counts, per campaign, those that are claimed and not placed yet.
    """

    total: int
    by_org: Counter[UUID]
    by_limit: Counter[Limit]
    intents: Counter[UUID]
    breakers: Mapping[BreakerKey, Breaker]


def claim(cycle: Cycle, *, tidy_at: datetime | None = None, draining: bool = False) -> Claimed:
    """Claim as many contacts as limits allow, and write their intents; runs in the cycle's transaction."""
    usage = _usage(cycle)
    if draining or cycle.barred is not None:
        return Claimed(usage.total, tidy_at=tidy_at)
    agenda = _Agenda()
    lanes = _open_lanes(cycle, agenda)
    slots = _global_limit(cycle, usage, agenda)
    picks = _pick(cycle, lanes, usage, slots, agenda) if slots > usage.total and lanes.views else []
    if not usage.total and not picks:
        agenda.note(_first_of_shut(cycle, lanes.shut))
    return Claimed(
        active=usage.total,
        picks=picks,
        callable_at=agenda.earliest,
        lanes_change_at=agenda.lanes_change,
        paced_at=agenda.paced,
        tidy_at=tidy_at,
    )


def _pick(cycle: Cycle, lanes: _OpenLanes, usage: _Usage, slots: int, agenda: _Agenda) -> list[Pick]:
    """Claim contacts of open lanes for the free slots, and write their intents."""
    fit = _fit_candidates(cycle, lanes, usage, slots, agenda)
    picks = [
        Pick(candidate, number, cycle.ids(cycle.now))
        for candidate, number in _share(cycle, fit, usage, slots)
    ]
    write_intents(cycle, [(pick.candidate, pick.number, pick.attempt_id) for pick in picks])
    if usage.total + len(picks) < slots:
        # Behind the heads that were claimed or set aside, others may become due before anything else happens.
        agenda.note(queue.next_due(cycle.connection, [view.id for view in lanes.views], cycle.now))
    return picks


def _open_lanes(cycle: Cycle, agenda: _Agenda) -> _OpenLanes:
    """Give the lanes that are open and whose head is due; note when others will be."""
    states = cycle.lane_states()
    _fail_hopeless(cycle, states.hopeless)
    agenda.lanes_change = states.until
    heads, later = queue.due_heads(cycle.connection, [view.id for view in states.open], cycle.now)
    agenda.note(later)
    return _OpenLanes([view for view in states.open if view.id in heads], heads, states.shut)


def _first_of_shut(cycle: Cycle, shut: Sequence[tuple[datetime, Sequence[UUID]]]) -> datetime | None:
    """Give when time alone opens a lane with somebody in it who is due then, or becomes due later."""
    first: datetime | None = None
    for opens_at, lanes in shut:
        if first is not None and first <= opens_at:
            break
        due = queue.next_due(cycle.connection, lanes, BEGINNING.due_at)
        if due is not None:
            first = min(max(due, opens_at), first or NEVER)
    return first


def _fail_hopeless(cycle: Cycle, hopeless: Sequence[LaneView]) -> None:
    filled, _ = queue.due_heads(cycle.connection, [view.id for view in hopeless], NEVER)
    for view in hopeless:
        if view.id in filled:
            _fail_lane(cycle, view)


def _fail_lane(cycle: Cycle, view: LaneView) -> None:
    reason = f"the zones of its number ({', '.join(view.zones)}) have no common calling window"
    failed = waiting_room.fail_lane(cycle.connection, view.id, reason)
    tallies = TallyChange()
    tallies.move(view.terms.org_id, view.terms.key, "pending", "error", failed)
    tallies.write(cycle.connection)


def _usage(cycle: Cycle) -> _Usage:
    by_org: Counter[UUID] = Counter()
    by_limit: Counter[Limit] = Counter()
    intents: Counter[UUID] = Counter()
    total = 0
    for row in open_attempts.open_counts(cycle.connection, cycle.now):
        total += row.calls
        by_org[row.org_id] += row.calls
        by_limit["campaign", row.campaign_key, None] += row.calls
        by_limit["caller_id", row.org_id, row.agent_number] += row.calls
        by_limit["agent", row.org_id, row.agent_id] += row.calls
        intents[row.campaign_key] += row.intents
    return _Usage(total, by_org, by_limit, intents, cycle.breakers.states())


def _global_limit(cycle: Cycle, usage: _Usage, agenda: _Agenda) -> int:
    """Give the global limit, lowered by what the gateway's breaker and back-off allow.

    A breaker that probes looks at calls placed since it let calls through again: longer ones may go on.
    """
    breaker = usage.breakers.get(gateway_key(cycle.gateway))
    if breaker is None:
        return cycle.book.global_limit
    agenda.note(next_change(breaker, cycle.now))
    alone = leave_alone_until(breaker)
    if alone is not None and cycle.now < alone:
        agenda.note(alone)
        return usage.total
    allowed = allowance(breaker, cycle.now)
    if allowed is None or breaker.open_until is None:
        return cycle.book.global_limit
    probing = open_attempts.placed_on_gateway(cycle.connection, cycle.now, breaker.open_until, cycle.gateway)
    return min(cycle.book.global_limit, usage.total + max(0, allowed - probing))


def _fit_candidates(
    cycle: Cycle, lanes: _OpenLanes, usage: _Usage, slots: int, agenda: _Agenda
) -> dict[UUID, list[tuple[Candidate, str]]]:
    """Give, per organization, the contacts that can be called now, in order, up to its room.

    `lanes` grows by the open ones that contacts move to, so that nobody who ranks lower takes their place.
    """
    free = slots - usage.total
    fit: dict[UUID, list[tuple[Candidate, str]]] = {}
    unsettled = {view.terms.org_id for view in lanes.views}
    limits = _limits(cycle, lanes.views, usage, agenda)
    while unsettled:
        found: dict[UUID, list[Candidate]] = {}
        for org_id in sorted(unsettled):
            org = cycle.book.organizations[org_id]
            need = min(free, org.concurrency_limit - usage.by_org[org_id])
            own = [view for view in lanes.views if view.terms.org_id == org_id]
            found[org_id] = candidates(cycle, own, lanes.heads, Rooms(limits), need)
        verdicts = _judge(cycle, found)
        unsettled = set_aside(cycle, [(c, v) for rows in verdicts.values() for c, v in rows])
        _follow_moves(cycle, verdicts, lanes.views, agenda)
        for org_id, rows in verdicts.items():
            callable_now = [(c, v.number) for c, v in rows if isinstance(v, Dial)]
            fit[org_id] = _distinct_numbers(callable_now)
            if len(fit[org_id]) < len(callable_now):
                agenda.note(cycle.now)  # the others are set aside once the first one is on the phone
    return fit


def _follow_moves(
    cycle: Cycle,
    verdicts: Mapping[UUID, Sequence[tuple[Candidate, Candidacy]]],
    lanes: list[LaneView],
    agenda: _Agenda,
) -> None:
    """Add the open lanes that contacts have just moved to; note when the others open."""
    keys = {v.lane for rows in verdicts.values() for _, v in rows if isinstance(v, MoveLane)}
    if not keys:
        return
    ids = set(cycle.lanes.ids_of(cycle.connection, keys, cycle.book, cycle.ids, cycle.now).values())
    known = {view.id for view in lanes}
    views = cycle.lanes.views(cycle.connection, ids - known, cycle.book)
    for _, view in sorted(views.items()):
        opening = view.opening(cycle.plain_holds, cycle.now)
        if opening.open:
            lanes.append(view)
        else:
            agenda.note(opening.changes_at)


def _limits(cycle: Cycle, lanes: Sequence[LaneView], usage: _Usage, agenda: _Agenda) -> dict[object, int]:
    """Give the free places of every limit below organizations: campaigns, caller IDs, agents' breakers."""
    free: dict[object, int] = {}
    next_starts = pacing.next_starts(cycle.connection) if _is_paced(lanes) else {}
    for terms in {view.terms for view in lanes}:
        limit: Limit = ("campaign", terms.key, None)
        if terms.policy.max_concurrent_calls is not None:
            free[limit] = terms.policy.max_concurrent_calls - usage.by_limit[limit]
        if terms.policy.calls_per_second is not None:
            starts = _paced(cycle, usage, terms, next_starts.get(terms.key))
            agenda.note_pace(starts)
            free[limit] = min(0 if starts else 1, free.get(limit, 1))
    for org in cycle.book.organizations.values():
        for number, most in org.caller_id_limits.items():
            limit = ("caller_id", org.id, number)
            free[limit] = most - usage.by_limit[limit]
    for view in lanes if usage.breakers else ():
        if view.target.agent_id is not None:
            breaker = usage.breakers.get(agent_key(view.terms.org_id, view.target.agent_id))
            allowed = allowance(breaker, cycle.now) if breaker else None
            if breaker is not None and allowed is not None and breaker.open_until is not None:
                org_id, agent_id = view.terms.org_id, view.target.agent_id
                free["agent", org_id, agent_id] = allowed - open_attempts.placed_for_agent(
                    cycle.connection, cycle.now, breaker.open_until, org_id, agent_id
                )
                agenda.note(next_change(breaker, cycle.now))
    return free


def _paced(cycle: Cycle, usage: _Usage, terms: Terms, stored: datetime | None) -> datetime | None:
    """Give when a campaign may start its next call; None: now.

    An intent that is not placed yet is a start, of this or another dialer: two of them would only have one
    released. An instant that a slower rate has left is brought near, once.
    """
    rate = terms.policy.calls_per_second
    assert rate is not None  # noqa: S101 - the caller looked
    starts = bounded_start(rate, stored, cycle.now)
    if starts is not None and starts != stored:
        pacing.advance(cycle.connection, {terms.key: starts})
    if usage.intents[terms.key]:
        return after_start(rate, None, cycle.now)
    return None if may_start(starts, cycle.now) else starts


def _is_paced(lanes: Iterable[LaneView]) -> bool:
    return any(view.terms.policy.calls_per_second is not None for view in lanes)


def _judge(cycle: Cycle, found: dict[UUID, list[Candidate]]) -> dict[UUID, list[tuple[Candidate, Candidacy]]]:
    asked = {n for rows in found.values() for c in rows for n in c.waiting.progress.phone_numbers}
    if not asked:
        return {org_id: [] for org_id in found}
    suppressed = numbers.suppressed_until(cycle.connection, asked, cycle.now)
    busy = numbers.on_call(cycle.connection, asked)
    return {
        org_id: [(c, judge(c.waiting, c.view.key, c.view.terms.agent, suppressed, busy)) for c in rows]
        for org_id, rows in found.items()
    }


def _distinct_numbers(rows: Iterable[tuple[Candidate, str]]) -> list[tuple[Candidate, str]]:
    """Keep the first of several contacts with one number: one call per number at a time (R-CONTACT-4)."""
    first: dict[str, tuple[Candidate, str]] = {}
    for candidate, number in rows:
        first.setdefault(number, (candidate, number))
    return list(first.values())


def _share(
    cycle: Cycle, fit: dict[UUID, list[tuple[Candidate, str]]], usage: _Usage, slots: int
) -> list[tuple[Candidate, str]]:
    """Share the free slots among organizations (R-DIAL-4) and give what they are used for."""
    tenants = [
        Tenant(org.name, org.concurrency_limit, usage.by_org[org.id], len(fit.get(org.id, ())))
        for org in cycle.book.organizations.values()
        if org.id in fit or usage.by_org[org.id]
    ]
    given = share_slots(slots, tenants)
    return [
        pick for org_id, rows in fit.items() for pick in rows[: given[cycle.book.organizations[org_id].name]]
    ]
