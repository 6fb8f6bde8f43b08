"""Lanes: what contacts that may be called at the same times have in common.

Windows, pauses, holds, priorities and caller-ID limits are properties of lanes, never row filters, so that
finding due contacts costs O(lanes) and claiming them O(claimed), however many wait. A key part that is ''
inherits from the campaign's configuration, so that switching the configuration touches lanes, not contacts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from reconciler.core.phones import country_of, zones_of

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""When a parked contact is due: not by time alone."""

INFERRED = "~"
_JOIN = "+"


class LaneClass(StrEnum):
    """What kind of attempt comes next; callbacks go first, then first attempts, then retries (R-DIAL-2)."""

    CALLBACK = "callback"
    SCHEDULED = "scheduled"
    FRESH = "fresh"
    RETRY = "retry"


TIER = {LaneClass.CALLBACK: 0, LaneClass.SCHEDULED: 1, LaneClass.FRESH: 1, LaneClass.RETRY: 2}
"""Rank of a class within one priority: lower dials first."""


class LaneKey(NamedTuple):
    """The identity of a lane."""

    campaign_key: UUID
    class_: str
    zone_key: str
    caller_id_key: str
    agent_key: str
    country_key: str


def lane_class(*, attempts: int, callback: str | None, scheduled_at: datetime | None) -> LaneClass:
    """Tell the class of a pending contact; `attempts` counts used ones."""
    if callback == "due":
        return LaneClass.CALLBACK
    if attempts:
        return LaneClass.RETRY
    return LaneClass.SCHEDULED if scheduled_at else LaneClass.FRESH


def lane_key(
    campaign_key: UUID,
    class_: LaneClass,
    *,
    number: str,
    timezone: str | None,
    agent_id: str | None,
    agent_number: str | None,
) -> LaneKey:
    """Make the key of the lane in which a contact waits to be called at `number` (E.164)."""
    return LaneKey(
        campaign_key,
        class_.value,
        timezone or inferred_zone_key(zones_of(number)),
        agent_number or "",
        agent_id or "",
        country_of(number),
    )


def inferred_zone_key(zones: Sequence[str]) -> str:
    """Write the zones of a number as a zone key: they count where the schedule says `infer_timezone`."""
    return INFERRED + _JOIN.join(zones) if zones else ""


def zones_of_lane(zone_key: str, *, infer: bool, default_timezone: str) -> tuple[tuple[str, ...], str]:
    """Read a zone key: the zones, all of which must be open, and how they were found (R-TZ-1).

    The second value is `contact`, `number` or `default`.
    """
    if not zone_key.startswith(INFERRED):
        return ((zone_key,), "contact") if zone_key else ((default_timezone,), "default")
    if infer:
        return tuple(zone_key[1:].split(_JOIN)), "number"
    return (default_timezone,), "default"


def due_at(created_at: datetime, scheduled_at: datetime | None, retry_at: datetime | None) -> datetime:
    """Give the instant from which a contact is due: the latest of these (R-DIAL-1)."""
    due = created_at
    if scheduled_at is not None and scheduled_at > due:
        due = scheduled_at
    if retry_at is not None and retry_at > due:
        due = retry_at
    return due
