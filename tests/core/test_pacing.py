"""Pacing: calls start evenly, and never faster than the rate (R-DIAL-5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.pacing import after_start, may_start

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
rates = st.one_of(
    st.floats(0.001, 1000), st.integers(1, 1000).map(float), st.sampled_from([0.1, 1 / 3, 2.5, 7.3])
)


@given(rates, st.lists(st.integers(0, 400_000), min_size=1, max_size=300))
def test_any_second_holds_at_most_the_rate(rate, gaps):
    """R-DIAL-5: however the dialer wakes, any half-open second holds at most ceil(rate) starts."""
    now, next_start_at, started = START, None, []
    for gap in gaps:
        now += timedelta(microseconds=gap)
        if may_start(next_start_at, now):
            started.append(now)
            next_start_at = after_start(rate, next_start_at, now)
    for first in started:
        assert sum(first <= start < first + SECOND for start in started) <= ceil(rate)


@given(rates)
def test_the_rate_is_reached(rate):
    """R-DIAL-5: a dialer that starts as soon as it may loses less than a microsecond a call."""
    now, next_start_at = START, None
    for _ in range(100):
        next_start_at = after_start(rate, next_start_at, now)
        now = next_start_at
    # A datetime is exact to the microsecond, total_seconds() to about a tenth of one at this size.
    assert 100 / rate - 1e-6 <= (now - START).total_seconds() <= 100 / rate + 100e-6 + 1e-6


@given(rates, st.integers(0, 10**9))
def test_a_lull_saves_nothing_up(rate, lull):
    """R-DIAL-5: after a pause the first call may start, and the second waits its full interval: no burst."""
    earlier = after_start(rate, None, START)
    now = earlier + timedelta(microseconds=lull)
    assert after_start(rate, earlier, now) - now == earlier - START


def test_the_first_call_may_start_at_once():
    """R-DIAL-5: a campaign that has started no call waits for nothing."""
    assert may_start(None, START)


def test_a_call_may_start_at_the_instant_itself():
    """R-DIAL-5: the next start is the first instant allowed; a microsecond before is not."""
    next_start_at = after_start(2, None, START)
    assert next_start_at == START + SECOND / 2
    assert may_start(next_start_at, next_start_at)
    assert not may_start(next_start_at, next_start_at - timedelta.resolution)


def test_fractions_of_a_call_per_second():
    """R-DIAL-5: 0.1 calls per second are one in ten seconds; three per second round the interval up."""
    assert after_start(0.1, None, START) == START + 10 * SECOND
    assert after_start(3, None, START) == START + timedelta(microseconds=333_334)


def test_a_start_that_was_not_allowed_is_refused():
    """R-DIAL-5: recording a call that came too early is a mistake of the caller, and is said."""
    with pytest.raises(ValueError, match="no call may start before"):
        after_start(1, START + SECOND, START)
