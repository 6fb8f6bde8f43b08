"""Stopping calls: a hold is set first, and touches nothing that an apply locks (R-HOLD-1, R-HOLD-3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, select

from reconciler.core.holds import CallTarget, Hold, HoldCause, HoldScope, covers
from reconciler.store import breakers
from reconciler.store.breakers import NO_ORG, BreakerKey
from reconciler.store.columns import AnyRow
from reconciler.store.holds import place_hold, release_holds
from reconciler.store.operations.operation import Operation, stated
from reconciler.store.tables import open_attempt

HangUp = Literal["none", "unanswered", "all"]
"""Which running calls a hold ends: none, those not answered yet, or all (R-LIFE-4)."""


@dataclass(frozen=True, slots=True)
class StopOrder:
    """What a person wants stopped. `org_id` narrows any scope to one organization; None means all of them."""

    scope: HoldScope
    value: str
    org_id: UUID | None
    reason: str | None
    hang_up: HangUp = "none"
    lasts: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """A hold that was set, and the attempts in its scope that were open at that instant."""

    hold: Hold
    open_then: Sequence[UUID]


def stop(operation: Operation, order: StopOrder) -> Stopped:
    """Set a person's hold; from its commit on, no dialer admits a call in its scope."""
    now = operation.now
    hold = Hold(
        id=operation.ids(now),
        seq=0,
        scope=order.scope,
        value=order.value,
        cause=HoldCause.PERSON,
        reason=stated(order.reason),
        actor=operation.actor.name,
        created_at=now,
        expires_at=None if order.lasts is None else now + order.lasts,
        org_id=order.org_id,
        hang_up=order.hang_up,
    )
    placed = replace(hold, seq=place_hold(operation.connection, hold, operation.actor))
    return Stopped(placed, _open_in_scope(operation.connection, placed))


def release(operation: Operation, released: Sequence[Hold]) -> None:
    """Lift holds; a breaker whose hold a person lifts is as good as new (R-HOLD-3, R-HOLD-4)."""
    release_holds(operation.connection, released, operation.actor, operation.now)
    breakers.forget(
        operation.connection,
        [
            BreakerKey(hold.scope.value, hold.org_id or NO_ORG, hold.value)
            for hold in released
            if hold.cause is HoldCause.BREAKER
        ],
    )


def target_of(row: AnyRow) -> CallTarget:
    """Tell what of an open attempt a hold may cover."""
    return CallTarget(
        org_id=row.org_id,
        campaign_key=row.campaign_key,
        agent_id=row.agent_id,
        agent_version=None,
        agent_number=row.agent_number,
        gateway=row.gateway,
        country=row.country,
    )


def _open_in_scope(connection: Connection, hold: Hold) -> list[UUID]:
    """Give the open attempts in a hold's scope, but for those whose fate was unknown before."""
    rows = connection.execute(
        select(open_attempt).where(open_attempt.c.state != "unknown").order_by(open_attempt.c.id)
    )
    return [row.id for row in rows if covers(hold, target_of(row))]
