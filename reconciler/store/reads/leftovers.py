"""How many contacts a dialer that has nothing to do leaves behind, and what they wait for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, select

from reconciler.core.book import DialBook
from reconciler.core.lanes import LaneKey
from reconciler.core.leftovers import WaitingGroup, Waits, waits_for
from reconciler.core.settlement import ContactStatus
from reconciler.store.book import standing_holds
from reconciler.store.tables import IS_PENDING, contact, lane, tally

_KEY = (
    lane.c.campaign_key,
    lane.c.class_,
    lane.c.zone_key,
    lane.c.caller_id_key,
    lane.c.agent_key,
    lane.c.country_key,
)
_LATER = contact.c.due_at > bindparam("now", type_=contact.c.due_at.type)
_GROUPS = (
    select(*_KEY, contact.c.parked, func.count().label("all"), func.count().filter(_LATER).label("later"))
    .join(lane, lane.c.id == contact.c.lane_id)
    .where(IS_PENDING)
    .group_by(lane.c.id, contact.c.parked)
)
_UNKNOWN = select(tally.c.campaign_key, tally.c.count).where(tally.c.name == ContactStatus.UNKNOWN.value)


def leftovers(
    connection: Connection, book: DialBook, now: datetime, gateway: str, only: Collection[UUID] | None = None
) -> Mapping[Waits, int]:
    """Count the contacts of these campaigns (None: all) that are not final, by what they wait for.

    Reads every pending contact: for the end of a run, not for a page that is drawn again and again.
    """
    holds = standing_holds(connection)
    found: Counter[Waits] = Counter()
    for row in connection.execute(_GROUPS, {"now": now}):
        key = LaneKey(*row[: len(_KEY)])
        if only is not None and key.campaign_key not in only:
            continue
        for due, count in ((True, row.all - row.later), (False, row.later)):
            group = WaitingGroup(key, row.parked, due)
            found[waits_for(group, book.terms[key.campaign_key], holds, gateway, now)] += count
    for campaign_key, count in connection.execute(_UNKNOWN):
        if only is None or campaign_key in only:
            found[Waits.UNKNOWN] += count
    return {reason: found[reason] for reason in Waits if found[reason]}
