"""When a day's calling windows are open, for people to look at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from reconciler.core.windows import CallingWindows
from reconciler.core.windows.tz_database import time_zone


def openings_today(windows: CallingWindows, zone: str, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Give the open stretches of a zone's present local day, in UTC, cut at midnight."""
    local = now.astimezone(time_zone(zone))
    at = datetime.combine(local.date(), time(), time_zone(zone)).astimezone(UTC)
    midnight = datetime.combine(local.date() + timedelta(days=1), time(), time_zone(zone)).astimezone(UTC)
    while (opens := windows.next_open((zone,), at)) is not None and opens < midnight:
        closes = windows.next_close((zone,), opens)
        at = midnight if closes is None else min(closes, midnight)
        yield opens, at
        if at >= midnight:
            return
