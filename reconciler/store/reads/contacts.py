"""Contacts as records, campaign by campaign, in the order of their names."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, func, select

from reconciler.core.book import DialBook, Terms
from reconciler.core.candidacy import home_lane
from reconciler.core.desired import Json
from reconciler.core.gates import callable_from
from reconciler.core.lanes import NEVER
from reconciler.core.settlement import ContactStatus
from reconciler.store import queue
from reconciler.store.columns import AnyRow
from reconciler.store.identity import CampaignRef
from reconciler.store.numbers import suppressed_until
from reconciler.store.portions import chunks
from reconciler.store.tables import contact, tally

Record = dict[str, Json]
ROWS_AT_A_TIME = 500
EVERY_NUMBER_SUPPRESSED = "every number is suppressed"


def contact_records(
    connection: Connection,
    places: Sequence[CampaignRef],
    book: DialBook,
    now: datetime,
    *,
    status: str | None = None,
    limit: int | None = None,
) -> Iterator[Record]:
    """Stream the contacts of campaigns in the shape of interface.md; `limit` None is all of them."""
    left = limit
    for place in places:
        rows = islice(_rows(connection, place, status), left)
        while portion := list(islice(rows, ROWS_AT_A_TIME)):
            yield from records_of(connection, portion, place, book, now)
            left = None if left is None else left - len(portion)


def count_contacts(connection: Connection, places: Sequence[CampaignRef], status: str | None) -> int:
    """Count contacts of campaigns, from the tallies."""
    names = [status] if status else [one.value for one in ContactStatus]
    total = connection.execute(
        select(func.coalesce(func.sum(tally.c.count), 0)).where(
            tally.c.campaign_key.in_([place.key for place in places]), tally.c.name.in_(names)
        )
    )
    return int(total.scalar_one())


def records_of(
    connection: Connection, rows: Sequence[AnyRow], place: CampaignRef, book: DialBook, now: datetime
) -> Iterator[Record]:
    """Give rows of one campaign as records.

    `due_at` is null where time alone makes a contact due no more; `callable_at` is when it may be called at
    the earliest by due time, period and windows. Who is suppressed is told so also before it is their turn.
    """
    own = sorted({number for row in rows if _is_pending(row) for number in row.phone_numbers})
    suppressed = {
        number
        for portion in chunks(own)
        for org_id, number in suppressed_until(connection, portion, now)
        if org_id == place.org.id
    }
    terms = book.terms[place.key]
    for row in rows:
        yield _record(row, place) | _outlook(row, terms, suppressed, now)


def _outlook(row: AnyRow, terms: Terms, suppressed: Collection[str], now: datetime) -> Record:
    """Tell when a contact may be called, or, where the dialer has not found out yet, that it never is."""
    if not _is_pending(row):
        return {"callable_at": None}
    waiting = queue.waiting(row)
    numbers = waiting.progress.numbers_to_dial()
    free = next((number for number in numbers if number not in suppressed), None)
    if free is None:
        unfit = EVERY_NUMBER_SUPPRESSED if numbers else None
        return {"reason": row.reason or unfit, "callable_at": None}
    return {"callable_at": callable_from(terms, home_lane(waiting, terms.key, free), row.due_at, now)}


def _record(row: AnyRow, place: CampaignRef) -> Record:
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
    return row.due_at if _is_pending(row) and row.due_at < NEVER else None


def _is_pending(row: AnyRow) -> bool:
    return bool(row.status == ContactStatus.PENDING.value)


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
