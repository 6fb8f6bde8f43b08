"""The algebra of open stretches of time, judged minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.windows.spans import Span, first_outside, intersection, merged

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
MINUTES = [MIDNIGHT + timedelta(minutes=number) for number in range(30)]
spans = st.builds(
    lambda start, length: Span(MINUTES[start], MINUTES[start] + timedelta(minutes=length)),
    st.integers(0, 20),
    st.integers(1, 9),
)
span_lists = st.lists(spans, max_size=5)


def inside(some_spans):
    return [minute for minute in MINUTES if any(start <= minute < end for start, end in some_spans)]


@given(span_lists)
def test_merging_keeps_the_time_and_leaves_gaps_between_spans(some):
    """R-WIN-1: overlapping and touching windows are one open stretch."""
    joined = merged(some)
    assert inside(joined) == inside(some)
    assert all(one.end < other.start for one, other in pairwise(joined))


@given(span_lists, span_lists)
def test_the_intersection_is_the_common_time(left, right):
    """R-TZ-1: what is open in both zones, in order."""
    left, right = merged(left), merged(right)
    common = intersection(left, right)
    assert inside(common) == [minute for minute in inside(left) if minute in inside(right)]
    assert merged(common) == common


@given(span_lists, span_lists)
def test_the_first_instant_outside(some, others):
    """R-PLAN-6: the first instant of the ones that the others do not have."""
    some, others = merged(some), merged(others)
    outside = [minute for minute in inside(some) if minute not in inside(others)]
    assert first_outside(some, others) == (outside[0] if outside else None)
