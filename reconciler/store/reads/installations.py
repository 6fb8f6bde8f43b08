"""What surrounds the campaigns: the dialers and their leases, calls that nobody keeps, sources, breakers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, func, or_, select

from reconciler.core.breaker import allowance, leave_alone_until
from reconciler.store import breakers
from reconciler.store.columns import AnyRow
from reconciler.store.holds import newest_seq
from reconciler.store.open_attempts import HANDED_OVER
from reconciler.store.reads.contacts import Record
from reconciler.store.tables import dialer, open_attempt, source_state

_LEFT = open_attempt.c.id.is_not(None) & open_attempt.c.free_at.is_(None)
_DIALERS = (
    select(
        dialer,
        func.count(open_attempt.c.id).label("open_calls"),
        func.count().filter(_LEFT).label("left_calls"),
    )
    .outerjoin(open_attempt, open_attempt.c.dialer_id == dialer.c.id)
    .group_by(dialer.c.id)
    .order_by(dialer.c.started_at)
)

_ABANDONED = (
    select(func.count())
    .select_from(open_attempt)
    .join(dialer, dialer.c.id == open_attempt.c.dialer_id)
    .where(
        open_attempt.c.free_at.is_(None),
        dialer.c.stopped_at.is_(None),
        or_(
            dialer.c.lease_until <= bindparam("now"),
            and_(dialer.c.epoch != open_attempt.c.epoch, open_attempt.c.epoch != HANDED_OVER),
        ),
    )
)


def dialer_records(connection: Connection, now: datetime) -> list[Record]:
    """Give the dialers that run, or left something behind, with what they confirmed (R-HOLD-3).

    `state` is running; stopped: a person ended it, and `left_calls` were going on; or expired: the lease has
    run out, so it places no call. Any other dialer may recover the open calls of the latter two.
    """
    newest = newest_seq(connection)
    records = [_dialer_record(row, now, newest) for row in connection.execute(_DIALERS)]
    return [one for one in records if _matters(one)]


def _matters(record: Record) -> bool:
    match record["state"]:
        case "running":
            return True
        case "stopped":
            return bool(record["left_calls"])
        case _:
            return bool(record["open_calls"])


def _dialer_record(row: AnyRow, now: datetime, newest_hold: int) -> Record:
    return {
        "id": row.id,
        "state": _state(row, now),
        "gateway": row.gateway,
        "host": row.host,
        "pid": row.pid,
        "started_at": row.started_at,
        "lease_until": row.lease_until,
        "stopped_at": row.stopped_at,
        "open_calls": row.open_calls,
        "left_calls": row.left_calls,
        "obeys_all_holds": row.confirmed_hold >= newest_hold,
    }


def running_gateway(connection: Connection, now: datetime) -> str | None:
    """Give the gateway of the dialer that was started last among those that run; None where none runs."""
    rows = [row for row in connection.execute(_DIALERS) if _runs(row, now)]
    return rows[-1].gateway if rows else None


def abandoned_calls(connection: Connection, now: datetime) -> int:
    """Count open calls of dialers that died, which the next one recovers (R-CRASH-2)."""
    return int(connection.execute(_ABANDONED, {"now": now}).scalar_one())


def breaker_records(connection: Connection, now: datetime) -> list[Record]:
    """Give the breakers that hold something back now (R-RETRY-4)."""
    found = []
    for key, state in breakers.load(connection).items():
        alone_until, allowed = leave_alone_until(state), allowance(state, now)
        backs_off = alone_until is not None and alone_until > now
        if allowed is not None or backs_off:
            found.append(
                {
                    "scope": key.scope,
                    "value": key.value,
                    "calls_allowed": 0 if backs_off else allowed,
                    "open_until": state.open_until,
                    "alone_until": alone_until if backs_off else None,
                }
            )
    return found


def source_records(connection: Connection) -> Sequence[Record]:
    """Give what became of the last reconciliation of each source."""
    rows = connection.execute(select(source_state).order_by(source_state.c.name))
    return [dict(row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for it


def _state(row: AnyRow, now: datetime) -> str:
    if _runs(row, now):
        return "running"
    return "expired" if row.stopped_at is None else "stopped"


def _runs(row: AnyRow, now: datetime) -> bool:
    return row.stopped_at is None and row.lease_until > now
