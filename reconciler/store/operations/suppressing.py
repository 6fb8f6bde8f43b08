"""Numbers entered into the ledger, and taken out of it, by hand (R-SUP-2)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from reconciler.core.phones import mask_number
from reconciler.errors import NotFound
from reconciler.store import ledger, numbers
from reconciler.store.identity import OrganizationRef
from reconciler.store.operations.operation import Operation, stated
from reconciler.store.rehoming import rehome
from reconciler.store.tables import contact, contact_number


@dataclass(frozen=True, slots=True)
class Suppressed:
    """What suppressing a number met: `is_new` False says that the ledger had it for ever already.

    `pending` contacts of the organization carry the number; `on_call`: a call to it goes on.
    """

    is_new: bool
    pending: int
    on_call: bool


@dataclass(frozen=True, slots=True)
class Unsuppressed:
    """What taking a number out met: `by_list` says that a SuppressionList still covers it."""

    pending: int
    by_list: bool


def suppress(operation: Operation, org: OrganizationRef, number: str, reason: str | None) -> Suppressed:
    """Enter a number (E.164) into the organization's ledger; nobody calls it from the commit on (R-SUP-1)."""
    connection = operation.connection
    added = ledger.suppress(
        connection,
        org.id,
        [number],
        operation.actor,
        ids=operation.ids,
        now=operation.now,
        reason=stated(reason),
    )
    busy = (org.id, number) in numbers.on_call(connection, [number])
    return Suppressed(bool(added), _pending(connection, org, number), busy)


def unsuppress(operation: Operation, org: OrganizationRef, number: str, reason: str) -> Unsuppressed:
    """Take a number (E.164) out of the ledger; raises NotFound where the ledger does not have it."""
    connection = operation.connection
    lifted = ledger.unsuppress(
        connection, org.id, number, operation.actor, operation.now, reason=stated(reason)
    )
    rehome(connection, org.id, [number], operation.ids, operation.now)
    by_list = (org.id, number) in numbers.suppressed_until(connection, [number], operation.now)
    if not lifted:
        raise NotFound(
            f"{mask_number(number)} is not in the ledger of organization {org.name}",
            hint="a SuppressionList covers it; remove it from that manifest" if by_list else None,
        )
    return Unsuppressed(_pending(connection, org, number), by_list)


def _pending(connection: Connection, org: OrganizationRef, number: str) -> int:
    statement = (
        select(func.count())
        .select_from(contact_number)
        .join(contact, contact.c.id == contact_number.c.contact_id)
        .where(
            contact_number.c.org_id == org.id,
            contact_number.c.number == number,
            contact.c.status == "pending",
        )
    )
    return int(connection.execute(statement).scalar_one())
