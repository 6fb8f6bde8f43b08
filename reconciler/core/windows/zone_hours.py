"""The opening hours of one zone for one class of contacts."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from reconciler.core.windows.closed_days import ClosedDays
from reconciler.core.windows.spans import Span, Spans, merged
from reconciler.core.windows.tz_database import ONE_DAY, constant_offsets
from reconciler.spec.scalars import MINUTES_PER_DAY
from reconciler.spec.schedule import DAYS, TimeWindow, Windows


class Minutes(NamedTuple):
    """Part of a local day, in minutes after midnight; `end` excluded."""

    start: int
    end: int


class ZoneHours:
    """Windows in one time zone, compiled; gives open time one UTC day at a time."""

    def __init__(self, windows: Windows, zone: tzinfo, closed: ClosedDays) -> None:
        self._windows = windows
        self._zone = zone
        self._closed = closed
        self._begun_today = tuple(tuple(_part_today(w) for w in windows if day in w.days) for day in DAYS)
        self._begun_yesterday = tuple(
            tuple(_part_after_midnight(w) for w in windows if DAYS[number - 1] in w.days and w.start > w.end)
            for number in range(len(DAYS))
        )

    @property
    def never_open(self) -> bool:
        """True if there is no window at all: no calls (R-WIN-3)."""
        return not self._windows

    def open_spans(self, utc_day: date) -> Spans:
        """Give the open time of a UTC day, merged (R-WIN-2, R-WIN-4)."""
        spans = []
        for piece in constant_offsets(self._zone, utc_day):
            # At most two local dates: what lies outside the piece is cut off below.
            local_dates = {(instant + piece.offset).date() for instant in (piece.start, piece.end)}
            for local_date in local_dates:
                midnight = datetime.combine(local_date, time(), UTC) - piece.offset
                for minutes in self._open_minutes(local_date):
                    start = max(piece.start, midnight + timedelta(minutes=minutes.start))
                    end = min(piece.end, midnight + timedelta(minutes=minutes.end))
                    if start < end:
                        spans.append(Span(start, end))
        return merged(spans)

    def window_at(self, at: datetime) -> TimeWindow | None:
        """Give the first listed window that is open at an instant, None if none is."""
        local = at.astimezone(self._zone)
        minute, today = local.hour * 60 + local.minute, local.date()
        if today in self._closed:
            return None
        yesterday = today - ONE_DAY
        for window in self._windows:
            part = _part_today(window)
            if DAYS[today.weekday()] in window.days and part.start <= minute < part.end:
                return window
            begun_yesterday = window.start > window.end and DAYS[yesterday.weekday()] in window.days
            if begun_yesterday and minute < window.end and yesterday not in self._closed:
                return window
        return None

    def _open_minutes(self, local_date: date) -> tuple[Minutes, ...]:
        """Give the open parts of a local date: an own closed date shuts it all, an entry's its own part."""
        if local_date in self._closed:
            return ()
        weekday = local_date.weekday()
        minutes = self._begun_today[weekday]
        after_midnight = self._begun_yesterday[weekday]
        if after_midnight and local_date - ONE_DAY not in self._closed:
            minutes += after_midnight
        return minutes


def _part_today(window: TimeWindow) -> Minutes:
    return Minutes(window.start, window.end if window.start < window.end else MINUTES_PER_DAY)


def _part_after_midnight(window: TimeWindow) -> Minutes:
    return Minutes(0, window.end)
