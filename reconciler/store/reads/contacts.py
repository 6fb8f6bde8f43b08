"""Contacts as records, campaign by campaign, in the order of their names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from reconciler.core.desired import Json
from reconciler.core.lanes import NEVER
from reconciler.core.settlement import ContactStatus
from reconciler.store.columns import AnyRow
from reconciler.store.identity import CampaignRef
from reconciler.store.tables import contact, tally

Record = dict[str, Json]
ROWS_AT_A_TIME = 500


def contact_records(
    connection: Connection,
    places: Sequence[CampaignRef],
    *,
    status: str | None = None,
    limit: int | None = None,
) -> Iterator[Record]:
    """Stream the contacts of campaigns in the shape of interface.md; `limit` None is all of them."""
    left = limit
    for place in places:
        if left == 0:
            return
        for row in _rows(connection, place, status):
            yield contact_record(row, place)
            left = None if left is None else left - 1
            if left == 0:
                return


def count_contacts(connection: Connection, places: Sequence[CampaignRef], status: str | None) -> int:
    """Count contacts of campaigns, from the tallies."""
    names = [status] if status else [one.value for one in ContactStatus]
    total = connection.execute(
        select(func.coalesce(func.sum(tally.c.count), 0)).where(
            tally.c.campaign_key.in_([place.key for place in places]), tally.c.name.in_(names)
        )
    )
    return int(total.scalar_one())


def contact_record(row: AnyRow, place: CampaignRef) -> Record:
    """Give a contact's row as a record; `due_at` is null where time alone makes it due no more."""
    return {
        "id": row.id,
        "external_id": row.external_id,
        "campaign": place.name,
        "status": row.status,
        "reason": row.reason,
        "phone_numbers": row.phone_numbers,
        "timezone": row.timezone,
        "attempts": row.attempts,
        "due_at": due_of(row),
        "scheduled_at": row.scheduled_at,
        "data": row.data or {},
    }


def due_of(row: AnyRow) -> datetime | None:
    """Give from when a contact may be claimed; None if it is not pending, or parked."""
    waits = row.status == ContactStatus.PENDING.value and row.due_at < NEVER
    return row.due_at if waits else None


def _rows(connection: Connection, place: CampaignRef, status: str | None) -> Iterator[AnyRow]:
    statement = (
        select(contact)
        .where(contact.c.org_id == place.org.id, contact.c.campaign_key == place.key)
        .order_by(contact.c.external_id, contact.c.id)
        .execution_options(yield_per=ROWS_AT_A_TIME)
    )
    if status:
        statement = statement.where(contact.c.status == status)
    yield from connection.execute(statement)
