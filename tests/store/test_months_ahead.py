"""Months as partitions: made ahead by whoever may, and no row is refused where nobody did."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import postgres
import pytest
from databases import ON_POSTGRESQL, ON_SQLITE
from sqlalchemy import text
from sqlalchemy.event import listen
from support.bench import ALWAYS, Bench, campaign, configuration, crowd

from reconciler.controller.month_keeping import EVERY, MonthKeeper
from reconciler.core.months import Month
from reconciler.core.outcomes import Outcome
from reconciler.ports import Accepted, Ended
from reconciler.store import partitions, tables
from reconciler.store.engine import open_database
from reconciler.store.history import ATTEMPTS, CONVERSATIONS, EVENTS, HISTORIES
from reconciler.store.months_ahead import (
    NOT_ALLOWED,
    READ,
    ROWS_OUTSIDE,
    Move,
    make_ahead,
    move_in,
)
from reconciler.store.reads.months import read_months

JULY, AUGUST, SEPTEMBER = Month(2026, 7), Month(2026, 8), Month(2026, 9)
SPRING = (configuration(schedule=ALWAYS, dialing="{max_attempts: 1}"), campaign(), crowd(3))


def nothing():
    """Nobody else is there to be let in."""


def made(bench, history=ATTEMPTS):
    with bench.database.read() as connection:
        return list(partitions.months_made(connection, history))


def places(bench, table):
    """Give the partition of each row."""
    with bench.database.read() as connection:
        rows = connection.execute(text(f"SELECT tableoid::regclass::text FROM {table} ORDER BY id"))
        return list(rows.scalars())


def call_all(bench):
    """Place all calls, and end them."""
    bench.step()
    for row in bench.open():
        now = bench.clock.now()
        bench.carrier.tell(Accepted(row.id, now, "ref"), Ended(row.id, now, Outcome.COMPLETED))
    bench.step()


@ON_POSTGRESQL
def test_the_present_month_and_the_next_ones_are_made():
    """Three months of each table, once; then nothing is missing, and nothing is done."""
    bench = Bench(start=JULY.start)
    assert JULY not in made(bench)
    assert make_ahead(bench.database, JULY.start) is None
    for history in HISTORIES:
        assert {JULY, AUGUST, SEPTEMBER} <= set(made(bench, history))
    before = made(bench)
    assert make_ahead(bench.database, JULY.start + timedelta(days=30)) is None
    assert made(bench) == before
    assert make_ahead(bench.database, AUGUST.start) is None
    assert made(bench) == [*before, Month(2026, 10)]


@ON_POSTGRESQL
def test_calls_are_written_into_the_partition_of_their_month():
    """Attempts and conversations by their ids, events by their instant."""
    bench = Bench(*SPRING)
    call_all(bench)
    assert set(places(bench, "attempt")) == {"attempt_2026_03"}
    assert set(places(bench, "conversation")) == {"conversation_2026_03"}
    assert set(places_of_events(bench)) == {"event_2026_03"}


def places_of_events(bench):
    with bench.database.read() as connection:
        return list(connection.execute(text("SELECT tableoid::regclass::text FROM event")).scalars())


@ON_POSTGRESQL
def test_no_row_is_refused_for_want_of_a_month():
    """A clock that is years off, and months that nobody has made: calls go on, and are settled."""
    bench = Bench(*SPRING, start=datetime(2031, 1, 15, 15, tzinfo=UTC))
    call_all(bench)
    assert places(bench, "attempt") == ["attempt_default"] * 3
    assert {row.state for row in bench.attempts()} == {"ended"}
    bench.assert_sound()


@ON_POSTGRESQL
def test_many_rows_outside_of_their_month_are_left_to_a_person(monkeypatch):
    """Moving many rows takes a while: a dialer goes on without, and says why."""
    bench = Bench(*SPRING, start=JULY.start)
    call_all(bench)
    monkeypatch.setattr(partitions, "LARGE", 0)
    assert make_ahead(bench.database, bench.clock.now()) == ROWS_OUTSIDE
    assert JULY not in made(bench)
    before = bench.attempts(), bench.rows(tables.conversation), bench.rows(tables.event)
    moved = move_in(bench.database, bench.clock.now(), nothing)
    assert moved == [
        Move(ATTEMPTS, JULY, 3),
        Move(CONVERSATIONS, JULY, 3),
        Move(EVENTS, JULY, len(before[2])),
    ]
    assert (bench.attempts(), bench.rows(tables.conversation), bench.rows(tables.event)) == before
    assert places(bench, "attempt") == ["attempt_2026_07"] * 3
    assert {JULY, AUGUST, SEPTEMBER} <= set(made(bench))
    assert move_in(bench.database, bench.clock.now(), nothing) == []
    bench.assert_sound()


@ON_POSTGRESQL
def test_few_rows_outside_of_their_month_are_moved_with_it():
    """A dialer that comes by makes the month, and every row is where it belongs."""
    bench = Bench(*SPRING, start=JULY.start)
    call_all(bench)
    before = bench.attempts(), bench.rows(tables.conversation), bench.rows(tables.event)
    assert make_ahead(bench.database, bench.clock.now()) is None
    assert (bench.attempts(), bench.rows(tables.conversation), bench.rows(tables.event)) == before
    assert places(bench, "attempt") == ["attempt_2026_07"] * 3
    bench.assert_sound()


@ON_POSTGRESQL
def test_whoever_reads_the_history_is_not_waited_for():
    """A report may read for minutes: months are made another time, and no call waits."""
    bench = Bench(*SPRING, start=JULY.start)
    other = open_database(bench.url)
    with other.read() as reader:
        reader.execute(text("SELECT count(*) FROM attempt"))
        started = time.monotonic()
        assert make_ahead(bench.database, JULY.start) == READ
        assert time.monotonic() - started < 5
        call_all(bench)
    other.close()
    assert len(bench.attempts()) == 3


@ON_POSTGRESQL
def test_a_person_who_moves_rows_waits_for_readers_in_short_goes():
    """Each go holds the write lock for a moment; in the pauses calls are placed."""
    bench = Bench(*SPRING, start=JULY.start)
    other = open_database(bench.url)
    reading = other.read()
    reading.__enter__().execute(text("SELECT count(*) FROM attempt"))
    pauses = []

    def pause():
        pauses.append(call_all(bench))
        if len(pauses) == 2:
            reading.__exit__(None, None, None)

    moved = move_in(bench.database, bench.clock.now(), pause)
    other.close()
    assert len(pauses) == 2
    assert Move(ATTEMPTS, JULY, 3) in moved
    assert places(bench, "attempt") == ["attempt_2026_07"] * 3


@ON_POSTGRESQL
def test_a_dialer_that_may_not_make_tables_goes_on_without():
    """It says so once, `db check` says who may; its calls are placed and written down all the same."""
    bench = Bench(*SPRING, start=JULY.start, url=postgres.database_of_a_superuser())
    told = []
    with as_somebody_who_only_writes(bench) as database:
        dialer = bench.join(database=database)
        keeper = MonthKeeper(database, bench.clock, lambda what, **values: told.append((what, values)))
        for _ in range(3):
            keeper.keep()
            dialer.step()
            bench.clock.advance(EVERY)
        with database.read() as connection:
            months = read_months(connection, bench.clock.now())
    assert told == [
        (
            "months not made",
            {"why": NOT_ALLOWED, "remedy": "dialctl db upgrade, by the owner of the tables"},
        )
    ]
    assert (months.owner, months.until, months.short) == ("dialctl", None, True)
    assert len(bench.attempts()) == 3
    assert JULY not in made(bench)


def _become_somebody(connection, _record):
    connection.execute("SET ROLE only_writes")
    connection.commit()


class as_somebody_who_only_writes:  # noqa: N801 - reads as what it does
    """Open the database as a user who may read and write all tables, and make none."""

    def __init__(self, bench):
        self.bench = bench

    def __enter__(self):
        with self.bench.database.write() as connection:
            for statement in (
                "DROP ROLE IF EXISTS only_writes",
                "CREATE ROLE only_writes",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO only_writes",
                "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO only_writes",
            ):
                connection.execute(text(statement))
        self.database = open_database(self.bench.url)
        listen(self.database.engine, "connect", _become_somebody)
        return self.database

    def __exit__(self, *_):
        self.database.close()
        with self.bench.database.write() as connection:
            connection.execute(text("DROP OWNED BY only_writes"))
            connection.execute(text("DROP ROLE only_writes"))


@ON_POSTGRESQL
def test_a_dialer_looks_once_an_hour():
    """The months are made when they come near, without a question to the database before each step."""
    bench = Bench(start=JULY.start)
    keeper = MonthKeeper(bench.database, bench.clock, lambda *_, **__: pytest.fail("there was a complaint"))
    keeper.keep()
    assert made(bench)[-1] == SEPTEMBER
    with bench.database.write() as connection:
        connection.execute(text("DROP TABLE attempt_2026_09"))
    keeper.keep()
    assert made(bench)[-1] == AUGUST
    bench.clock.advance(EVERY)
    keeper.keep()
    assert made(bench)[-1] == SEPTEMBER


@ON_POSTGRESQL
def test_how_history_is_kept_is_seen():
    """Months in a row from the first on, rows outside of them, and what an archive left behind."""
    bench = Bench(*SPRING)
    with bench.database.read() as connection:
        months = read_months(connection, bench.clock.now())
    assert (months.first, months.until, months.short) == (Month(2026, 3), Month(2026, 5), False)
    assert (months.outside, months.owner, months.left_behind) == ((), None, ())
    with bench.database.write() as connection:
        partitions.take_out(connection, CONVERSATIONS, Month(2026, 4))
    bench.clock.move_to(JULY.start)
    call_all(bench)
    with bench.database.read() as connection:
        months = read_months(connection, bench.clock.now())
    assert (months.until, months.outside, months.left_behind) == (None, (JULY,), (Month(2026, 4),))


@ON_SQLITE
def test_a_file_has_no_months_to_make():
    """SQLite keeps plain tables: nothing is missing, nothing is said, nothing is done."""
    bench = Bench(*SPRING)
    with bench.database.read() as connection:
        before = connection.execute(text("SELECT name FROM sqlite_master ORDER BY name")).all()
    assert make_ahead(bench.database, JULY.start) is None
    assert move_in(bench.database, JULY.start, nothing) == []
    with bench.database.read() as connection:
        assert read_months(connection, JULY.start) is None
        assert connection.execute(text("SELECT name FROM sqlite_master ORDER BY name")).all() == before


def test_the_months_of_rows_are_found_without_reading_them_all():
    """One look per month, on either engine."""
    bench = Bench(*SPRING)
    call_all(bench)
    bench.clock.move_to(datetime(2026, 6, 30, 23, tzinfo=UTC))
    bench.apply(*SPRING[:2], crowd(4))
    call_all(bench)
    with bench.database.read() as connection:
        assert list(ATTEMPTS.months(connection)) == [Month(2026, 3), Month(2026, 6)]
        assert list(EVENTS.months(connection)) == [Month(2026, 3), Month(2026, 6)]
