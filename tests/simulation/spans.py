"""Sets of time as sorted, disjoint, half-open spans, and the open time of a schedule, quarter by quarter."""

from __future__ import annotations

import json
from bisect import bisect_right
from datetime import datetime, timedelta
from functools import cache

from oracle import oracle_is_open

QUARTER = timedelta(minutes=15)
WINDOWS = ("default_windows", "scheduled_windows")
OVERRIDES = ("overrides", "scheduled_overrides")


def merged(spans):
    """Sort spans and join those that touch."""
    joined = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def both(left, right):
    """Give the time that is in both sets."""
    found = []
    for start, end in left:
        first = max(0, bisect_right(right, start, key=lambda span: span[0]) - 1)
        for other_start, other_end in right[first:]:
            if other_start >= end:
                break
            if max(start, other_start) < min(end, other_end):
                found.append((max(start, other_start), min(end, other_end)))
    return found


def minus(spans, cut):
    """Give the time that is in the first set and not in the second."""
    left = []
    for span_start, end in spans:
        start = span_start
        for cut_start, cut_end in both([(start, end)], cut):
            if start < cut_start:
                left.append((start, cut_start))
            start = cut_end
        if start < end:
            left.append((start, end))
    return left


def holds_instant(spans, at):
    """Tell whether an instant is in a set."""
    index = bisect_right(spans, at, key=lambda span: span[0]) - 1
    return index >= 0 and at < spans[index][1]


def open_time(schedule, zones, start, end, *, scheduled):
    """Give when a schedule is open in all zones, by asking the oracle at every quarter of an hour."""
    return _open_time(json.dumps(schedule, sort_keys=True), zones, start, end, scheduled)


@cache
def _open_time(schedule_text, zones, start, end, scheduled):
    schedule = json.loads(schedule_text)
    _require_quarters(schedule)
    at = datetime.fromtimestamp(start.timestamp() // 900 * 900, start.tzinfo)
    found = []
    while at < end:
        if oracle_is_open(schedule, zones, at, scheduled):
            found.append((at, at + QUARTER))
        at += QUARTER
    return both(merged(found), [(start, end)])


def _require_quarters(schedule):
    windows = [window for name in WINDOWS for window in schedule.get(name) or []]
    windows += [one for name in OVERRIDES for entry in schedule.get(name) or [] for one in entry["windows"]]
    for window in windows:
        for text in (window["start"], window["end"]):
            if int(text[-2:]) % 15:
                raise ValueError(f"the judge looks at quarters of an hour, and {text} is none")
