"""Writes of attempts: the evidence, the small table of open ones, and the conversations."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from reconciler.store.columns import AnyRow
from reconciler.store.tables import attempt, contact, conversation, dialer, open_attempt

CHUNK = 500
"""Ids per statement, well below every driver's limit of bound values."""

_COUNTS = (
    select(
        open_attempt.c.org_id,
        open_attempt.c.campaign_key,
        open_attempt.c.agent_id,
        open_attempt.c.agent_number,
        open_attempt.c.gateway,
        func.count().label("calls"),
    )
    .where(or_(open_attempt.c.free_at.is_(None), open_attempt.c.free_at > bindparam("now")))
    .group_by(
        open_attempt.c.org_id,
        open_attempt.c.campaign_key,
        open_attempt.c.agent_id,
        open_attempt.c.agent_number,
        open_attempt.c.gateway,
    )
)
_CONTACT_STATE = (
    contact.c.external_id,
    contact.c.status,
    contact.c.phone_numbers,
    contact.c.attempts,
    contact.c.attempts_forgiven,
    contact.c.unused_streak,
    contact.c.outcome_counts,
    contact.c.last_number,
    contact.c.dropped_numbers,
    contact.c.callback,
    contact.c.withdraw_requested,
    contact.c.lane_id,
    contact.c.due_at,
    contact.c.created_at,
    contact.c.scheduled_at,
    contact.c.retry_at,
    contact.c.timezone.label("contact_timezone"),
    contact.c.agent_id.label("contact_agent_id"),
    contact.c.agent_version.label("contact_agent_version"),
    contact.c.agent_number.label("contact_agent_number"),
    contact.c.agent_config,
)
_BY_ID = (
    select(
        attempt.c.id,
        attempt.c.org_id,
        attempt.c.campaign_key,
        attempt.c.contact_id,
        attempt.c.number,
        attempt.c.agent_id,
        attempt.c.agent_version,
        attempt.c.agent_number,
        attempt.c.gateway,
        attempt.c.gateway_ref,
        attempt.c.state,
        attempt.c.placed_at,
        attempt.c.ringing_at,
        attempt.c.answered_at,
        attempt.c.conversation_id,
        attempt.c.attempt.label("attempt_number"),
        open_attempt.c.gives_up_at,
        *_CONTACT_STATE,
    )
    .join(contact, contact.c.id == attempt.c.contact_id)
    .outerjoin(open_attempt, open_attempt.c.attempt_id == attempt.c.id)
    .where(attempt.c.id.in_(bindparam("ids", expanding=True)))
)
_ORPHANED = (
    select(
        open_attempt.c.attempt_id, open_attempt.c.state, open_attempt.c.gateway, open_attempt.c.gives_up_at
    )
    .join(dialer, dialer.c.id == open_attempt.c.dialer_id)
    .where(or_(dialer.c.lease_until <= bindparam("now"), dialer.c.epoch != open_attempt.c.epoch))
)
_INQUIRIES = select(
    open_attempt.c.attempt_id,
    open_attempt.c.number,
    open_attempt.c.agent_number,
    open_attempt.c.placing_at,
    open_attempt.c.gives_up_at,
    attempt.c.gateway_ref,
    attempt.c.campaign_key,
).join(attempt, attempt.c.id == open_attempt.c.attempt_id)
_OVERDUE = select(open_attempt.c.attempt_id).where(
    open_attempt.c.gateway == bindparam("gateway"),
    open_attempt.c.free_at.is_(None),
    open_attempt.c.gives_up_at <= bindparam("before"),
)
_POSTPONE = (
    update(open_attempt)
    .where(open_attempt.c.attempt_id == bindparam("id_"))
    .values(gives_up_at=bindparam("until"))
)
_FREE_LOST = (
    delete(open_attempt)
    .where(open_attempt.c.free_at <= bindparam("now"))
    .returning(open_attempt.c.org_id, open_attempt.c.number)
)
_RUNNING = select(open_attempt).where(
    open_attempt.c.dialer_id == bindparam("dialer_id"), open_attempt.c.state != "intent"
)
_ADOPT = (
    update(open_attempt)
    .where(open_attempt.c.attempt_id == bindparam("id_"))
    .values(dialer_id=bindparam("new_dialer"), epoch=bindparam("new_epoch"))
)
_PLACE = (
    update(attempt)
    .where(attempt.c.id == bindparam("id_"))
    .values(state="placing", placing_at=bindparam("at"), not_after=bindparam("latest"))
)
_PLACE_OPEN = (
    update(open_attempt)
    .where(open_attempt.c.attempt_id == bindparam("id_"))
    .values(state="placing", placing_at=bindparam("at"), gives_up_at=bindparam("gives_up"))
)
_RECORD = (
    update(attempt)
    .where(attempt.c.id == bindparam("id_"))
    .values(
        {
            column: bindparam(f"new_{column}")
            for column in (
                "state", "gateway_ref", "placed_at", "ringing_at", "answered_at", "ended_at", "outcome",
                "disposition", "used", "attempt", "reason", "carrier_code", "cost_micros", "cost_currency",
                "conversation_id",
            )
        }
    )
)  # fmt: skip
_MOVE_OPEN = (
    update(open_attempt)
    .where(open_attempt.c.attempt_id == bindparam("id_"))
    .values(state=bindparam("new_state"), free_at=bindparam("new_free_at"))
)
_CLOSE = delete(open_attempt).where(open_attempt.c.attempt_id.in_(bindparam("ids", expanding=True)))
_END_CONVERSATION = (
    update(conversation)
    .where(conversation.c.id == bindparam("id_"))
    .values(
        {
            column: bindparam(f"new_{column}")
            for column in ("status", "transcript", "recording_url", "answered_at", "ended_at")
        }
    )
)


