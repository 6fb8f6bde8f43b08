"""Attempts, open or history: found by id, and moved from the one to the other (R-ATT-1).

An attempt stands in exactly one of two tables with the same evidence: in `open_attempt` while its call may
go on, in `attempt` from then on. So history is written once and only grows, and what changes with every
ring is a table as small as the number of calls at a time.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, null, select, update

from reconciler.store.columns import AnyRow
from reconciler.store.history import bounds, run_within, within_ids
from reconciler.store.open_attempts import close
from reconciler.store.portions import chunks
from reconciler.store.prepared import Prepared
from reconciler.store.tables import Evidence, attempt, open_attempt

EVIDENCE = tuple(Evidence.model_fields)

_as_history = select(
    *(open_attempt.c[name] for name in EVIDENCE),
    *(null().cast(column.type).label(column.name) for column in attempt.c if column.name not in EVIDENCE),
).subquery("running")

RUNNING_AND_PAST = (_as_history, attempt)
"""What a report about all attempts reads one after the other: both have the columns of `attempt`."""

_SETTLED = (
    "id", "org_id", "campaign_key", "contact_id", "number", "agent_id", "agent_version", "agent_number",
    "gateway", "gateway_ref", "state", "used", "attempt", "placing_at", "placed_at", "ringing_at",
    "answered_at", "conversation_id", "ended_at",
)  # fmt: skip


def _by_id(source: Any, *also: ColumnElement[bool]) -> Prepared:  # noqa: ANN401 - a table, or what looks like one
    columns = select(*(source.c[name] for name in _SETTLED))
    return Prepared(columns.where(source.c.id.in_(bindparam("ids", expanding=True)), *also))


_OPEN_BY_ID, _PAST_BY_ID = _by_id(_as_history), _by_id(attempt, *within_ids(attempt.c.id))
_OUTCOME = (
    "state", "gateway_ref", "placed_at", "ringing_at", "answered_at", "ended_at", "outcome", "disposition",
    "used", "attempt", "reason", "carrier_code", "cost_micros", "cost_currency", "conversation_id",
)  # fmt: skip
_new = {name: bindparam(f"new_{name}", type_=attempt.c[name].type) for name in _OUTCOME}
_END = Prepared(
    insert(attempt).from_select(
        [column.name for column in attempt.c],
        select(
            *(
                _new[column.name] if column.name in _new else open_attempt.c[column.name]
                for column in attempt.c
            )
        ).where(open_attempt.c.id == bindparam("id_")),
    )
)
_this_one = update(attempt).where(attempt.c.id == bindparam("id_"), *within_ids(attempt.c.id))
_RECORD = Prepared(_this_one.values(_new))
_COMPLETE = Prepared(
    _this_one.values(
        {
            name: _new[name]
            for name in ("gateway_ref", "placed_at", "ringing_at", "answered_at", "conversation_id")
        }
    )
)
_is_free = open_attempt.c.free_at <= bindparam("now")
_KEEP_LOST = Prepared(
    insert(attempt).from_select(
        list(EVIDENCE), select(*(open_attempt.c[name] for name in EVIDENCE)).where(_is_free)
    )
)
_FREE_LOST = Prepared(
    delete(open_attempt).where(_is_free).returning(open_attempt.c.org_id, open_attempt.c.number)
)


def open_and_past(
    connection: Connection, ids: Collection[UUID]
) -> tuple[dict[UUID, AnyRow], dict[UUID, AnyRow]]:
    """Give attempts by id: those that are open, and those that are history."""
    running = {
        row.id: row for chunk in chunks(sorted(ids)) for row in _OPEN_BY_ID.rows(connection, {"ids": chunk})
    }
    past = {
        row.id: row
        for chunk in chunks(sorted(set(ids) - running.keys()))
        for row in _PAST_BY_ID.rows(connection, {"ids": chunk, **bounds(chunk)})
    }
    return running, past


def newest_unknown(connection: Connection, contact_id: UUID) -> UUID | None:
    """Give a contact's newest attempt whose fate is unknown."""
    for source in RUNNING_AND_PAST:
        newest = (
            select(source.c.id)
            .where(source.c.contact_id == contact_id, source.c.state == "unknown")
            .order_by(source.c.id.desc())
            .limit(1)
        )
        found: UUID | None = connection.execute(newest).scalar_one_or_none()
        if found is not None:
            return found
    return None


def end(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Make open attempts history, with what has become of them: rows of `id_` and `new_<column>`."""
    _END.run_many(connection, rows)
    close(connection, [row["id_"] for row in rows])


def record(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Write a late proof into history: rows like those of `end`."""
    run_within(_RECORD, connection, rows)


def complete(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Add to ended attempts what late events tell: rows of `id_` and `new_<column>`."""
    run_within(_COMPLETE, connection, rows)


def free_lost(connection: Connection, now: datetime) -> list[tuple[UUID, str]]:
    """Make history of unknown calls whose time is over; gives organization and number of each (R-DIAL-3)."""
    _KEEP_LOST.run(connection, {"now": now})
    return [(row.org_id, row.number) for row in _FREE_LOST.rows(connection, {"now": now})]
