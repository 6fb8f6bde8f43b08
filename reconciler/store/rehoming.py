"""A contact waits in the lane of the number that it will be called at: the first that is not suppressed.

A lane follows from a number's zones and country, so it may change when a number is suppressed or freed, and
where a contact is written whose first number is suppressed already (R-SUP-1, R-TZ-1). Left in the lane of a
suppressed number, it would wait for windows, and answer to holds, that have nothing to do with its call.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update

from reconciler.core.candidacy import home_lane
from reconciler.core.lanes import LaneKey
from reconciler.ports import Ids
from reconciler.store.columns import AnyRow
from reconciler.store.lanes import lane_ids
from reconciler.store.numbers import OrgNumber, anything_suppressed, suppressed_until
from reconciler.store.portions import CHUNK
from reconciler.store.prepared import Prepared
from reconciler.store.queue import waiting
from reconciler.store.tables import IS_PENDING, contact, contact_number, lane

_WAITING = Prepared(
    select(contact)
    .distinct()
    .join(contact_number, contact_number.c.contact_id == contact.c.id)
    .join(lane, lane.c.id == contact.c.lane_id)  # a closed campaign has none any more
    .where(
        contact_number.c.org_id == bindparam("org"),
        contact_number.c.number.in_(bindparam("numbers", expanding=True)),
        IS_PENDING,
    )
    .order_by(contact.c.id)
)
_MOVE = update(contact).where(contact.c.id == bindparam("id_"), IS_PENDING).values(lane_id=bindparam("home"))


def rehome(connection: Connection, org_id: UUID, numbers: Collection[str], ids: Ids, now: datetime) -> None:
    """Move pending contacts that carry one of these numbers, and others, to the lane where they belong now.

    Runs in the transaction that suppressed or freed the numbers (E.164), or wrote the contacts.
    """
    for chunk in _chunks(numbers):
        rows = _WAITING.rows(connection, {"org": org_id, "numbers": chunk})
        several = [row for row in rows if len(row.phone_numbers) > 1]
        if several:
            _move(connection, org_id, several, ids, now)


def rehome_written(
    connection: Connection, written: Iterable[tuple[UUID, Sequence[str]]], ids: Ids, now: datetime
) -> None:
    """Do the same for contacts that have just been written, given as organization and numbers."""
    if not anything_suppressed(connection):
        return
    asked = {number for _, numbers in written if len(numbers) > 1 for number in numbers}
    by_org: dict[UUID, list[str]] = {}
    for chunk in _chunks(asked):
        for org_id, number in suppressed_until(connection, chunk, now):
            by_org.setdefault(org_id, []).append(number)
    for org_id, numbers in sorted(by_org.items()):
        rehome(connection, org_id, numbers, ids, now)


def first_free(
    org_id: UUID, numbers: Sequence[str], suppressed: Mapping[OrgNumber, datetime | None]
) -> str | None:
    """Give the number to be called at; the first one where all are suppressed, None where there is none."""
    free = (number for number in numbers if (org_id, number) not in suppressed)
    return next(free, numbers[0] if numbers else None)


def _move(connection: Connection, org_id: UUID, rows: Sequence[AnyRow], ids: Ids, now: datetime) -> None:
    asked = {number for row in rows for number in row.phone_numbers}
    suppressed = suppressed_until(connection, asked, now)
    homes: dict[UUID, LaneKey] = {}
    for row in rows:
        who = waiting(row)
        number = first_free(org_id, who.progress.numbers_to_dial(), suppressed)
        if number is not None:
            homes[row.id] = home_lane(who, row.campaign_key, number)
    lanes = lane_ids(connection, {row.campaign_key: org_id for row in rows}, homes.values(), ids, now)
    moves = [
        {"id_": row.id, "home": lanes[homes[row.id]]}
        for row in rows
        if row.id in homes and lanes[homes[row.id]] != row.lane_id
    ]
    if moves:
        connection.execute(_MOVE, moves)


def _chunks(numbers: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(set(numbers))
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]