def open_counts(connection: Connection, now: datetime) -> Sequence[AnyRow]:
    """Count active calls by organization, campaign, agent, caller ID and gateway (R-DIAL-3)."""
    return connection.execute(_COUNTS, {"now": now}).all()


def with_contacts(connection: Connection, ids: Collection[UUID]) -> dict[UUID, AnyRow]:
    """Give attempts with the state of their contacts; `gives_up_at` is None where one is not open."""
    found: dict[UUID, AnyRow] = {}
    for chunk in chunks(sorted(ids)):
        found |= {row.id: row for row in connection.execute(_BY_ID, {"ids": chunk})}
    return found


def orphaned(connection: Connection, now: datetime) -> Sequence[AnyRow]:
    """Give open attempts whose dialer's lease has expired, or that it holds under an old epoch."""
    return connection.execute(_ORPHANED, {"now": now}).all()


def overdue(connection: Connection, gateway: str, before: datetime) -> list[UUID]:
    """Give the open attempts of a gateway that had to be over before an instant."""
    return list(connection.execute(_OVERDUE, {"gateway": gateway, "before": before}).scalars())


def postpone_overdue(connection: Connection, ids: Iterable[UUID], until: datetime) -> None:
    """Say when to look after overdue attempts again."""
    rows = [{"id_": id_, "until": until} for id_ in ids]
    if rows:
        connection.execute(_POSTPONE, rows)


def free_lost(connection: Connection, now: datetime) -> list[tuple[UUID, str]]:
    """Let go of unknown calls whose time is over; gives organization and number of each (R-DIAL-3)."""
    rows = connection.execute(_FREE_LOST, {"now": now})
    return [(row.org_id, row.number) for row in rows]


def running(connection: Connection, dialer_id: UUID) -> Sequence[AnyRow]:
    """Give the calls that a dialer has sent and that are not over."""
    return connection.execute(_RUNNING, {"dialer_id": dialer_id}).all()


def inquiries(connection: Connection, ids: Collection[UUID]) -> Sequence[AnyRow]:
    """Give what a gateway has to know to tell what became of these open attempts."""
    where = open_attempt.c.attempt_id.in_(bindparam("ids", expanding=True))
    statement = _INQUIRIES.where(where)
    return [row for chunk in chunks(sorted(ids)) for row in connection.execute(statement, {"ids": chunk})]


def adopt(connection: Connection, ids: Iterable[UUID], dialer_id: UUID, epoch: int) -> None:
    """Take open attempts over from a dialer that lost its lease."""
    rows = [{"id_": id_, "new_dialer": dialer_id, "new_epoch": epoch} for id_ in ids]
    if rows:
        connection.execute(_ADOPT, rows)


def intend(connection: Connection, attempts: list[dict[str, Any]], opens: list[dict[str, Any]]) -> None:
    """Write down the intent to call (R-CRASH-1)."""
    connection.execute(insert(attempt), attempts)
    connection.execute(insert(open_attempt), opens)


def mark_placing(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Mark intents as placing: rows of `id_`, `at`, `latest` (not_after) and `gives_up`."""
    connection.execute(_PLACE, [{key: row[key] for key in ("id_", "at", "latest")} for row in rows])
    connection.execute(_PLACE_OPEN, [{key: row[key] for key in ("id_", "at", "gives_up")} for row in rows])


def record(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Write what has become of attempts: rows of `id_` and `new_<column>`."""
    if rows:
        connection.execute(_RECORD, rows)


def keep_open(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Move attempts on that stay open: rows of `id_`, `new_state` and `new_free_at`."""
    if rows:
        connection.execute(_MOVE_OPEN, rows)


def close(connection: Connection, ids: Collection[UUID]) -> None:
    """Take attempts out of the open ones."""
    for chunk in chunks(sorted(ids)):
        connection.execute(_CLOSE, {"ids": chunk})


def start_conversations(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Insert the conversations of accepted calls (R-ATT-2)."""
    if rows:
        connection.execute(insert(conversation), rows)


def end_conversations(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Write what conversations came to: rows of `id_` and `new_<column>`."""
    if rows:
        connection.execute(_END_CONVERSATION, rows)


def chunks(ids: Sequence[UUID]) -> Iterable[Sequence[UUID]]:
    """Cut ids into portions that one statement takes."""
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
