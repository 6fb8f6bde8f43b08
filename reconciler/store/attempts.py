"""Writes of attempts: the evidence, the small table of open ones, and the conversations."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, case, delete, func, or_, select, update

from reconciler.store.columns import AnyRow
from reconciler.store.prepared import Prepared, prepared_insert
from reconciler.store.tables import attempt, contact, conversation, dialer, open_attempt

T = TypeVar("T")

CHUNK = 500
"""Ids per statement, well below every driver's limit of bound values."""

_COUNTS = Prepared(
    select(
        open_attempt.c.org_id,
        open_attempt.c.campaign_key,
        open_attempt.c.agent_id,
        open_attempt.c.agent_number,
        func.count().label("calls"),
        func.sum(case((open_attempt.c.state == "intent", 1), else_=0)).label("intents"),
    )
    .where(or_(open_attempt.c.free_at.is_(None), open_attempt.c.free_at > bindparam("now")))
    .group_by(
        open_attempt.c.org_id,
        open_attempt.c.campaign_key,
        open_attempt.c.agent_id,
        open_attempt.c.agent_number,
    )
)
_placed_since = (
    select(func.count().label("calls"))
    .select_from(open_attempt)
    .where(
        or_(open_attempt.c.free_at.is_(None), open_attempt.c.free_at > bindparam("now")),
        or_(open_attempt.c.placing_at.is_(None), open_attempt.c.placing_at >= bindparam("since")),
    )
)
_PLACED_ON_GATEWAY = Prepared(_placed_since.where(open_attempt.c.gateway == bindparam("gateway")))
_PLACED_FOR_AGENT = Prepared(
    _placed_since.where(
        open_attempt.c.org_id == bindparam("org_id"), open_attempt.c.agent_id == bindparam("agent_id")
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
_BY_ID = Prepared(
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
        attempt.c.used,
        attempt.c.placing_at,
        attempt.c.placed_at,
        attempt.c.ringing_at,
        attempt.c.answered_at,
        attempt.c.ended_at,
        attempt.c.conversation_id,
        attempt.c.attempt.label("attempt_number"),
        open_attempt.c.gives_up_at,
        *_CONTACT_STATE,
    )
    .join(contact, contact.c.id == attempt.c.contact_id)
    .outerjoin(open_attempt, open_attempt.c.attempt_id == attempt.c.id)
    .where(attempt.c.id.in_(bindparam("ids", expanding=True)))
)
_ORPHANED = Prepared(
    select(
        open_attempt.c.attempt_id, open_attempt.c.state, open_attempt.c.gateway, open_attempt.c.gives_up_at
    )
    .join(dialer, dialer.c.id == open_attempt.c.dialer_id)
    .where(
        or_(
            dialer.c.lease_until <= bindparam("now"),
            dialer.c.epoch != open_attempt.c.epoch,
            and_(dialer.c.id == bindparam("own_id"), open_attempt.c.state == "intent"),
        )
    )
)
_INQUIRIES = Prepared(
    select(
        open_attempt.c.attempt_id,
        open_attempt.c.number,
        open_attempt.c.agent_number,
        open_attempt.c.placing_at,
        open_attempt.c.gives_up_at,
        attempt.c.gateway_ref,
        attempt.c.campaign_key,
    )
    .join(attempt, attempt.c.id == open_attempt.c.attempt_id)
    .where(open_attempt.c.attempt_id.in_(bindparam("ids", expanding=True)))
)
_OVERDUE = Prepared(
    select(open_attempt.c.attempt_id).where(
        open_attempt.c.gateway == bindparam("gateway"),
        open_attempt.c.free_at.is_(None),
        open_attempt.c.gives_up_at <= bindparam("before"),
    )
)
_POSTPONE = Prepared(
    update(open_attempt)
    .where(open_attempt.c.attempt_id == bindparam("id_"))
    .values(gives_up_at=bindparam("until"))
)
_FREE_LOST = Prepared(
    delete(open_attempt)
    .where(open_attempt.c.free_at <= bindparam("now"))
    .returning(open_attempt.c.org_id, open_attempt.c.number)
)
_RUNNING = Prepared(
    select(open_attempt).where(
        open_attempt.c.dialer_id == bindparam("dialer_id"),
        open_attempt.c.state.not_in(("intent", "unknown")),
    )
)
_ADOPT = Prepared(
    update(open_attempt)
    .where(open_attempt.c.attempt_id == bindparam("id_"))
    .values(dialer_id=bindparam("new_dialer"), epoch=bindparam("new_epoch"))
)
_PLACE = Prepared(
    update(attempt)
    .where(attempt.c.id == bindparam("id_"))
    .values(state="placing", placing_at=bindparam("at"), not_after=bindparam("latest"))
)
_PLACE_OPEN = Prepared(
    update(open_attempt)
    .where(open_attempt.c.attempt_id == bindparam("id_"))
    .values(state="placing", placing_at=bindparam("at"), gives_up_at=bindparam("gives_up"))
)
_RECORD = Prepared(update(attempt)
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
    ))  # fmt: skip
