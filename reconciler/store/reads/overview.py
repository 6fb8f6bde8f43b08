"""What `status` shows: the progress of campaigns, and everything that keeps calls from being made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from reconciler.core.book import DialBook
from reconciler.store.book import standing_holds
from reconciler.store.identity import OrganizationRef
from reconciler.store.operations.naming_holds import scope_text
from reconciler.store.reads.contacts import Record
from reconciler.store.reads.installations import (
    abandoned_calls,
    breaker_records,
    dialer_records,
    source_records,
)
from reconciler.store.reads.progress import CampaignProgress, campaigns_progress


@dataclass(frozen=True, slots=True)
class Overview:
    """One look at the installation.

    `holds` are pairs of what is held and why; `abandoned` counts the calls of dialers that died, which
    the next dialer recovers.
    """

    now: datetime
    campaigns: Sequence[CampaignProgress]
    holds: Sequence[tuple[str, str]]
    breakers: Sequence[Record]
    dialers: Sequence[Record]
    abandoned: int
    sources: Sequence[Record]


def read_overview(
    connection: Connection, book: DialBook, now: datetime, org: OrganizationRef | None = None
) -> Overview:
    """Look at everything, or at the campaigns of one organization and the holds over them."""
    holds = [
        hold
        for hold in standing_holds(connection)
        if hold.stands(now) and (org is None or hold.org_id in (None, org.id))
    ]
    return Overview(
        now=now,
        campaigns=campaigns_progress(connection, book, now, org),
        holds=[(scope_text(connection, hold), str(hold)) for hold in holds],
        breakers=breaker_records(connection, now),
        dialers=dialer_records(connection, now),
        abandoned=abandoned_calls(connection, now),
        sources=source_records(connection),
    )
