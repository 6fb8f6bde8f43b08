"""Contacts whose calls end: what settling has to know of them."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from reconciler.store.columns import AnyRow
from reconciler.store.portions import chunks
from reconciler.store.prepared import Prepared
from reconciler.store.tables import contact

_CALLED = Prepared(
    select(
        contact.c.id,
        contact.c.org_id,
        contact.c.campaign_key,
        contact.c.status,
        contact.c.phone_numbers,
        contact.c.timezone,
        contact.c.agent_id,
        contact.c.agent_version,
        contact.c.agent_number,
        contact.c.agent_config,
        contact.c.attempts,
        contact.c.attempts_forgiven,
        contact.c.unused_streak,
        contact.c.outcome_counts,
        contact.c.last_number,
        contact.c.dropped_numbers,
        contact.c.callback,
        contact.c.withdraw_requested,
        contact.c.lane_id,
        contact.c.created_at,
        contact.c.scheduled_at,
        contact.c.retry_at,
    ).where(contact.c.id.in_(bindparam("ids", expanding=True)))
)


def called(connection: Connection, ids: Collection[UUID]) -> dict[UUID, AnyRow]:
    """Give contacts by id, as they stand before their attempts are settled."""
    return {row.id: row for chunk in chunks(sorted(ids)) for row in _CALLED.rows(connection, {"ids": chunk})}
