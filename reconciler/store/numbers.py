"""What the database knows about numbers: which are suppressed, which are on a call, who waits for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, or_, select, update

from reconciler.core.lanes import due_at
from reconciler.store.prepared import Prepared
from reconciler.store.tables import contact, contact_number, open_attempt, suppression

OrgNumber = tuple[UUID, str]

PARKED_SUPPRESSED = "suppressed"
PARKED_ON_CALL = "on_call"

_SUPPRESSED = Prepared(
    select(suppression.c.org_id, suppression.c.number, suppression.c.expires_at).where(
        suppression.c.number.in_(bindparam("numbers", expanding=True)),
        suppression.c.removed_at.is_(None),
        or_(suppression.c.expires_at.is_(None), suppression.c.expires_at > bindparam("now")),
    )
)
_ANYTHING_SUPPRESSED = Prepared(select(suppression.c.org_id).limit(1))
_ON_CALL = Prepared(
    select(open_attempt.c.org_id, open_attempt.c.number).where(
        open_attempt.c.number.in_(bindparam("numbers", expanding=True))
    )
)
_PARKED = Prepared(
    select(contact.c.id, contact.c.created_at, contact.c.scheduled_at, contact.c.retry_at)
    .join(contact_number, contact_number.c.contact_id == contact.c.id)
    .where(
        contact_number.c.org_id == bindparam("org_id"),
        contact_number.c.number.in_(bindparam("numbers", expanding=True)),
        contact.c.parked == bindparam("why"),
    )
)
_UNPARK = Prepared(
    update(contact)
    .where(contact.c.id == bindparam("contact_id"), contact.c.parked.is_not(None))
    .values(parked=None, reason=None, due_at=bindparam("due"))
)


def suppressed_until(
    connection: Connection, numbers: Collection[str], now: datetime
) -> Mapping[OrgNumber, datetime | None]:
    """Give the suppressed ones among these numbers, and until when; None means for ever (R-SUP-1)."""
    found: dict[OrgNumber, datetime | None] = {}
    for org_id, number, until in _SUPPRESSED.rows(connection, {"numbers": list(numbers), "now": now}):
        known = found.get((org_id, number), until)
        found[org_id, number] = None if until is None or known is None else max(until, known)
    return found


def anything_suppressed(connection: Connection) -> bool:
    """Tell whether any number is suppressed, or was: most databases suppress few numbers, and some none."""
    return _ANYTHING_SUPPRESSED.first(connection) is not None


def on_call(connection: Connection, numbers: Collection[str]) -> frozenset[OrgNumber]:
    """Give the ones among these numbers that have an open call (R-CONTACT-4)."""
    rows = _ON_CALL.rows(connection, {"numbers": list(numbers)})
    return frozenset((org_id, number) for org_id, number in rows)


def unpark(connection: Connection, org_id: UUID, numbers: Collection[str], why: str) -> int:
    """Make contacts due again that were parked because of one of these numbers; gives how many.

    `why` is PARKED_SUPPRESSED or PARKED_ON_CALL: only what was parked for that reason comes back.
    """
    rows = _PARKED.rows(connection, {"org_id": org_id, "numbers": list(numbers), "why": why})
    due = {row.id: due_at(row.created_at, row.scheduled_at, row.retry_at) for row in rows}
    _UNPARK.run_many(connection, [{"contact_id": id_, "due": at} for id_, at in sorted(due.items())])
    return len(due)
