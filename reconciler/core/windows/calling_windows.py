"""What the dialer asks of a schedule: is it open, when does it open, when does it close."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, reduce

from reconciler.core.windows.applicable import applicable_windows, window_text
from reconciler.core.windows.closed_days import ClosedDays
from reconciler.core.windows.spans import Span, Spans, intersection
from reconciler.core.windows.tz_database import ONE_DAY, time_zone
from reconciler.core.windows.zone_hours import ZoneHours
from reconciler.spec.schedule import Schedule

HORIZON = timedelta(days=370)
"""How far ahead is looked: a year and some days, so that a yearly opening is found (R-WIN-7)."""

CACHED_DAYS = 8192
"""Days of open time that one schedule remembers: some weeks of every zone that a real campaign meets."""


class CallingWindows:
    """One schedule, ready to be asked; its answers depend on the arguments alone.

    In all methods `zones` are canonical IANA names, ALL of which must be open (R-TZ-1); instants are aware,
    in any offset, and come back in UTC; `scheduled` is true for a first-time scheduled contact (R-WIN-3),
    never for a retry (R-WIN-5). Raises DialctlError if a zone, or the country of the holidays, does not
    exist, and ValueError for no zone at all, or an instant without an offset.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._closed = ClosedDays(schedule.holidays, schedule.blackouts)
        self._hours = lru_cache(maxsize=None)(self._compile)
        self._day = lru_cache(maxsize=CACHED_DAYS)(self._open_in_all)

    def is_open(self, zones: tuple[str, ...], at: datetime, *, scheduled: bool = False) -> bool:
        """Say whether a contact may be called at an instant (R-WIN-1, R-WIN-2, R-WIN-4)."""
        at = _utc(at)
        return any(start <= at < end for start, end in self._day(zones, at.date(), scheduled=scheduled))

    def next_open(
        self, zones: tuple[str, ...], after: datetime, *, scheduled: bool = False
    ) -> datetime | None:
        """Give the first open instant at or after `after`; None if none comes within 370 days (R-WIN-7)."""
        after = _utc(after)
        for span in self._spans_from(zones, after, scheduled=scheduled):
            if after < span.end:
                opens = max(after, span.start)
                return opens if opens <= after + HORIZON else None
        return None

    def next_close(self, zones: tuple[str, ...], at: datetime, *, scheduled: bool = False) -> datetime | None:
        """Give the first shut instant after `at`; None if it stays open for 370 days.

        Raises ValueError unless it is open at `at`: what is shut does not close.
        """
        at = _utc(at)
        if not self.is_open(zones, at, scheduled=scheduled):
            raise ValueError(f"no window is open in {', '.join(zones)} at {at.isoformat()}, so none closes")
        closes = at
        for span in self._spans_from(zones, at, scheduled=scheduled):
            if span.start > closes:
                break
            closes = max(closes, span.end)
        return closes if closes <= at + HORIZON else None

    def window_at(self, zones: tuple[str, ...], at: datetime, *, scheduled: bool = False) -> str | None:
        """Give the text of the window that allows a call, for the attempt's evidence (R-ATT-1); None if shut.

        It is the first listed one that is open in the first zone, as `window_text` writes it, followed by the
        zone's name where the zone has windows of its own.
        """
        if not self.is_open(zones, at, scheduled=scheduled):
            return None
        window = self._hours(zones[0], scheduled=scheduled).window_at(at)
        if window is None:
            return None
        overridden = applicable_windows(self._schedule, zones[0], scheduled=scheduled).overridden
        return f"{window_text(window)} {zones[0]}" if overridden else window_text(window)

    def _spans_from(self, zones: tuple[str, ...], start: datetime, *, scheduled: bool) -> Iterator[Span]:
        """Give open spans in order, from the UTC day of `start` to the end of the day of the horizon.

        A span that goes on past midnight UTC comes as two that touch.
        """
        if any(self._hours(zone, scheduled=scheduled).never_open for zone in zones):
            return
        for days in range(HORIZON.days + 1):
            yield from self._day(zones, start.date() + days * ONE_DAY, scheduled=scheduled)

    def _open_in_all(self, zones: tuple[str, ...], utc_day: date, *, scheduled: bool) -> Spans:
        if not zones:
            raise ValueError("a contact is called in at least one time zone; none was given")
        in_each = (self._hours(zone, scheduled=scheduled).open_spans(utc_day) for zone in zones)
        return reduce(intersection, in_each)

    def _compile(self, zone: str, *, scheduled: bool) -> ZoneHours:
        windows = applicable_windows(self._schedule, zone, scheduled=scheduled).windows
        return ZoneHours(windows, time_zone(zone), self._closed)


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError(f"'{instant.isoformat()}' is no instant: it has no UTC offset")
    return instant.astimezone(UTC)
