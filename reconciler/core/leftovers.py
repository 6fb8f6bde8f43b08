"""What contacts wait for that a dialer with nothing to do leaves behind: the first reason that is enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.core.book import Terms
from reconciler.core.gates import call_target, first_opening, hold_gate, period_gate, status_gate
from reconciler.core.holds import Hold
from reconciler.core.lanes import LaneKey


class Waits(StrEnum):
    """Why contacts are left, in the words and in the order in which people read it."""

    HELD = "held"
    NOT_ACTIVE = "in campaigns that are not active"
    PERIOD = "outside start_at and end_at"
    SUPPRESSED = "suppressed"
    ON_CALL = "on another call"
    LATER = "due later"
    WINDOW = "outside their windows"
    LIMITED = "kept back by a limit or a breaker"
    UNKNOWN = "unknown (dialctl resolve)"


@dataclass(frozen=True, slots=True)
class WaitingGroup:
    """Pending contacts of one lane that stand alike; `parked` as the store writes it, `due`: by now."""

    lane: LaneKey
    parked: str | None
    due: bool


def waits_for(group: WaitingGroup, terms: Terms, holds: Sequence[Hold], gateway: str, now: datetime) -> Waits:
    """Tell what keeps a group from being called."""
    if not hold_gate(holds, call_target(terms, group.lane, gateway), now).open:
        return Waits.HELD
    if not status_gate(terms).open:
        return Waits.NOT_ACTIVE
    if not period_gate(terms, now).open:
        return Waits.PERIOD
    if group.parked is not None:
        return Waits.SUPPRESSED if group.parked == Waits.SUPPRESSED else Waits.ON_CALL
    if not group.due:
        return Waits.LATER
    return Waits.WINDOW if first_opening(terms, group.lane, now) != now else Waits.LIMITED
