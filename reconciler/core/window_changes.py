"""What a changed schedule opens that was shut, and what reaches beyond the hours that the law allows.

These are the texts of the guards `windows-widened` and `windows-legal` (R-PLAN-6).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from reconciler.core.windows.applicable import applicable_windows, window_text
from reconciler.core.windows.closed_days import ClosedDays
from reconciler.core.windows.spans import Span, first_outside, intersection
from reconciler.core.windows.tz_database import ONE_DAY, time_zone
from reconciler.core.windows.zone_hours import ZoneHours
from reconciler.spec.schedule import DAYS, Override, Schedule, TimeWindow, Windows

YEAR = timedelta(days=366)
"""How much time is compared: every yearly holiday and clock change lies in it."""

LEGAL_START = 8 * 60
LEGAL_END = 21 * 60
"""Minutes after local midnight: 08:00 and 21:00, the hours of US law and of much other."""


def widened(before: Schedule, after: Schedule, start: date) -> tuple[str, ...]:
    """Name the zones and classes of contacts in which some instant opens that was shut before.

    Judged exactly, over a year from the local date `start` on, holidays and blackouts included: in the
    default zones, in every zone that has an entry in either schedule, in all other zones, and for contacts
    without a zone, whom a new `default_timezone` moves. `America/Denver, regular and scheduled contacts:
    first on mon 2026-03-02 at 08:00` is such a text; its time is local. A switched `infer_timezone` may open
    anything, so it is named as long as there are windows. Raises DialctlError for an unknown zone or country.
    """
    comparison = _Comparison(before, after, start)
    old_default, new_default = before.default_timezone, after.default_timezone
    texts: list[str] = []
    for zone in sorted({old_default, new_default} | _named_zones(before) | _named_zones(after)):
        texts += comparison.openings(zone, zone, label=zone)
    texts += comparison.openings(None, None, label="every other zone")
    if old_default != new_default:
        label = f"contacts without a zone (from {old_default} to {new_default})"
        texts += comparison.openings(old_default, new_default, label=label)
    if before.infer_timezone != after.infer_timezone and any(windows for _, windows in _all_windows(after)):
        switched = "on" if after.infer_timezone else "off"
        texts.append(f"contacts without a zone: infer_timezone is switched {switched}, other zones decide")
    return tuple(texts)


def beyond_legal(schedule: Schedule) -> tuple[str, ...]:
    """Name the windows that reach outside 08:00 to 21:00 local time, and where in the schedule they stand.

    An override's window is named once for each of its zones, so that no zone joins unseen.
    """
    return tuple(
        f"{place}: {window_text(window)}"
        for place, windows in _all_windows(schedule)
        for window in windows
        if _is_beyond_legal(window)
    )


class _Comparison:
    """Two schedules, and the local date from which they are compared."""

    def __init__(self, before: Schedule, after: Schedule, start: date) -> None:
        self._before, self._closed_before = before, ClosedDays(before.holidays, before.blackouts)
        self._after, self._closed_after = after, ClosedDays(after.holidays, after.blackouts)
        self._same_closed_days = (before.holidays, before.blackouts) == (after.holidays, after.blackouts)
        self._start = start

    def openings(self, zone_before: str | None, zone_after: str | None, *, label: str) -> list[str]:
        """Say, by class, what first opens for contacts of a zone; None is every zone without an entry."""
        regular = self._first_opening(zone_before, zone_after, scheduled=False)
        scheduled = self._first_opening(zone_before, zone_after, scheduled=True)
        if regular is not None and regular == scheduled:
            return [_opening_text(label, "regular and scheduled", regular)]
        by_class = (("regular", regular), ("scheduled", scheduled))
        return [_opening_text(label, name, first) for name, first in by_class if first is not None]

    def _first_opening(
        self, zone_before: str | None, zone_after: str | None, *, scheduled: bool
    ) -> datetime | None:
        """Give the first instant that opens, in local time; None if nothing opens."""
        windows_before = applicable_windows(self._before, zone_before, scheduled=scheduled).windows
        windows_after = applicable_windows(self._after, zone_after, scheduled=scheduled).windows
        same_rules = windows_before == windows_after and zone_before == zone_after
        if same_rules and self._same_closed_days:
            return None
        local_zone = _clock_of(zone_after)
        hours_before = ZoneHours(windows_before, _clock_of(zone_before), self._closed_before)
        hours_after = ZoneHours(windows_after, local_zone, self._closed_after)
        first = datetime.combine(self._start, time(), local_zone).astimezone(UTC)
        year = Span(first, first + YEAR)
        for days in range(YEAR.days + 1):
            utc_day = first.date() + days * ONE_DAY
            open_after = intersection(hours_after.open_spans(utc_day), (year,))
            opening = first_outside(open_after, hours_before.open_spans(utc_day))
            if opening is not None:
                return opening.astimezone(local_zone)
        return None


def _clock_of(zone: str | None) -> tzinfo:
    # UTC stands for all zones without an entry: its wall clock shows every time of every day once.
    return UTC if zone is None else time_zone(zone)


def _opening_text(label: str, contacts: str, first: datetime) -> str:
    return f"{label}, {contacts} contacts: first on {DAYS[first.weekday()]} {first:%Y-%m-%d} at {first:%H:%M}"


def _named_zones(schedule: Schedule) -> set[str]:
    overrides = (*schedule.overrides, *(schedule.scheduled_overrides or ()))
    return {zone for override in overrides for zone in override.timezones}


def _all_windows(schedule: Schedule) -> Iterator[tuple[str, Windows]]:
    yield "default_windows", schedule.default_windows
    yield from _override_windows("overrides", schedule.overrides)
    yield "scheduled_windows", schedule.scheduled_windows or ()
    yield from _override_windows("scheduled_overrides", schedule.scheduled_overrides or ())


def _override_windows(field: str, overrides: Sequence[Override]) -> Iterator[tuple[str, Windows]]:
    for override in overrides:
        for zone in override.timezones:
            yield f"{field} of {zone}", override.windows


def _is_beyond_legal(window: TimeWindow) -> bool:
    crosses_midnight = window.start > window.end
    return crosses_midnight or window.start < LEGAL_START or window.end > LEGAL_END
