"""Writes of a contact's runtime columns: locked, set aside, settled, expired."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, select, update

from reconciler.core.settlement import ContactStatus, Progress
from reconciler.store.lapsing import next_lapse
from reconciler.store.portions import chunks
from reconciler.store.prepared import Prepared
from reconciler.store.tables import IS_PENDING, contact, open_attempt
from reconciler.store.tallies import TallyChange

_SET_STATUS = Prepared(
    update(contact)
    .where(contact.c.id.in_(bindparam("ids", expanding=True)), contact.c.status == bindparam("before"))
    .values(status=bindparam("after"), parked=None, reason=None)
)
_SET_ASIDE = Prepared(
    update(contact)
    .where(contact.c.id == bindparam("id_"), contact.c.status == "pending")
    .values(
        {column: bindparam(f"new_{column}") for column in ("status", "reason", "lane_id", "due_at", "parked")}
    )
)
_SETTLE = Prepared(update(contact)
    .where(contact.c.id == bindparam("id_"))
    .values(
        {
            column: bindparam(f"new_{column}")
            for column in (
                "status", "reason", "lane_id", "due_at", "retry_at", "attempts", "unused_streak",
                "outcome_counts", "last_number", "last_outcome", "dropped_numbers", "callback",
                "withdraw_requested",
            )
        }
        | {"parked": None}
    ))  # fmt: skip
_ADMISSIBLE = Prepared(
    select(open_attempt.c.id, contact.c.expires_at)
    .join(contact, contact.c.id == open_attempt.c.contact_id)
    .where(
        open_attempt.c.id.in_(bindparam("ids", expanding=True)),
        open_attempt.c.state == "intent",
        open_attempt.c.dialer_id == bindparam("held_by"),
        open_attempt.c.epoch == bindparam("held_epoch"),
        contact.c.status == "locked",
        contact.c.withdraw_requested.is_(False),
    )
)
_expired = (
    IS_PENDING,
    contact.c.expires_at.is_not(None),
    contact.c.expires_at <= bindparam("now"),
)
_COUNT_EXPIRED = Prepared(
    select(contact.c.org_id, contact.c.campaign_key, func.count())
    .where(*_expired)
    .group_by(contact.c.org_id, contact.c.campaign_key)
)
_EXPIRE = Prepared(
    update(contact).where(*_expired).values(status="expired", reason="expires_at has passed", parked=None)
)
_AGENDA = Prepared(
    select(
        select(func.min(contact.c.expires_at))
        .where(IS_PENDING, contact.c.expires_at.is_not(None))
        .scalar_subquery(),
        select(func.min(open_attempt.c.free_at)).where(open_attempt.c.free_at.is_not(None)).scalar_subquery(),
        select(func.min(open_attempt.c.gives_up_at))
        .where(open_attempt.c.free_at.is_(None))
        .scalar_subquery(),
        next_lapse,
    )
)
_FAIL_LANE = Prepared(
    update(contact)
    .where(contact.c.lane_id == bindparam("lane"), IS_PENDING)
    .values(status="error", reason=bindparam("why"), parked=None)
)


class Agenda(NamedTuple):
    """When the next contact expires, unknown call frees its place, call is overdue, suppression runs out."""

    expires_at: datetime | None
    free_at: datetime | None
    overdue_at: datetime | None
    lapses_at: datetime | None


def agenda(connection: Connection) -> Agenda:
    """Give what time alone will do next."""
    [row] = _AGENDA.rows(connection)
    return Agenda(*row)


def change_status(
    connection: Connection, ids: Collection[UUID], before: ContactStatus, after: ContactStatus
) -> None:
    """Move contacts from one status to another, those that are still in the first."""
    for chunk in chunks(sorted(ids)):
        _SET_STATUS.run(connection, {"ids": chunk, "before": before.value, "after": after.value})


def set_aside(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Write what pending contacts wait for: rows of `id_` and `new_<column>`."""
    _SET_ASIDE.run_many(connection, rows)


def settle(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Write what attempts made of contacts: rows of `id_` and `new_<column>`."""
    _SETTLE.run_many(connection, rows)


def progress_columns(progress: Progress) -> dict[str, Any]:
    """Give a progress as the `new_<column>` values of `settle`."""
    return {
        "new_attempts": progress.attempts,
        "new_unused_streak": progress.unused_streak,
        "new_outcome_counts": dict(progress.outcome_counts) or None,
        "new_last_number": progress.last_number,
        "new_dropped_numbers": list(progress.dropped) or None,
        "new_callback": progress.callback,
    }


def admissible(
    connection: Connection, ids: Collection[UUID], dialer_id: UUID, epoch: int
) -> dict[UUID, datetime | None]:
    """Give those attempts that are still intents of this dialer, with the `expires_at` of their contacts.

    Not those that another dialer has recovered, nor of contacts that are being withdrawn.
    """
    parameters = {"held_by": dialer_id, "held_epoch": epoch}
    return {
        id_: expires_at
        for chunk in chunks(sorted(ids))
        for id_, expires_at in _ADMISSIBLE.rows(connection, {"ids": chunk, **parameters})
    }


def expire(connection: Connection, now: datetime, tallies: TallyChange) -> int:
    """Make pending contacts whose `expires_at` has passed `expired`; gives how many."""
    total = 0
    for org_id, campaign_key, count in _COUNT_EXPIRED.rows(connection, {"now": now}):
        tallies.move(org_id, campaign_key, "pending", "expired", count)
        total += count
    if total:
        _EXPIRE.run(connection, {"now": now})
    return total


def fail_lane(connection: Connection, lane_id: UUID, reason: str) -> int:
    """Make all pending contacts of a lane an error; gives how many."""
    return _FAIL_LANE.changed(connection, {"lane": lane_id, "why": reason})
