"""How single values read in tables and pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from reconciler.core.canonical import canonical_json
from reconciler.core.windows.tz_database import wall_time

NOTHING = "-"
SHORT_ID = 13
"""So many characters of an id tell it from those of the same minute; `dialctl release` takes them."""


def text_of(value: Any) -> str:  # noqa: ANN401 - whatever a record holds
    """Write a value in a few words; nothing is a dash."""
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, datetime):
        return minute(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return canonical_json(value) if isinstance(value, Mapping | list) else str(value)


def minute(at: datetime | None) -> str:
    """Write an instant in UTC, to the minute."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if at else NOTHING


def second(at: datetime | None) -> str:
    """Write an instant in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if at else NOTHING


def wall_clock(at: datetime, zone: str) -> str:
    """Write an instant on the wall clock of a zone: `Mon 2026-03-02 09:00`."""
    return wall_time(at, zone).strftime("%a %Y-%m-%d %H:%M")


def in_both(at: datetime, zone: str) -> str:
    """Write an instant in UTC and on the wall clock of a zone."""
    return f"{minute(at)} UTC = {wall_clock(at, zone)} {zone}"


def short_id(id_: UUID | None) -> str:
    """Write so much of an id as tells it from its neighbours for a person."""
    return str(id_)[:SHORT_ID] if id_ else NOTHING


def labels_text(labels: Mapping[str, str]) -> str:
    """Write labels as `key=value` pairs."""
    return ", ".join(f"{key}={value}" for key, value in sorted(labels.items())) or NOTHING


def clipped(text: str, width: int) -> str:
    """Cut a text that is too wide, with an ellipsis."""
    return text if len(text) <= width else f"{text[: width - 1]}\N{HORIZONTAL ELLIPSIS}"


def without_shared_organization(names: Sequence[str]) -> list[str]:
    """Write `org/campaign` names without the organization where all have the same one."""
    shared = len({name.partition("/")[0] for name in names}) == 1
    return [name.partition("/")[2] if shared else name for name in names]


def counted(count: int, noun: str) -> str:
    """Write `1 call`, `2 calls`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
