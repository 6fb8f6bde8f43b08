"""Attempts that are open: written before the phone rings, counted by all limits, gone when settled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, case, delete, func, or_, select, update

from reconciler.store.columns import AnyRow
from reconciler.store.portions import chunks
from reconciler.store.prepared import Prepared, prepared_insert
from reconciler.store.tables import dialer, open_attempt

SOON_PLACED = timedelta(seconds=2)
"""An intent is placed, or released, with the next transaction of its dialer. One that is older waits for a
dialer that is dead or cut off, for as long as that one's lease lasts: it must not keep a campaign's pace from
the others. Should it be placed after all, the admission looks at the pace again."""

HANDED_OVER = 0
"""The epoch of a call that another dialer gave to its present one, which has not asked about it yet. No lease
has it, so whoever takes over from a lease that has expired, or that is another release, finds it, too."""

_is_active = or_(open_attempt.c.free_at.is_(None), open_attempt.c.free_at > bindparam("now"))
_is_about_to_be_placed = and_(
    open_attempt.c.placing_at.is_(None), open_attempt.c.intent_at > bindparam("lately")
)
_limited_by = (
    open_attempt.c.org_id,
    open_attempt.c.campaign_key,
    open_attempt.c.agent_id,
    open_attempt.c.agent_number,
)
_COUNTS = Prepared(
    select(
        *_limited_by,
        func.count().label("calls"),
        func.sum(case((_is_about_to_be_placed, 1), else_=0)).label("intents"),
    )
    .where(_is_active)
    .group_by(*_limited_by)
)
_placed_since = (
    select(func.count().label("calls"))
    .select_from(open_attempt)
    .where(
        _is_active,
        or_(open_attempt.c.placing_at.is_(None), open_attempt.c.placing_at >= bindparam("since")),
    )
)
_PLACED_ON_GATEWAY = Prepared(_placed_since.where(open_attempt.c.gateway == bindparam("gateway")))
_PLACED_FOR_AGENT = Prepared(
    _placed_since.where(
        open_attempt.c.org_id == bindparam("org_id"), open_attempt.c.agent_id == bindparam("agent_id")
    )
)
_ORPHANED = Prepared(
    select(open_attempt.c.id, open_attempt.c.state, open_attempt.c.gateway, open_attempt.c.gives_up_at)
    .join(dialer, dialer.c.id == open_attempt.c.dialer_id)
    .where(
        or_(
            dialer.c.lease_until <= bindparam("now"),
            and_(
                dialer.c.epoch != open_attempt.c.epoch,
                or_(dialer.c.id == bindparam("own_id"), open_attempt.c.epoch != HANDED_OVER),
            ),
            and_(dialer.c.id == bindparam("own_id"), open_attempt.c.state == "intent"),
        )
    )
)
_INQUIRIES = Prepared(
    select(
        open_attempt.c.id,
        open_attempt.c.campaign_key,
        open_attempt.c.number,
        open_attempt.c.agent_number,
        open_attempt.c.placing_at,
        open_attempt.c.gateway_ref,
    ).where(open_attempt.c.id.in_(bindparam("ids", expanding=True)))
)
_OVERDUE = Prepared(
    select(open_attempt.c.id).where(
        open_attempt.c.gateway == bindparam("gateway"),
        open_attempt.c.free_at.is_(None),
        open_attempt.c.gives_up_at <= bindparam("before"),
    )
)
_RUNNING = Prepared(
    select(
        open_attempt.c.id,
        open_attempt.c.state,
        open_attempt.c.gateway,
        open_attempt.c.country,
        *_limited_by,
    ).where(
        open_attempt.c.dialer_id == bindparam("dialer_id"),
        open_attempt.c.state.not_in(("intent", "unknown")),
    )
)
_INTEND = prepared_insert(
    open_attempt, "id", "org_id", "campaign_key", "contact_id", "number", "number_hash", "agent_id",
    "agent_version", "agent_number", "gateway", "configuration_revision", "source_revision", "timezone",
    "timezone_source", "window", "state", "intent_at", "dialer_id", "epoch", "country",
)  # fmt: skip
_this_one = update(open_attempt).where(open_attempt.c.id == bindparam("id_"))
_POSTPONE = Prepared(_this_one.values(gives_up_at=bindparam("until")))
_ADOPT = Prepared(_this_one.values(dialer_id=bindparam("new_dialer"), epoch=bindparam("new_epoch")))
_PLACE = Prepared(
    _this_one.values(
        state="placing",
        placing_at=bindparam("at"),
        not_after=bindparam("latest"),
        gives_up_at=bindparam("gives_up"),
    )
)
_ADVANCE = Prepared(
    _this_one.values(
        {
            column: bindparam(f"new_{column}")
            for column in (
                "state", "gateway_ref", "placed_at", "ringing_at", "answered_at", "conversation_id",
            )
        }
    )
)  # fmt: skip
_LOSE = Prepared(
    _this_one.values(
        used=bindparam("new_used"), attempt=bindparam("new_attempt"), free_at=bindparam("new_free_at")
    )
)
_CLOSE = Prepared(delete(open_attempt).where(open_attempt.c.id.in_(bindparam("ids", expanding=True))))


def open_counts(connection: Connection, now: datetime) -> Sequence[AnyRow]:
    """Count active calls by organization, campaign, agent and caller ID (R-DIAL-3).

    `intents` of them are about to be placed.
    """
    return _COUNTS.rows(connection, {"now": now, "lately": now - SOON_PLACED})


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


def orphaned(connection: Connection, now: datetime, own_id: UUID) -> Sequence[AnyRow]:
    """Give open attempts whose dialer's lease has expired, or that it holds under an old epoch.

    What was handed over to the dialer that asks is among them, not what was handed over to another one that
    is alive. And the intents of the dialer that asks: at the start of a step it has none but those that a
    step has left which failed between claim and admission.
    """
    return _ORPHANED.rows(connection, {"now": now, "own_id": own_id})


def overdue(connection: Connection, gateway: str, before: datetime) -> list[UUID]:
    """Give the open attempts of a gateway that had to be over before an instant."""
    return [row.id for row in _OVERDUE.rows(connection, {"gateway": gateway, "before": before})]


def postpone_overdue(connection: Connection, ids: Iterable[UUID], until: datetime) -> None:
    """Say when to look after overdue attempts again."""
    _POSTPONE.run_many(connection, [{"id_": id_, "until": until} for id_ in ids])


def running(connection: Connection, dialer_id: UUID) -> Sequence[AnyRow]:
    """Give the calls that a dialer has sent and that are not over."""
    return _RUNNING.rows(connection, {"dialer_id": dialer_id})


def inquiries(connection: Connection, ids: Collection[UUID]) -> Sequence[AnyRow]:
    """Give what a gateway has to know to tell what became of these open attempts."""
    return [row for chunk in chunks(sorted(ids)) for row in _INQUIRIES.rows(connection, {"ids": chunk})]


def adopt(connection: Connection, ids: Iterable[UUID], dialer_id: UUID, epoch: int) -> None:
    """Put open attempts under another dialer, and under an epoch of its lease, or as HANDED_OVER."""
    rows = [{"id_": id_, "new_dialer": dialer_id, "new_epoch": epoch} for id_ in ids]
    _ADOPT.run_many(connection, rows)


def intend(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Write down the intent to call, with all its evidence (R-ATT-1, R-CRASH-1)."""
    _INTEND.run_many(connection, rows)


def mark_placing(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Mark intents as placing: rows of `id_`, `at`, `latest` (not_after) and `gives_up`."""
    _PLACE.run_many(connection, rows)


def advance(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Write how far calls have come that go on: rows of `id_` and `new_<column>`."""
    _ADVANCE.run_many(connection, rows)


def lose(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Write what is assumed of calls whose fate is unknown: rows of `id_` and `new_<column>` (R-CRASH-2)."""
    _LOSE.run_many(connection, rows)


def close(connection: Connection, ids: Collection[UUID]) -> None:
    """Take attempts out of the open ones."""
    for chunk in chunks(sorted(ids)):
        _CLOSE.run(connection, {"ids": chunk})
