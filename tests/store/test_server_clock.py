"""Whose time counts: that of the database server, where there is one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from databases import ON_POSTGRESQL, ON_SQLITE, scratch_url

from reconciler.clock import SystemClock
from reconciler.store.dialect import CLOSE
from reconciler.store.engine import open_database

HOUR = timedelta(hours=1)


def time_after_a_write(monkeypatch):
    """Give by how much a clock is wrong that was an hour ahead, once its database was written."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + HOUR

    monkeypatch.setattr("reconciler.clock.datetime", Ahead)
    clock = SystemClock()
    database = open_database(scratch_url(), correct=clock.correct)
    with database.write():
        wrong_by = clock.now() - datetime.now(UTC)
    database.close()
    return wrong_by


@ON_POSTGRESQL
def test_who_writes_on_a_server_goes_by_its_clock(monkeypatch):
    """Rule 2 of the house: all machines that dial agree, from the first moment of a transaction on."""
    assert abs(time_after_a_write(monkeypatch)) < HOUR / 2


@ON_POSTGRESQL
def test_who_waited_long_for_a_lock_asks_for_the_time_once_more():
    """R-DIAL-5: dialers that pace one campaign together must not differ by as much as they wait."""
    answers = []

    def correct(ask):
        answers.append(ask())
        return CLOSE * 2 if len(answers) == 1 else timedelta(0)

    database = open_database(scratch_url(), correct=correct)
    with database.write():
        first, second = answers
    assert first <= second
    database.close()


@ON_SQLITE
def test_who_writes_to_a_file_goes_by_the_machines_clock(monkeypatch):
    """Rule 2 of the house: there is no other."""
    assert time_after_a_write(monkeypatch) > HOUR / 2
