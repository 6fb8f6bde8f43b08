"""Calling windows in a diff, as people read them: days, start and end, not as JSON."""

from __future__ import annotations

from reconciler.core.desired import Json
from reconciler.core.windows.applicable import days_text

_WINDOW = {"days", "start", "end"}
_OVERRIDE = {"timezones", "windows"}
_BLACKOUT = {"start", "end", "reason"}


def schedule_text(value: Json) -> str | None:
    """Write a list of windows, overrides or blackouts; None where the value is no such list."""
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        return None
    shapes = {frozenset(item) for item in value}
    if shapes == {frozenset(_WINDOW)}:
        return "; ".join(_window(item) for item in value)
    if shapes == {frozenset(_OVERRIDE)}:
        return "; ".join(f"{', '.join(item['timezones'])}: {_windows(item['windows'])}" for item in value)
    if shapes == {frozenset(_BLACKOUT)}:
        return "; ".join(_blackout(item) for item in value)
    return None


def _windows(windows: list[dict[str, Json]]) -> str:
    return ", ".join(_window(window) for window in windows) or "no calls"


def _window(window: dict[str, Json]) -> str:
    return f"{days_text(window['days'])} {window['start']}\N{EN DASH}{window['end']}"


def _blackout(blackout: dict[str, Json]) -> str:
    reason = f" ({blackout['reason']})" if blackout["reason"] else ""
    return f"{blackout['start']} to {blackout['end']}{reason}"
