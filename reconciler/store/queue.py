"""The queue: heads of lanes, and the contacts that wait in them (R-DIAL-2).

A poll costs one statement and O(lanes); a lane is read in chunks, from its head on, and no further than
what is claimed. Reading a lane touches its index alone; contacts themselves are read once they are chosen.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Connection, bindparam, func, null, select, true, tuple_

from reconciler.core.agents import Agent
from reconciler.core.candidacy import Waiting
from reconciler.core.lanes import NEVER
from reconciler.core.settlement import Progress
from reconciler.store import dialect
from reconciler.store.arrays import table_of
from reconciler.store.columns import AnyRow
from reconciler.store.portions import chunks
from reconciler.store.prepared import Prepared
from reconciler.store.tables import IS_PENDING, contact, lane

_head = (
    select(contact.c.due_at)
    .where(contact.c.lane_id == lane.c.id, IS_PENDING)
    .order_by(contact.c.due_at)
    .limit(1)
    .scalar_subquery()
)
_HEADS = Prepared(
    select(lane.c.id, _head).where(lane.c.campaign_key.in_(bindparam("campaigns", expanding=True)))
)
_of_these = (
    select(lane.c.id.label("lane_id"), _head.label("due_at"))
    .where(lane.c.id.in_(bindparam("ids", expanding=True)))
    .cte("head")
)
_first = (
    select(contact.c.id)
    .where(contact.c.lane_id == _of_these.c.lane_id, IS_PENDING)
    .order_by(contact.c.due_at, contact.c.id)
    .limit(1)
    .scalar_subquery()
)
_asked = table_of({"ids": lane.c.id.type})
_first_of_each = (
    select(contact.c.due_at, contact.c.id)
    .where(contact.c.lane_id == _asked.c.ids, IS_PENDING)
    .order_by(contact.c.due_at, contact.c.id)
    .limit(1)
    .lateral("first")
)
_of_each_asked = (
    select(_asked.c.ids.label("lane_id"), _first_of_each)
    .join_from(_asked, _first_of_each, true())
    .cte("head")
)


def _due_or_later(head: CTE, first: ColumnElement[Any]) -> Prepared:
    """Prepare a look at heads: those that are due, and as the last row when the next one of the others is."""
    is_due = head.c.due_at <= bindparam("now")
    later = select(null(), func.min(head.c.due_at), null()).where(~is_due)
    return Prepared(select(head.c.lane_id, head.c.due_at, first).where(is_due).union_all(later))


_DUE_HEADS = _due_or_later(_of_these, _first)
_DUE_HEADS_LATERALLY = _due_or_later(_of_each_asked, _of_each_asked.c.id)
_NEXT_DUE = Prepared(
    select(
        func.min(
            select(contact.c.due_at)
            .where(contact.c.lane_id == lane.c.id, IS_PENDING, contact.c.due_at > bindparam("now"))
            .order_by(contact.c.due_at)
            .limit(1)
            .scalar_subquery()
        )
    ).where(lane.c.id.in_(bindparam("ids", expanding=True)))
)
_in_order = (contact.c.due_at, contact.c.id)
_place = {"last_due": contact.c.due_at.type, "last_id": contact.c.id.type}
_IN_LANE = Prepared(
    select(*_in_order)
    .where(
        contact.c.lane_id == bindparam("lane_id"),
        IS_PENDING,
        contact.c.due_at <= bindparam("now"),
        tuple_(*_in_order) > tuple_(*(bindparam(name, type_=type_) for name, type_ in _place.items())),
    )
    .order_by(*_in_order)
    .limit(bindparam("chunk"))
)
_given = table_of({"lane_id": lane.c.id.type, **_place})
_of_each = (
    select(*_in_order)
    .where(
        contact.c.lane_id == _given.c.lane_id,
        IS_PENDING,
        contact.c.due_at <= bindparam("now"),
        tuple_(*_in_order) > tuple_(_given.c.last_due, _given.c.last_id),
    )
    .order_by(*_in_order)
    .limit(bindparam("chunk"))
    .lateral("waiting")
)
_IN_LANES = Prepared(
    select(_given.c.lane_id, _of_each.c.due_at, _of_each.c.id)
    .join_from(_given, _of_each, true())
    .order_by(_of_each.c.due_at, _of_each.c.id)
    .limit(bindparam("most"))
)
_CONTACTS = Prepared(
    select(
        contact.c.id,
        contact.c.org_id,
        contact.c.campaign_key,
        contact.c.lane_id,
        contact.c.due_at,
        contact.c.external_id,
        contact.c.phone_numbers,
        contact.c.data,
        contact.c.timezone,
        contact.c.scheduled_at,
        contact.c.agent_id,
        contact.c.agent_version,
        contact.c.agent_number,
        contact.c.agent_config,
        contact.c.initial_context,
        contact.c.attempts,
        contact.c.attempts_forgiven,
        contact.c.unused_streak,
        contact.c.outcome_counts,
        contact.c.last_number,
        contact.c.dropped_numbers,
        contact.c.callback,
    ).where(contact.c.id.in_(bindparam("ids", expanding=True)))
)


class Due(NamedTuple):
    """A contact's place in its lane; sorts by the order in which contacts are dialled."""

    due_at: datetime
    id: UUID


