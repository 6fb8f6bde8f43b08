"""Suppressions that run out by time: whoever waited because of one waits where they belong again.

A number that is free again is the next to dial, perhaps in other zones than the one that stood in for it
(R-SUP-1, R-TZ-1). The dialer looks after each expiry once: the installation remembers up to when it did, so
that no restart forgets one.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, exists, func, select, update

from reconciler.ports import Ids
from reconciler.store.numbers import PARKED_SUPPRESSED, suppressed_until, unpark
from reconciler.store.portions import chunks
from reconciler.store.prepared import Prepared
from reconciler.store.rehoming import rehome
from reconciler.store.tables import contact_number, installation, suppression

_ahead = (
    suppression.c.removed_at.is_(None),
    suppression.c.expires_at.is_not(None),
    suppression.c.expires_at > select(installation.c.suppressions_freed_until).scalar_subquery(),
)
_LAPSED = Prepared(
    select(suppression.c.org_id, suppression.c.number)
    .distinct()
    .where(
        *_ahead,
        suppression.c.expires_at <= bindparam("now"),
        exists().where(
            contact_number.c.org_id == suppression.c.org_id, contact_number.c.number == suppression.c.number
        ),
    )
)
_FREED = Prepared(update(installation).values(suppressions_freed_until=bindparam("now")))

next_lapse = select(func.min(suppression.c.expires_at)).where(*_ahead).scalar_subquery()
"""When the next suppression runs out that the dialer has not looked after; part of the dialer's agenda."""


def free_lapsed(connection: Connection, ids: Ids, now: datetime) -> None:
    """Let contacts whose numbers have become free look again, in the lanes where they belong now."""
    by_org: dict[UUID, set[str]] = defaultdict(set)
    for org_id, number in _LAPSED.rows(connection, {"now": now}):
        by_org[org_id].add(number)
    for org_id, lapsed in sorted(by_org.items()):
        for chunk in chunks(sorted(lapsed)):
            still = suppressed_until(connection, chunk, now)  # by another entry, which runs out later
            freed = [number for number in chunk if (org_id, number) not in still]
            unpark(connection, org_id, freed, PARKED_SUPPRESSED)
            rehome(connection, org_id, freed, ids, now)
    _FREED.run(connection, {"now": now})
