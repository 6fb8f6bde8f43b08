"""The breaker of a gateway or agent, and a gateway's back-off (R-RETRY-4)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.breaker import (
    FEWEST_CALLS,
    FIRST_OPEN,
    LAST_ROUND,
    LONGEST_BACK_OFF,
    LONGEST_OPEN,
    RECENT_CALLS,
    Breaker,
    allowance,
    back_off,
    leave_alone_until,
    next_change,
    record,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def recorded(breaker, results, at=NOON):
    """Record results in a row: `.` is a success, `x` a fault."""
    for result in results:
        breaker = record(breaker, result == "x", at)
    return breaker


TRIPPED = recorded(Breaker(), "x" * FEWEST_CALLS)


def test_a_fresh_breaker_limits_nothing():
    """R-RETRY-4: closed until proven faulty."""
    assert allowance(Breaker(), NOON) is None
    assert next_change(Breaker(), NOON) is None
    assert leave_alone_until(Breaker()) is None


@pytest.mark.parametrize(
    ("results", "opens"),
    [
        ("x" * 9, False),
        ("x" * 10, True),
        (".x" * 5, True),
        ("." * 6 + "x" * 5, False),
        ("." * 6 + "x" * 6, True),
        ("." * 40 + "x" * 9, False),
        ("." * 40 + "x" * 10, True),
        ("..x" * 30, False),
    ],
)
def test_it_opens_when_half_of_the_recent_calls_are_faults(results, opens):
    """R-RETRY-4: at least 10 calls seen, and half of the last 20 are faults; old successes are forgotten."""
    assert (allowance(recorded(Breaker(), results), NOON) == 0) is opens


def test_it_stays_open_for_thirty_seconds_and_then_probes_with_one_call():
    """R-RETRY-4: no call while open; a single one after."""
    probing_from = NOON + FIRST_OPEN
    assert next_change(TRIPPED, NOON) == probing_from
    assert allowance(TRIPPED, probing_from - timedelta.resolution) == 0
    assert allowance(TRIPPED, probing_from) == 1
    assert next_change(TRIPPED, probing_from) is None


def test_results_of_earlier_calls_do_not_count_while_it_is_open():
    """R-RETRY-4: calls that were in flight when it opened say nothing of whether the fault is over."""
    assert recorded(TRIPPED, ".x.x.", NOON + SECOND) == TRIPPED


def test_each_failed_probe_doubles_the_time_up_to_ten_minutes():
    """R-RETRY-4: 30 s, 1, 2, 4, 8, 10 and again 10 minutes."""
    breaker, at, lengths = TRIPPED, NOON, []
    for _ in range(7):
        change = next_change(breaker, at)
        lengths.append((change - at).total_seconds())
        at = change
        breaker = recorded(breaker, "x", at)
    assert lengths == [30, 60, 120, 240, 480, 600, 600]


def test_it_ramps_up_rather_than_releasing_everything_at_once():
    """R-RETRY-4: after the probe 2, 4, 8, 16 calls may be in flight, each after as many were judged."""
    breaker, at, allowances = TRIPPED, NOON + FIRST_OPEN, []
    while (allowed := allowance(breaker, at)) is not None:
        allowances.append(allowed)
        breaker = recorded(breaker, ".", at)
    assert allowances == [1, 2, 2, *[4] * 4, *[8] * 8, *[16] * 16]
    assert breaker == Breaker()


def test_a_round_with_some_faults_passes_and_one_with_half_does_not():
    """R-RETRY-4: the ramp is judged by shares too, and a bad round opens for twice as long at once."""
    at = NOON + FIRST_OPEN
    assert allowance(recorded(TRIPPED, "...x...", at), at) == 8
    bad = recorded(TRIPPED, "...xx", at)
    assert allowance(bad, at) == 0
    assert next_change(bad, at) == at + 2 * FIRST_OPEN


def test_a_closed_breaker_starts_anew():
    """R-RETRY-4: after closing, old faults are forgotten, and the next opening is short again."""
    at = NOON + FIRST_OPEN
    reopened = recorded(TRIPPED, "x", at)
    at = next_change(reopened, at)
    closed = recorded(reopened, "." * (2 * LAST_ROUND - 1), at)
    assert allowance(closed, at) is None
    assert next_change(recorded(closed, "x" * FEWEST_CALLS, at), at) == at + FIRST_OPEN


steps = st.lists(st.tuples(st.sampled_from("..x!"), st.integers(0, 300)), max_size=120)


@given(steps)
def test_the_state_machine_has_no_other_ways(steps):
    """R-RETRY-4: allowances come in the drawn order only, and states survive the database."""
    breaker, at = Breaker(), NOON
    for what, seconds in steps:
        at += seconds * SECOND
        now_allowed = allowance(breaker, at)
        if what == "!":
            after = back_off(breaker, at, None)
            assert allowance(after, at) == now_allowed
        else:
            after = record(breaker, what == "x", at)
            ways = {None: {None, 0}, 0: {0}, LAST_ROUND: {LAST_ROUND, 0, None}}
            ways |= {1: {2, 0}, 2: {2, 4, 0}, 4: {4, 8, 0}, 8: {8, 16, 0}}
            assert allowance(after, at) in ways[now_allowed]
        change = next_change(after, at)
        assert (change is not None) == (allowance(after, at) == 0)
        if change is not None:
            assert at < change <= at + LONGEST_OPEN
            assert allowance(after, change) == 1
        assert len(after.recent) <= RECENT_CALLS
        assert Breaker.from_json(json.loads(json.dumps(after.to_json()))) == after
        breaker = after


def test_the_back_off_doubles_from_one_second_to_a_minute():
    """R-RETRY-4: after the second unused fault in a row: 1, 2, 4, 8, 16, 32, 60, 60 seconds."""
    breaker, at, waits = back_off(Breaker(), NOON, None), NOON, []
    for _ in range(8):
        breaker = back_off(breaker, at, None)
        until = leave_alone_until(breaker)
        waits.append((until - at).total_seconds())
        at = until
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_single_fault_among_successes_pauses_nothing():
    """R-RETRY-4: only the second fault in a row does; what the gateway asks for is honoured at once."""
    breaker = Breaker()
    for _ in range(5):
        breaker = record(back_off(breaker, NOON, None), fault=False, at=NOON)
        assert leave_alone_until(breaker) is None
    asked = back_off(breaker, NOON, timedelta(minutes=1))
    assert leave_alone_until(asked) == NOON + timedelta(minutes=1)


def test_calls_placed_before_it_opened_say_nothing_about_now():
    """R-RETRY-4: a long call of before the outage, ending while the breaker probes, is no probe."""
    at = NOON + FIRST_OPEN
    for fault in (True, False):
        assert record(TRIPPED, fault, at, placed_at=NOON - SECOND) == TRIPPED
        assert record(TRIPPED, fault, at + SECOND, placed_at=at) != TRIPPED


def test_the_back_off_never_overflows():
    """R-RETRY-4: a day of faults is still a minute's wait."""
    breaker, at = back_off(Breaker(), NOON, None), NOON
    for _ in range(1500):
        breaker = back_off(breaker, at, None)
        at = leave_alone_until(breaker)
    assert leave_alone_until(back_off(breaker, at, None)) == at + LONGEST_BACK_OFF


