"""A second opinion on calling windows, written from the rules R-WIN-1..5 alone, without reconciler.

It is as naive as can be: put the instant on the wall clock of each zone, read the clock as text, and look at
the schedule as it stands in the manifest (JSON, times as `HH:MM`, dates as `YYYY-MM-DD`; absent fields have
their defaults). Simulations are judged by it, attempt by attempt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from holidays import country_holidays

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def oracle_is_open(
    schedule_json: Mapping[str, Any],
    zones: Iterable[str],
    at: datetime,
    scheduled: bool = False,  # noqa: FBT001, FBT002 - simulations pass each attempt's four facts in order
) -> bool:
    """Say whether a contact may be called at an aware instant: every one of its zones must be open."""
    return all(
        _open_in(schedule_json, zone, at.astimezone(ZoneInfo(zone)), scheduled=scheduled) for zone in zones
    )


def _open_in(schedule: Mapping[str, Any], zone: str, wall: datetime, *, scheduled: bool) -> bool:
    today = wall.date()
    yesterday = today - timedelta(days=1)
    clock = wall.strftime("%H:%M")
    if _shut(schedule, today):
        return False
    for window in _windows(schedule, zone, scheduled=scheduled):
        start, end = window["start"], window["end"]
        if start < end:
            if WEEKDAYS[today.weekday()] in window["days"] and start <= clock < end:
                return True
        else:
            if WEEKDAYS[today.weekday()] in window["days"] and clock >= start:
                return True
            began = WEEKDAYS[yesterday.weekday()] in window["days"] and not _shut(schedule, yesterday)
            if began and clock < end:
                return True
    return False


def _windows(schedule: Mapping[str, Any], zone: str, *, scheduled: bool) -> list[dict[str, Any]]:
    regular = schedule.get("default_windows") or []
    overrides = schedule.get("overrides") or []
    if not scheduled:
        return _entry(overrides, zone, regular)
    special, special_overrides = schedule.get("scheduled_windows"), schedule.get("scheduled_overrides")
    if special is None and special_overrides is None:
        return _entry(overrides, zone, regular)
    if special is None:
        special = regular
    if special_overrides is None:
        return _entry(overrides, zone, special)
    return _entry(special_overrides, zone, special)


def _entry(
    overrides: list[dict[str, Any]], zone: str, otherwise: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    for override in overrides:
        if zone in override["timezones"]:
            return override["windows"]
    return otherwise


def _shut(schedule: Mapping[str, Any], day: date) -> bool:
    for blackout in schedule.get("blackouts") or []:
        if blackout["start"] <= day.isoformat() <= blackout["end"]:
            return True
    holidays = schedule.get("holidays")
    return bool(holidays) and day in _year_of_holidays(
        holidays["country"], holidays.get("subdivision"), day.year
    )


@cache
def _year_of_holidays(country: str, subdivision: str | None, year: int) -> set[date]:
    return set(country_holidays(country, subdiv=subdivision, years=[year]).keys())
