"""Open stretches of time: half-open, in UTC, sorted, and never touching each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple


class Span(NamedTuple):
    """The instants from `start` up to, not including, `end`; both aware, in UTC."""

    start: datetime
    end: datetime


Spans = tuple[Span, ...]


def merged(spans: Iterable[Span]) -> Spans:
    """Sort spans, and join those that overlap or touch."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return tuple(joined)


def intersection(left: Spans, right: Spans) -> Spans:
    """Give the time that lies in both."""
    return tuple(
        Span(start, end)
        for a in left
        for b in right
        if (start := max(a.start, b.start)) < (end := min(a.end, b.end))
    )


def first_outside(spans: Spans, others: Spans) -> datetime | None:
    """Give the first instant that lies in `spans` but not in `others`; None if there is none."""
    for span in spans:
        reached = span.start
        for other in others:
            if other.start <= reached < other.end:
                reached = other.end
        if reached < span.end:
            return reached
    return None
