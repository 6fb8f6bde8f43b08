"""What the tz database says of a zone: that it exists, and when its UTC offset changes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reconciler.errors import DialctlError

ONE_DAY = timedelta(days=1)
ONE_SECOND = timedelta(seconds=1)
SECONDS_PER_DAY = 24 * 60 * 60


class ConstantOffset(NamedTuple):
    """A stretch of UTC time, `end` excluded, in which local time is UTC plus `offset` throughout."""

    start: datetime
    end: datetime
    offset: timedelta


def time_zone(name: str) -> ZoneInfo:
    """Look a zone up; raises DialctlError if the tz database has none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # what odd names such as `../x` and `Europe` raise
        raise DialctlError(
            f"time zone {name!r} is not in the tz database",
            hint="write an IANA name such as America/New_York",
        ) from None


def wall_time(instant: datetime, zone: str) -> datetime:
    """Give an instant on a zone's wall clock, to be shown; as it is where the calendar ends before that.

    A "never" such as 9999-12-31 is a time like any other, and would be in the year 10000 east of London.
    """
    try:
        return instant.astimezone(time_zone(zone))
    except OverflowError:
        return instant.replace(tzinfo=time_zone(zone))


def constant_offsets(zone: tzinfo, day: date) -> Iterator[ConstantOffset]:
    """Cut a UTC day where the zone's offset changes (R-WIN-4).

    A day holds at most one change: since 1970 no zone has changed its clocks twice within six days.
    """
    start = datetime.combine(day, time(), UTC)
    end = start + ONE_DAY
    before, after = offset_at(zone, start), offset_at(zone, end - ONE_SECOND)
    if before == after:
        yield ConstantOffset(start, end, before)
        return
    seconds = range(SECONDS_PER_DAY)
    change = start + ONE_SECOND * bisect_left(
        seconds, 1, key=lambda second: int(offset_at(zone, start + second * ONE_SECOND) == after)
    )
    yield ConstantOffset(start, change, before)
    yield ConstantOffset(change, end, after)


def offset_at(zone: tzinfo, instant: datetime) -> timedelta:
    """Give local time minus UTC at an instant. Asked by instant, no local time is skipped or doubtful."""
    local = instant.astimezone(zone)
    return local.replace(tzinfo=UTC) - instant
