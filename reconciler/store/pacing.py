"""Pacing instants of campaigns (R-DIAL-5): when each may start its next call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update

from reconciler.store.prepared import Prepared
from reconciler.store.tables import campaign

_NEXT_STARTS = Prepared(
    select(campaign.c.id, campaign.c.next_start_at).where(campaign.c.next_start_at.is_not(None))
)
_ADVANCE = Prepared(
    update(campaign).where(campaign.c.id == bindparam("key")).values(next_start_at=bindparam("at"))
)


def next_starts(connection: Connection) -> dict[UUID, datetime]:
    """Give, per campaign that is or was paced, when it may start its next call."""
    return {row.id: row.next_start_at for row in _NEXT_STARTS.rows(connection)}


def advance(connection: Connection, instants: Mapping[UUID, datetime]) -> None:
    """Write when campaigns may start their next call."""
    _ADVANCE.run_many(connection, [{"key": key, "at": at} for key, at in sorted(instants.items())])
