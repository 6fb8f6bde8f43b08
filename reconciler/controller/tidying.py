"""What time alone does to contacts and calls.

Contacts expire, suppressions run out, unknown calls free their places, calls whose end got lost are chased.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from reconciler.controller.cycle import Cycle
from reconciler.controller.recovering import OVERDUE, chase_overdue
from reconciler.ports import Inquiry
from reconciler.store import attempts, lapsing, numbers, waiting_room
from reconciler.store.tallies import TallyChange


@dataclass(frozen=True, slots=True)
class Tidied:
    """When to look again, if anything is known to come, and what to ask the gateway about."""

    next_at: datetime | None
    overdue: Sequence[Inquiry] = ()


def tidy(cycle: Cycle) -> Tidied:
    """Do what time has made due: expire contacts, free numbers and places, chase calls whose end got lost."""
    expires_at, free_at, overdue_at, lapses_at = waiting_room.agenda(cycle.connection)
    if expires_at is not None and expires_at <= cycle.now:
        _expire(cycle)
    if lapses_at is not None and lapses_at <= cycle.now:
        lapsing.free_lapsed(cycle.connection, cycle.ids, cycle.now)
    if free_at is not None and free_at <= cycle.now:
        _free_lost(cycle)
    chase_at = None if overdue_at is None else overdue_at + OVERDUE
    overdue = chase_overdue(cycle) if chase_at is not None and chase_at <= cycle.now else []
    coming = [at for at in (expires_at, free_at, chase_at, lapses_at) if at is not None and at > cycle.now]
    return Tidied(min(coming, default=None), overdue)


def _expire(cycle: Cycle) -> None:
    tallies = TallyChange()
    waiting_room.expire(cycle.connection, cycle.now, tallies)
    tallies.write(cycle.connection)


def _free_lost(cycle: Cycle) -> None:
    by_org: dict[UUID, set[str]] = defaultdict(set)
    for org_id, number in attempts.free_lost(cycle.connection, cycle.now):
        by_org[org_id].add(number)
    for org_id, freed in sorted(by_org.items()):
        numbers.unpark(cycle.connection, org_id, freed, numbers.PARKED_ON_CALL)
