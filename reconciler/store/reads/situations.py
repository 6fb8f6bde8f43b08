"""Gathers everything around one contact that decides whether it is called now (core/explanation.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from reconciler.core.book import DialBook, Terms
from reconciler.core.explanation import LastAttempt, Line, Room, Rooms, Situation, Watched
from reconciler.core.gates import call_target, first_opening, hold_gate, period_gate
from reconciler.core.holds import CallTarget, Hold, HoldCause
from reconciler.core.lanes import TIER, LaneClass, LaneKey
from reconciler.core.settlement import ContactStatus
from reconciler.store import breakers, numbers, pacing, queue
from reconciler.store.attempts import RUNNING_AND_PAST
from reconciler.store.book import standing_holds
from reconciler.store.breakers import agent_key, gateway_key
from reconciler.store.columns import AnyRow
from reconciler.store.open_attempts import open_counts, placed_for_agent, placed_on_gateway
from reconciler.store.portions import chunks
from reconciler.store.reads.installations import running_gateway
from reconciler.store.tables import IS_PENDING, contact, lane

_LANES_OF_ORG = select(
    lane.c.id,
    lane.c.campaign_key,
    lane.c.class_,
    lane.c.zone_key,
    lane.c.caller_id_key,
    lane.c.agent_key,
    lane.c.country_key,
)


def read_situation(connection: Connection, row: AnyRow, book: DialBook, now: datetime) -> Situation:
    """Gather the situation of a contact's row."""
    terms = book.terms[row.campaign_key]
    waiting = queue.waiting(row)
    org_id, own = row.org_id, row.phone_numbers
    suppressed = numbers.suppressed_until(connection, own, now)
    busy = numbers.on_call(connection, own)
    holds = standing_holds(connection)
    gateway = running_gateway(connection, now)
    bare = Situation(
        now=now,
        status=ContactStatus(row.status),
        reason=row.reason,
        due_at=row.due_at,
        expires_at=row.expires_at,
        waiting=waiting,
        terms=terms,
        suppressed={number: until for (org, number), until in suppressed.items() if org == org_id},
        busy=frozenset(number for org, number in busy if org == org_id),
        holds=holds,
        gateway=gateway,
        rooms=Rooms(),
        watched=(),
        next_start_at=pacing.next_starts(connection).get(terms.key),
        line=Line(),
        last_attempt=_last_attempt(connection, row.id),
    )
    target = call_target(terms, bare.lane, gateway or "")
    line = _line(connection, row, bare, book)
    return _with_limits(connection, bare, book, target, line)


def _with_limits(
    connection: Connection, bare: Situation, book: DialBook, target: CallTarget, line: Line
) -> Situation:
    usage = open_counts(connection, bare.now)

    def active(**where: object) -> int:
        return sum(
            row.calls for row in usage if all(getattr(row, name) == value for name, value in where.items())
        )

    org = book.organizations[target.org_id]
    number, agent = target.agent_number, target.agent_id
    known = breakers.load(connection)
    watched = []
    if bare.gateway is not None and (state := known.get(gateway_key(bare.gateway))):
        since = state.open_until or bare.now
        probing = placed_on_gateway(connection, bare.now, since, bare.gateway)
        watched.append(Watched(f"gateway {bare.gateway}", state, probing))
    if agent is not None and (state := known.get(agent_key(org.id, agent))):
        since = state.open_until or bare.now
        probing = placed_for_agent(connection, bare.now, since, org.id, agent)
        watched.append(Watched(f"agent {agent}", state, probing))
    rooms = Rooms(
        everything=Room(active(), book.global_limit),
        organization=Room(active(org_id=org.id), org.concurrency_limit),
        campaign=Room(active(campaign_key=bare.terms.key), bare.terms.policy.max_concurrent_calls),
        caller_id=Room(
            active(org_id=org.id, agent_number=number),
            None if number is None else org.caller_id_limits.get(number),
        ),
    )
    return replace(bare, rooms=rooms, watched=tuple(watched), line=line)


def _last_attempt(connection: Connection, contact_id: UUID) -> LastAttempt | None:
    for source in RUNNING_AND_PAST:
        newest = select(source).where(source.c.contact_id == contact_id).order_by(source.c.id.desc()).limit(1)
        row = connection.execute(newest).one_or_none()
        if row is not None:
            at = row.placing_at or row.intent_at
            return LastAttempt(at, row.state, row.attempt, row.outcome, row.disposition)
    return None


def _line(connection: Connection, row: AnyRow, bare: Situation, book: DialBook) -> Line:
    """Count the due contacts of its lane, and of its organization's open ones, that go first (R-DIAL-2)."""
    own_rank = _rank(bare.terms, bare.lane)
    higher: list[UUID] = []
    same: list[UUID] = []
    for id_, *parts in connection.execute(_LANES_OF_ORG.where(lane.c.org_id == row.org_id)):
        key = LaneKey(*parts)
        terms = book.terms[key.campaign_key]
        rank = _rank(terms, key)
        if rank <= own_rank and (key == bare.lane or _is_open(terms, key, bare)):
            (same if rank == own_rank else higher).append(id_)
    longer = or_(contact.c.due_at < row.due_at, and_(contact.c.due_at == row.due_at, contact.c.id < row.id))
    return Line(
        higher=_count_due(connection, higher, bare.now), before=_count_due(connection, same, bare.now, longer)
    )


def _rank(terms: Terms, key: LaneKey) -> tuple[int, int]:
    return -terms.priority, TIER[LaneClass(key.class_)]


def _is_open(terms: Terms, key: LaneKey, bare: Situation) -> bool:
    plain: list[Hold] = [hold for hold in bare.holds if hold.cause is not HoldCause.BREAKER]
    return (
        terms.status == "active"
        and period_gate(terms, bare.now).open
        and hold_gate(plain, call_target(terms, key, bare.gateway or ""), bare.now).open
        and first_opening(terms, key, bare.now) == bare.now
    )


def _count_due(
    connection: Connection, lanes: Sequence[UUID], now: datetime, *where: ColumnElement[bool]
) -> int:
    due = (IS_PENDING, contact.c.due_at <= now)
    return sum(
        connection.execute(
            select(func.count()).select_from(contact).where(contact.c.lane_id.in_(chunk), *due, *where)
        ).scalar_one()
        for chunk in chunks(lanes)
    )
