"""The log of who changed what: written in the transaction of the change, read by people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from reconciler.store.columns import AnyRow
from reconciler.store.prepared import prepared_insert
from reconciler.store.tables import event


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: `kind` is cli, api, controller or dialer; `apply_id` is None for what no apply does.

    `source` and `revision` say from which manifests.
    """

    name: str
    kind: str
    apply_id: UUID | None = None
    source: str | None = None
    revision: str | None = None


DIALER = Actor("dialer", "dialer")
BREAKER = Actor("breaker", "dialer")


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One line of the log. `fields` never holds personal data (R-PLAN-8); `count` is that of contacts."""

    action: str
    kind: str
    name: str
    org_id: UUID | None = None
    object_id: UUID | None = None
    campaign: str | None = None
    fields: Sequence[dict[str, Any]] | None = None
    count: int = 1
    reason: str | None = None


_WRITE = prepared_insert(
    event, "at", "org_id", "apply_id", "actor_kind", "actor", "source", "revision", "action", "kind",
    "object_id", "name", "campaign", "fields", "count", "reason",
)  # fmt: skip


def write_events(connection: Connection, actor: Actor, at: datetime, records: Iterable[EventRecord]) -> None:
    """Write events in this order, in the caller's transaction."""
    rows = [
        {
            "at": at,
            "org_id": record.org_id,
            "apply_id": actor.apply_id,
            "actor_kind": actor.kind,
            "actor": actor.name,
            "source": actor.source,
            "revision": actor.revision,
            "action": record.action,
            "kind": record.kind,
            "object_id": record.object_id,
            "name": record.name,
            "campaign": record.campaign,
            "fields": list(record.fields) if record.fields is not None else None,
            "count": record.count,
            "reason": record.reason,
        }
        for record in records
    ]
    if rows:
        _WRITE.run_many(connection, rows)


def latest_events(connection: Connection, *, limit: int, object_id: UUID | None = None) -> Sequence[AnyRow]:
    """Give the newest events, newest first; of one object where `object_id` says so."""
    statement = select(event).order_by(event.c.seq.desc()).limit(limit)
    if object_id is not None:
        statement = statement.where(event.c.object_id == object_id)
    return connection.execute(statement).all()
