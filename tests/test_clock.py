"""Clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from reconciler.clock import SystemClock, VirtualClock

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_the_system_clock_tells_utc_and_goes_on():
    """Rule 2 of the house: aware, in UTC."""
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert (first.tzinfo, first <= second) == (UTC, True)


@pytest.fixture
def machine(monkeypatch):
    """Give a function that sets the machine's clock wrong by so many seconds from now on."""
    wrong_by = [0.0]

    class Machine(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(seconds=wrong_by[0])

    monkeypatch.setattr("reconciler.clock.datetime", Machine)
    return lambda seconds: wrong_by.__setitem__(0, seconds)


def error_of(clock):
    return abs(clock.now() - datetime.now(UTC)).total_seconds()


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_wrong_system_clock_agrees_with_one_that_all_share(machine, seconds):
    """Rule 2 of the house: it corrects itself, also where the machine's clock is set right later on."""
    machine(seconds)
    clock = SystemClock()
    assert error_of(clock) > 3000
    clock.correct(lambda: datetime.now(UTC))
    assert error_of(clock) < 1
    machine(0)
    clock.correct(lambda: datetime.now(UTC))
    assert error_of(clock) < 1


def test_what_is_done_to_the_machines_clock_does_not_reach_a_dialer_between_corrections(machine):
    """R-CRASH-3: a clock that is set back an hour must not give a call another hour to leave in."""
    clock = SystemClock()
    clock.correct(None)
    machine(-3600)
    assert error_of(clock) < 1
    clock.correct(None)
    assert error_of(clock) > 3000


def test_an_answer_that_comes_late_corrects_no_more_than_it_has_to(monkeypatch):
    """Rule 2 of the house: of a long wait for a lock nobody knows when in it the other clock was read."""
    ticks = [0.0]
    monkeypatch.setattr("reconciler.clock.time.clock_gettime", lambda _: ticks[0])
    clock = SystemClock()
    clock.correct(None)

    def after_ten_seconds(ahead):
        told = clock.now() + timedelta(seconds=ahead)
        ticks[0] += 10
        return told

    start = clock.now()
    assert clock.correct(lambda: after_ten_seconds(ahead=5)) == timedelta(seconds=10)
    assert clock.now() == start + timedelta(seconds=10)
    clock.correct(lambda: after_ten_seconds(ahead=15))
    assert clock.now() == start + timedelta(seconds=25)
    clock.correct(lambda: after_ten_seconds(ahead=-5))
    assert clock.now() == start + timedelta(seconds=30)


def test_a_virtual_clock_stands_still_until_it_is_moved():
    """Rule 2 of the house: simulations and tests move it, forward only."""
    clock = VirtualClock(NOON.astimezone(timezone(timedelta(hours=5))))
    assert (clock.now(), clock.now().tzinfo) == (NOON, UTC)
    clock.advance(timedelta(hours=1))
    clock.move_to(clock.now())
    clock.correct(lambda: NOON)
    assert clock.now() == NOON + timedelta(hours=1)
    with pytest.raises(ValueError, match="cannot move back"):
        clock.move_to(NOON)


def test_a_clock_starts_at_an_instant():
    """Rule 2 of the house: no naive time anywhere."""
    with pytest.raises(ValueError, match="UTC offset"):
        VirtualClock(NOON.replace(tzinfo=None))
