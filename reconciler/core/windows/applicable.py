"""Which of a schedule's windows count for a contact, and how a window reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from reconciler.spec.scalars import format_time_of_day
from reconciler.spec.schedule import DAYS, Schedule, TimeWindow, Windows

_RANGE = 3
"""So many days in a row are written as a range."""


class Applicable(NamedTuple):
    """Windows, and whether they stand in an entry made for the zone."""

    windows: Windows
    overridden: bool


def applicable_windows(schedule: Schedule, zone: str | None, *, scheduled: bool) -> Applicable:
    """Choose the windows for a zone; `scheduled`: for a first-time scheduled contact (R-WIN-3, R-WIN-5).

    `zone` is a canonical name; None stands for every zone that has no entry of its own. No windows: no calls.
    """
    overrides, otherwise = schedule.overrides, schedule.default_windows
    if scheduled and schedule.scheduled_overrides is not None:
        overrides = schedule.scheduled_overrides
    if scheduled and schedule.scheduled_windows is not None:
        otherwise = schedule.scheduled_windows
    for override in overrides:
        if zone in override.timezones:
            return Applicable(override.windows, overridden=True)
    return Applicable(otherwise, overridden=False)


def window_text(window: TimeWindow) -> str:
    """Write a window as people read it: days, start, en dash, end."""
    start, end = format_time_of_day(window.start), format_time_of_day(window.end)
    return f"{days_text(window.days)} {start}\N{EN DASH}{end}"


def days_text(days: Sequence[str]) -> str:
    """Write weekdays in order: three and more in a row as a range, others with commas."""
    runs: list[list[str]] = []
    for place, day in enumerate(DAYS):
        if day in days:
            if not runs or DAYS.index(runs[-1][-1]) != place - 1:
                runs.append([])
            runs[-1].append(day)
    return ",".join(f"{run[0]}\N{EN DASH}{run[-1]}" if len(run) >= _RANGE else ",".join(run) for run in runs)
