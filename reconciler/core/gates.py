"""Gates: why a lane may be dialled now, or not, and when that next changes.

The dialer asks `lane_opening` for every lane; `describe contact` shows the same gates one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from reconciler.core.book import Terms
from reconciler.core.holds import CallTarget, Hold, first_covering
from reconciler.core.lanes import NEVER, LaneClass, LaneKey, zones_of_lane

FOREVER = timedelta(days=370)
"""How far windows look ahead (R-WIN-7); what does not change until then is looked at again then."""


class Gate(NamedTuple):
    """One condition of a call: open or shut, why, and when it next changes (None: not by time alone)."""

    name: str
    open: bool
    detail: str
    changes_at: datetime | None = None


def call_target(terms: Terms, lane: LaneKey, gateway: str) -> CallTarget:
    """Tell what holds may cover of the calls of a lane."""
    version = terms.agent.agent_version
    return CallTarget(
        org_id=terms.org_id,
        campaign_key=terms.key,
        agent_id=lane.agent_key or terms.agent.agent_id,
        agent_version=None if version is None else str(version),
        agent_number=lane.caller_id_key or terms.agent.agent_number,
        gateway=gateway,
        country=lane.country_key,
    )


def status_gate(terms: Terms) -> Gate:
    """A campaign's contacts are dialled while it is `active` (R-LIFE-1, R-LIFE-8)."""
    if terms.name is None:
        return Gate("campaign status", open=True, detail="in no campaign")
    return Gate("campaign status", open=terms.status == "active", detail=terms.status)


def period_gate(terms: Terms, now: datetime) -> Gate:
    """A campaign's contacts are dialled from `start_at` until before `end_at` (R-LIFE-7)."""
    if terms.start_at is not None and now < terms.start_at:
        return Gate("period", open=False, detail="before start_at", changes_at=terms.start_at)
    if terms.end_at is not None and now >= terms.end_at:
        return Gate("period", open=False, detail="end_at has passed")
    return Gate("period", open=True, detail="inside start_at and end_at", changes_at=terms.end_at)


def hold_gate(holds: Sequence[Hold], target: CallTarget, now: datetime) -> Gate:
    """No call is made while a hold covers it (R-HOLD-1)."""
    hold = first_covering(holds, target, now)
    if hold is None:
        return Gate("hold", open=True, detail="no hold")
    return Gate("hold", open=False, detail=str(hold), changes_at=hold.expires_at)


def window_gate(terms: Terms, lane: LaneKey, now: datetime) -> Gate:
    """Calls are made inside the windows of all zones of the lane (R-WIN-3, R-WIN-5, R-TZ-1)."""
    if terms.windows is None:
        return Gate("window", open=True, detail="in no campaign: no windows")
    zones, _ = zones_of_lane(
        lane.zone_key, infer=terms.infer_timezone, default_timezone=terms.default_timezone
    )
    scheduled = lane.class_ == LaneClass.SCHEDULED.value
    where = "+".join(zones)
    if terms.windows.is_open(zones, now, scheduled=scheduled):
        closes = terms.windows.next_close(zones, now, scheduled=scheduled)
        text = terms.windows.window_at(zones, now, scheduled=scheduled)
        return Gate("window", open=True, detail=f"{text} ({where})", changes_at=closes)
    opens = terms.windows.next_open(zones, now, scheduled=scheduled)
    detail = f"shut in {where}" if opens else f"no window opens in {where} within 370 days"
    return Gate("window", open=False, detail=detail, changes_at=opens)


def callable_from(terms: Terms, lane: LaneKey, due_at: datetime, now: datetime) -> datetime | None:
    """Give when a contact may be called at the earliest by due time, period and windows; None: never."""
    period = period_gate(terms, now)
    over = not period.open and period.changes_at is None
    if terms.status == "closed" or over or due_at >= NEVER:
        return None
    opens = first_opening(terms, lane, max(now, due_at, terms.start_at or now))
    return None if opens is None or (terms.end_at is not None and opens >= terms.end_at) else opens


def zones_never_meet(terms: Terms, lane: LaneKey, now: datetime) -> bool:
    """Tell whether the zones of a number have windows each, but no common one within 370 days (R-TZ-1)."""
    if terms.windows is None:
        return False
    zones, _ = zones_of_lane(
        lane.zone_key, infer=terms.infer_timezone, default_timezone=terms.default_timezone
    )
    scheduled = lane.class_ == LaneClass.SCHEDULED.value
    windows = terms.windows
    return (
        len(zones) > 1
        and windows.next_open(zones, now, scheduled=scheduled) is None
        and all(windows.next_open((zone,), now, scheduled=scheduled) is not None for zone in zones)
    )


def first_opening(terms: Terms, lane: LaneKey, after: datetime) -> datetime | None:
    """Give the first instant at or after `after` at which the windows of a lane are open (R-WIN-7)."""
    if terms.windows is None:
        return after
    zones, _ = zones_of_lane(
        lane.zone_key, infer=terms.infer_timezone, default_timezone=terms.default_timezone
    )
    return terms.windows.next_open(zones, after, scheduled=lane.class_ == LaneClass.SCHEDULED.value)