_COMPLETE = Prepared(
    update(attempt)
    .where(attempt.c.id == bindparam("id_"))
    .values(
        {
            column: bindparam(f"new_{column}")
            for column in ("gateway_ref", "placed_at", "ringing_at", "answered_at", "conversation_id")
        }
    )
)
_DATE_CONVERSATION = Prepared(
    update(conversation)
    .where(conversation.c.id == bindparam("id_"))
    .values(created_at=bindparam("new_created_at"), answered_at=bindparam("new_answered_at"))
)
_MOVE_OPEN = Prepared(
    update(open_attempt)
    .where(open_attempt.c.attempt_id == bindparam("id_"))
    .values(state=bindparam("new_state"), free_at=bindparam("new_free_at"))
)
_CLOSE = Prepared(delete(open_attempt).where(open_attempt.c.attempt_id.in_(bindparam("ids", expanding=True))))
_END_CONVERSATION = Prepared(
    update(conversation)
    .where(conversation.c.id == bindparam("id_"))
    .values(
        {
            column: bindparam(f"new_{column}")
            for column in ("status", "transcript", "recording_url", "created_at", "answered_at", "ended_at")
        }
    )
)


_INTEND = prepared_insert(
    attempt, "id", "org_id", "campaign_key", "contact_id", "number", "number_hash", "agent_id",
    "agent_version", "agent_number", "gateway", "configuration_revision", "source_revision", "timezone",
    "timezone_source", "window", "state", "intent_at", "dialer_id",
)  # fmt: skip
_OPEN = prepared_insert(
    open_attempt, "attempt_id", "org_id", "campaign_key", "contact_id", "number", "agent_id", "agent_number",
    "country", "gateway", "dialer_id", "epoch", "state",
)  # fmt: skip
_START_CONVERSATION = prepared_insert(
    conversation, "id", "org_id", "campaign_key", "contact_id", "attempt_id", "status", "transcript",
    "recording_url", "created_at", "answered_at", "ended_at",
)  # fmt: skip


def open_counts(connection: Connection, now: datetime) -> Sequence[AnyRow]:
    """Count active calls by organization, campaign, agent and caller ID; `intents` of them (R-DIAL-3)."""
    return _COUNTS.rows(connection, {"now": now})


def placed_on_gateway(connection: Connection, now: datetime, since: datetime, gateway: str) -> int:
    """Count a gateway's active calls that were placed since an instant, or claimed (R-RETRY-4)."""
    [row] = _PLACED_ON_GATEWAY.rows(connection, {"now": now, "since": since, "gateway": gateway})
    return int(row.calls)


def placed_for_agent(
    connection: Connection, now: datetime, since: datetime, org_id: UUID, agent_id: str
) -> int:
    """Count an agent's active calls that were placed since an instant, or claimed (R-RETRY-4)."""
    parameters = {"now": now, "since": since, "org_id": org_id, "agent_id": agent_id}
    [row] = _PLACED_FOR_AGENT.rows(connection, parameters)
    return int(row.calls)


