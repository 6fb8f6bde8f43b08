"""Calls over time, drawn as one row of blocks for each campaign under one axis of days or hours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from rich.text import Text

from reconciler.cli.rendering.words import clipped
from reconciler.core.forecast import Outlook, per_slot

BLOCKS = " ▁▂▃▄▅▆▇█"
GRID = "┊"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SLOTS = (
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    *(hours * HOUR for hours in (1, 2, 3, 4, 6, 12)),
    DAY,
    7 * DAY,
)
MARKS = (HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 84 * DAY)
"""How far apart the labels of the axis may stand."""

A_MONDAY = datetime(2001, 1, 1, tzinfo=UTC)
"""Slots and labels are counted from here, so that they begin with hours, days and weeks."""

_LABEL = 7
"""Columns that a label takes, with a space."""
_FEWEST_SLOTS = 10
_AROUND = 16
"""Columns of a row beside the name and the blocks: the largest number of calls."""


def timeline(
    found: Sequence[Outlook], called: Sequence[str], begin: datetime, end: datetime, width: int
) -> Iterator[Text]:
    """Draw until an hour after the last call; a campaign's tallest block is its busiest slot.

    `called` are the names to show the campaigns under.
    """
    last = max((start for one in found for start in one.starts), default=begin)
    until = min(end, last + HOUR)
    names = min(max(map(len, called)), max(1, width - _AROUND - _FEWEST_SLOTS))
    room = max(_FEWEST_SLOTS, width - names - _AROUND)
    slot = next((size for size in SLOTS if _slots(begin, until, size) <= room), SLOTS[-1])
    first, slots = _floor(begin, slot), min(room, _slots(begin, until, slot))
    marks = _marks(first, slot, slots)
    yield Text(f"Calls started per {_span(slot)} (UTC)", style="bold")
    yield Text(" " * (names + 2) + _axis(marks, slots), style="dim")
    for name, one in zip(called, found, strict=True):
        counts = per_slot(one.starts, first, slot, slots)
        row = Text(f"{clipped(name, names):<{names}}  ")
        for index, count in enumerate(counts):
            row.append(*_cell(count, max(counts), marked=index in marks))
        yield row.append(f"  max {max(counts):,}", style="dim")
    legend = f"{BLOCKS[-1]} a campaign's busiest {_span(slot)}  {GRID} times above"
    yield Text(clipped(legend, width), style="dim")


def _slots(begin: datetime, until: datetime, size: timedelta) -> int:
    """Count the slots of a size that a stretch of time touches."""
    return max(1, -((_floor(begin, size) - until) // size))


def _floor(at: datetime, size: timedelta) -> datetime:
    return at - (at - A_MONDAY) % size


def _marks(first: datetime, slot: timedelta, slots: int) -> dict[int, str]:
    """Give the labels of the axis by column: days at midnight, and hours between where there is room."""
    step = next((mark for mark in MARKS if mark >= slot * _LABEL), MARKS[-1])
    starts = ((index, first + index * slot) for index in range(slots))
    found = {index: _label(at) for index, at in starts if at - _floor(at, step) < slot}
    if any(index < _LABEL and ":" not in label for index, label in found.items()):
        return found
    later = {index: label for index, label in found.items() if index >= _LABEL}
    return {0: f"{first:%d %b}", **later}  # what day it is where the picture begins


def _label(at: datetime) -> str:
    return f"{at:%d %b}" if at.hour == 0 else f"{at:%H:%M}"


def _axis(marks: dict[int, str], slots: int) -> str:
    line = [" "] * (slots + _LABEL)
    for index, label in marks.items():
        line[index : index + len(label)] = label
    return "".join(line)


def _cell(count: int, most: int, *, marked: bool) -> tuple[str, str]:
    """Give a block for a count, and its style; a call is never rounded away to nothing."""
    if not count:
        return (GRID, "dim") if marked else (BLOCKS[0], "")
    return BLOCKS[max(1, round(count / most * (len(BLOCKS) - 1)))], "cyan"


def _span(slot: timedelta) -> str:
    if slot >= DAY:
        return "day" if slot.days == 1 else f"{slot.days} days"
    if slot >= HOUR:
        hours = slot // HOUR
        return "hour" if hours == 1 else f"{hours} hours"
    return f"{slot // timedelta(minutes=1)} minutes"
