"""The suppression ledger: it grows while the system runs, and only a person takes an entry back (R-SUP-2)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update

from reconciler.ports import Ids
from reconciler.store.events import Actor, EventRecord, write_events
from reconciler.store.numbers import PARKED_ON_CALL, PARKED_SUPPRESSED, unpark
from reconciler.store.prepared import Prepared, prepared_insert
from reconciler.store.rehoming import rehome
from reconciler.store.tables import suppression

_STANDING = Prepared(
    select(suppression.c.number).where(
        suppression.c.org_id == bindparam("org"),
        suppression.c.number.in_(bindparam("numbers", expanding=True)),
        suppression.c.list_id.is_(None),
        suppression.c.removed_at.is_(None),
        suppression.c.expires_at.is_(None),
    )
)
_ENTER = prepared_insert(suppression, "id", "org_id", "number", "reason", "actor", "created_at", "expires_at")


def suppress(
    connection: Connection,
    org_id: UUID,
    numbers: Collection[str],
    actor: Actor,
    *,
    ids: Ids,
    now: datetime,
    reason: str,
    expires_at: datetime | None = None,
) -> int:
    """Enter numbers (E.164) into an organization's ledger and log it; gives how many are new there."""
    new = sorted(set(numbers) - _standing(connection, org_id, numbers))
    if not new:
        return 0
    rows = [
        {
            "id": ids(now),
            "org_id": org_id,
            "number": number,
            "reason": reason,
            "actor": actor.name,
            "created_at": now,
            "expires_at": expires_at,
        }
        for number in new
    ]
    _ENTER.run_many(connection, rows)
    unpark(connection, org_id, new, PARKED_ON_CALL)  # another number of theirs may be free
    rehome(connection, org_id, new, ids, now)
    record = EventRecord("suppress", "Suppression", "ledger", org_id=org_id, count=len(new), reason=reason)
    write_events(connection, actor, now, [record])
    return len(new)


def unsuppress(
    connection: Connection, org_id: UUID, number: str, actor: Actor, now: datetime, *, reason: str
) -> int:
    """Take a number out of the ledger, make its contacts due again and log it; gives how many entries."""
    lifted = connection.execute(
        update(suppression)
        .where(
            suppression.c.org_id == org_id,
            suppression.c.number == number,
            suppression.c.list_id.is_(None),
            suppression.c.removed_at.is_(None),
        )
        .values(removed_at=now)
    ).rowcount
    if lifted:
        unpark(connection, org_id, [number], PARKED_SUPPRESSED)
        record = EventRecord(
            "unsuppress", "Suppression", "ledger", org_id=org_id, count=lifted, reason=reason
        )
        write_events(connection, actor, now, [record])
    return lifted


def _standing(connection: Connection, org_id: UUID, numbers: Collection[str]) -> set[str]:
    """Give those of the numbers that the ledger already suppresses for ever."""
    rows = _STANDING.rows(connection, {"org": org_id, "numbers": sorted(numbers)})
    return {number for (number,) in rows}