def with_contacts(connection: Connection, ids: Collection[UUID]) -> dict[UUID, AnyRow]:
    """Give attempts with the state of their contacts; `gives_up_at` is None where one is not open."""
    found: dict[UUID, AnyRow] = {}
    for chunk in chunks(sorted(ids)):
        found |= {row.id: row for row in _BY_ID.rows(connection, {"ids": chunk})}
    return found


def orphaned(connection: Connection, now: datetime, own_id: UUID) -> Sequence[AnyRow]:
    """Give open attempts whose dialer's lease has expired, or that it holds under an old epoch.

    And the intents of the dialer that asks: at the start of a step it has none but those that a step has
    left which failed between claim and admission.
    """
    return _ORPHANED.rows(connection, {"now": now, "own_id": own_id})


def overdue(connection: Connection, gateway: str, before: datetime) -> list[UUID]:
    """Give the open attempts of a gateway that had to be over before an instant."""
    rows = _OVERDUE.rows(connection, {"gateway": gateway, "before": before})
    return [row.attempt_id for row in rows]


def postpone_overdue(connection: Connection, ids: Iterable[UUID], until: datetime) -> None:
    """Say when to look after overdue attempts again."""
    _POSTPONE.run_many(connection, [{"id_": id_, "until": until} for id_ in ids])


def free_lost(connection: Connection, now: datetime) -> list[tuple[UUID, str]]:
    """Let go of unknown calls whose time is over; gives organization and number of each (R-DIAL-3)."""
    rows = _FREE_LOST.rows(connection, {"now": now})
    return [(row.org_id, row.number) for row in rows]


def running(connection: Connection, dialer_id: UUID) -> Sequence[AnyRow]:
    """Give the calls that a dialer has sent and that are not over."""
    return _RUNNING.rows(connection, {"dialer_id": dialer_id})


def inquiries(connection: Connection, ids: Collection[UUID]) -> Sequence[AnyRow]:
    """Give what a gateway has to know to tell what became of these open attempts."""
    return [row for chunk in chunks(sorted(ids)) for row in _INQUIRIES.rows(connection, {"ids": chunk})]


def adopt(connection: Connection, ids: Iterable[UUID], dialer_id: UUID, epoch: int) -> None:
    """Take open attempts over from a dialer that lost its lease."""
    rows = [{"id_": id_, "new_dialer": dialer_id, "new_epoch": epoch} for id_ in ids]
    _ADOPT.run_many(connection, rows)


def intend(connection: Connection, attempts: list[dict[str, Any]], opens: list[dict[str, Any]]) -> None:
    """Write down the intent to call (R-CRASH-1)."""
    _INTEND.run_many(connection, attempts)
    _OPEN.run_many(connection, opens)


def mark_placing(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Mark intents as placing: rows of `id_`, `at`, `latest` (not_after) and `gives_up`."""
    _PLACE.run_many(connection, rows)
    _PLACE_OPEN.run_many(connection, rows)


def record(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Write what has become of attempts: rows of `id_` and `new_<column>`."""
    _RECORD.run_many(connection, rows)


def complete(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Add to ended attempts what late events tell: rows of `id_` and `new_<column>`."""
    _COMPLETE.run_many(connection, rows)


def keep_open(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Move attempts on that stay open: rows of `id_`, `new_state` and `new_free_at`."""
    _MOVE_OPEN.run_many(connection, rows)


def close(connection: Connection, ids: Collection[UUID]) -> None:
    """Take attempts out of the open ones."""
    for chunk in chunks(sorted(ids)):
        _CLOSE.run(connection, {"ids": chunk})


def start_conversations(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Insert the conversations of accepted calls (R-ATT-2)."""
    _START_CONVERSATION.run_many(connection, rows)


def date_conversations(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Write when conversations began, and were answered: rows of `id_` and `new_<column>`."""
    _DATE_CONVERSATION.run_many(connection, rows)


def end_conversations(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Write what conversations came to: rows of `id_` and `new_<column>`."""
    _END_CONVERSATION.run_many(connection, rows)


def chunks(values: Sequence[T]) -> Iterable[Sequence[T]]:
    """Cut ids, or numbers, into portions that one statement takes."""
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))