BEGINNING = Due(datetime.min.replace(tzinfo=UTC), UUID(int=0))
"""Comes before every contact."""


def heads(connection: Connection, campaigns: Sequence[UUID]) -> dict[UUID, datetime]:
    """Give, per lane of these campaigns that has pending contacts, when its head is due."""
    rows = _HEADS.rows(connection, {"campaigns": campaigns})
    return {lane_id: due for lane_id, due in rows if due is not None}


def due_heads(
    connection: Connection, lanes: Collection[UUID], now: datetime
) -> tuple[dict[UUID, Due], datetime | None]:
    """Give the heads of these lanes that are due, and when the next one of the others will be, if any."""
    if not lanes:
        return {}, None
    look = _DUE_HEADS_LATERALLY if dialect.joins_laterally(connection) else _DUE_HEADS
    *heads, (_, later, _) = look.rows(connection, {"ids": lanes, "now": now})
    return {lane_id: Due(due_at, id_) for lane_id, due_at, id_ in heads}, _unless_never(later)


def next_due(connection: Connection, lanes: Collection[UUID], now: datetime) -> datetime | None:
    """Give when the next contact of these lanes becomes due that is not due yet, None if none will be."""
    [(due,)] = _NEXT_DUE.rows(connection, {"ids": list(lanes), "now": now})
    return _unless_never(due)


def _unless_never(due: datetime | None) -> datetime | None:
    return None if due is None or due >= NEVER else due


def due_contacts(
    connection: Connection, after: Mapping[UUID, Due], now: datetime, chunk: int, most: int
) -> tuple[dict[UUID, list[Due]], Due | None]:
    """Give the due contacts of lanes in order, each lane's from behind a place on, up to `chunk` of each.

    And the place up to which all these lanes were read, None if each was read to its end or its chunk: where
    one statement reads them all, it stops after `most` contacts.
    """
    if not dialect.joins_laterally(connection):
        return {lane_id: _due(connection, lane_id, last, now, chunk) for lane_id, last in after.items()}, None
    found: dict[UUID, list[Due]] = {}
    due, total = None, 0
    for lane_id, due_at, id_ in _IN_LANES.rows(
        connection,
        {
            "lane_id": list(after),
            "last_due": [last.due_at for last in after.values()],
            "last_id": [last.id for last in after.values()],
            "now": now,
            "chunk": chunk,
            "most": most,
        },
    ):
        due = Due(due_at, id_)
        found.setdefault(lane_id, []).append(due)
        total += 1
    return found, due if total == most else None


def _due(connection: Connection, lane_id: UUID, last: Due, now: datetime, chunk: int) -> list[Due]:
    place = {"lane_id": lane_id, "last_due": last.due_at, "last_id": last.id}
    return [Due(*row) for row in _IN_LANE.rows(connection, {**place, "now": now, "chunk": chunk})]


def contacts(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, AnyRow]:
    """Give what a call needs to know of contacts, by id."""
    return {row.id: row for chunk in chunks(ids) for row in _CONTACTS.rows(connection, {"ids": chunk})}


def waiting(row: AnyRow) -> Waiting:
    """Read a contact's row as the value that is judged."""
    return Waiting(
        id=row.id,
        org_id=row.org_id,
        progress=progress(row),
        timezone=row.timezone,
        agent=Agent(row.agent_id, row.agent_version, row.agent_number),
        has_inline_agent=row.agent_config is not None,
        scheduled_at=row.scheduled_at,
    )


def progress(row: AnyRow) -> Progress:
    """Read how far a contact has come from its row."""
    return Progress(
        phone_numbers=tuple(row.phone_numbers),
        attempts=row.attempts,
        attempts_forgiven=row.attempts_forgiven,
        unused_streak=row.unused_streak,
        outcome_counts=row.outcome_counts or {},
        last_number=row.last_number,
        dropped=tuple(row.dropped_numbers or ()),
        callback=row.callback,
    )
