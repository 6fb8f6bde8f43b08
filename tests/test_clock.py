"""Clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from reconciler.clock import SystemClock, VirtualClock

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class SetBack(datetime):
    """A machine's clock that somebody has set back by an hour."""

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) - timedelta(hours=1)


def test_the_system_clock_tells_utc_and_goes_on():
    """Rule 2 of the house: aware, in UTC."""
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert (first.tzinfo, first <= second) == (UTC, True)


def test_what_is_done_to_the_machines_clock_does_not_reach_a_dialer_between_corrections(monkeypatch):
    """R-CRASH-3: a clock that is set back an hour must not give a call another hour to leave in."""
    clock = SystemClock()
    before = clock.now()
    monkeypatch.setattr("reconciler.clock.datetime", SetBack)
    assert before <= clock.now() < before + timedelta(minutes=10)
    clock.correct(None)
    assert clock.now() < before - timedelta(minutes=50)


def test_a_clock_goes_on_from_what_it_is_told():
    """Rule 2 of the house: dialers on several machines go by one clock, that of the database."""
    clock = SystemClock()
    clock.correct(NOON)
    assert NOON <= clock.now() < NOON + timedelta(minutes=10)


def test_a_virtual_clock_stands_still_until_it_is_moved():
    """Rule 2 of the house: simulations and tests move it, forward only."""
    clock = VirtualClock(NOON.astimezone(timezone(timedelta(hours=5))))
    assert (clock.now(), clock.now().tzinfo) == (NOON, UTC)
    clock.advance(timedelta(hours=1))
    clock.move_to(clock.now())
    assert clock.now() == NOON + timedelta(hours=1)
    with pytest.raises(ValueError, match="cannot move back"):
        clock.move_to(NOON)


def test_a_clock_starts_at_an_instant():
    """Rule 2 of the house: no naive time anywhere."""
    with pytest.raises(ValueError, match="UTC offset"):
        VirtualClock(NOON.replace(tzinfo=None))
