"""Writes of holds: set, released, confirmed. No apply locks or writes this table (R-HOLD-1)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, update

from reconciler.core.holds import Hold, HoldCause, HoldScope
from reconciler.store.book import standing_holds
from reconciler.store.events import Actor, EventRecord, write_events
from reconciler.store.tables import hold


def newest_seq(connection: Connection) -> int:
    """Give the number of the newest hold ever set; 0 where there is none."""
    return int(connection.execute(select(func.coalesce(func.max(hold.c.seq), 0))).scalar_one())


def place_hold(connection: Connection, new: Hold, actor: Actor) -> int:
    """Set a hold and log it; gives its number in the order of holds (`new.seq` is not used)."""
    row = {
        "id": new.id,
        "org_id": new.org_id,
        "scope": new.scope.value,
        "value": new.value,
        "cause": new.cause.value,
        "reason": new.reason,
        "actor": new.actor,
        "hang_up": new.hang_up,
        "detail": asdict(new.blamed) if new.blamed else None,
        "created_at": new.created_at,
        "expires_at": new.expires_at,
    }
    seq = connection.execute(insert(hold).returning(hold.c.seq), row).scalar_one()
    write_events(connection, actor, new.created_at, [_event("hold", new, new.reason)])
    return int(seq)


def release_holds(connection: Connection, released: Collection[Hold], actor: Actor, now: datetime) -> None:
    """Lift holds and log it."""
    if not released:
        return
    connection.execute(
        update(hold)
        .where(hold.c.id.in_([one.id for one in released]), hold.c.released_at.is_(None))
        .values(released_at=now, released_by=actor.name)
    )
    write_events(connection, actor, now, [_event("release", one) for one in released])


def holds_on_campaign(connection: Connection, campaign_key: UUID) -> list[Hold]:
    """Give the standing holds on one campaign that a person's start lifts: not a breaker's."""
    return [
        one
        for one in standing_holds(connection)
        if one.scope == "campaign" and one.value == str(campaign_key) and one.cause is not HoldCause.BREAKER
    ]


def logged_name(scope: HoldScope, value: str) -> str:
    """Name a hold as the log does, by its scope and what it is on: `agent:agent-a`, `all`."""
    return f"{scope.value}:{value}" if value else scope.value


def _event(action: str, one: Hold, reason: str | None = None) -> EventRecord:
    name = logged_name(one.scope, one.value)
    return EventRecord(action, "Hold", name, org_id=one.org_id, object_id=one.id, reason=reason)