def test_faults_of_one_moment_are_one_back_off():
    """R-RETRY-4: ten calls refused together double the wait once, not ten times."""
    breaker = Breaker()
    for _ in range(10):
        breaker = back_off(breaker, NOON, None)
    assert leave_alone_until(breaker) == NOON + SECOND
    assert leave_alone_until(back_off(breaker, NOON + SECOND, None)) == NOON + 3 * SECOND


def test_the_gateway_is_left_alone_for_as_long_as_it_asks():
    """R-RETRY-4: `retry_after` counts if it is longer, also while already waiting; no wait gets shorter."""
    asked = back_off(Breaker(), NOON, timedelta(minutes=5))
    assert leave_alone_until(asked) == NOON + timedelta(minutes=5)
    assert leave_alone_until(back_off(asked, NOON + SECOND, SECOND)) == NOON + timedelta(minutes=5)
    longer = back_off(asked, NOON + SECOND, timedelta(minutes=9))
    assert leave_alone_until(longer) == NOON + SECOND + timedelta(minutes=9)
    assert leave_alone_until(back_off(Breaker(), NOON, timedelta(0))) is None


def test_a_success_ends_the_streak_but_not_the_wait():
    """R-RETRY-4: the next back-off is short again; what the gateway asked for before still stands."""
    breaker = back_off(back_off(Breaker(), NOON, None), NOON, None)
    breaker = back_off(breaker, NOON + SECOND, timedelta(minutes=1))
    after = record(breaker, fault=False, at=NOON + 2 * SECOND)
    assert leave_alone_until(after) == leave_alone_until(breaker)
    later = leave_alone_until(after)
    assert leave_alone_until(back_off(back_off(after, later, None), later, None)) == later + SECOND
    worse = back_off(record(breaker, fault=True, at=NOON), later, None)
    assert leave_alone_until(worse) == later + 4 * SECOND
