"""The schema is upgraded while dialers run: those that it carries go on, others write nothing more."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import insert
from support.bench import HOUR, SECOND, Bench, campaign, configuration, contact, crowd

from reconciler.controller.dial_loop import DialLoop
from reconciler.errors import SchemaOutOfRange
from reconciler.store import schema_range, tables
from reconciler.store.schema_range import NEWEST

BASE = (configuration(), campaign())
WRITTEN = (tables.attempt, tables.open_attempt, tables.contact, tables.dialer, tables.tally)


def migrate(bench, oldest_release):
    """Do what `dialctl db upgrade` of the next release does."""
    with bench.database.write() as connection:
        row = {"revision": "9999", "oldest_release": oldest_release}
        connection.execute(insert(tables.schema_revision), row)


def contents(bench):
    return [bench.rows(table) for table in WRITTEN]


def test_a_dialer_that_the_new_schema_carries_goes_on():
    """Additive first: calls are started and settled as ever, and another dialer of its release may join."""
    bench = Bench(*BASE, contact("ada"), contact("bob"))
    assert bench.step().started == 2
    migrate(bench, NEWEST)
    bench.carrier.end("ada", "completed")
    bench.carrier.end("bob", "no_answer")
    assert bench.step(SECOND).ended == 2
    assert bench.join().step().started == 0
    bench.clock.advance(HOUR)
    assert bench.step().started == 1


def test_a_dialer_that_the_new_schema_leaves_behind_writes_nothing_more():
    """From the upgrade's commit on: no claim, no settlement, no heartbeat, no resignation, no new dialer."""
    bench = Bench(*BASE, crowd(5))
    bench.dialer  # noqa: B018 - joins before the upgrade
    assert bench.step().started == 5
    migrate(bench, "9999")
    before = contents(bench)
    for n in range(5):
        bench.carrier.end(f"c{n}", "completed")
    for act in (bench.step, lambda: bench.step(HOUR), bench.dialer.resign, bench.join):
        with pytest.raises(SchemaOutOfRange, match="knows version 9999; this one knows"):
            act()
    assert contents(bench) == before


def test_what_was_claimed_before_the_upgrade_is_not_placed_after_it():
    """R-CRASH-1: the schema changes between the transactions of a step: the intent stays, nothing is sent."""
    bench = Bench(*BASE, contact("ada"))
    bench.meanwhile(lambda: migrate(bench, "9999"))
    with pytest.raises(SchemaOutOfRange):
        bench.step()
    assert [attempt.state for attempt in bench.attempts()] == ["intent"]
    assert bench.carrier.submitted == []


def test_a_newer_release_takes_over_what_was_left_behind(monkeypatch):
    """R-CRASH-2: once the lease is over, a dialer that the schema carries asks about each call."""
    bench = Bench(*BASE, contact("ada"))
    assert bench.step().started == 1
    migrate(bench, "9999")
    with pytest.raises(SchemaOutOfRange):
        bench.step()
    monkeypatch.setattr(schema_range, "NEWEST", "9999")
    bench.clock.advance(HOUR)
    newer = bench.join()
    newer.step()
    assert [row.dialer_id for row in bench.open()] == [newer.lease.dialer_id]
    bench.carrier.end("ada", "completed")
    newer.step()
    assert bench.statuses() == {"ada": "completed"}


def test_the_loop_ends_at_once_and_says_why():
    """A service that waits for its database for ever does not wait for this: exit 1, and what to do."""
    bench = Bench(*BASE, crowd(3))
    told = []
    loop = DialLoop(
        bench.dialer,
        bench.carrier,
        bench.clock,
        watch=lambda _: migrate(bench, "9999"),
        tell=lambda happening, /, **_: told.append(happening),
    )
    with pytest.raises(SchemaOutOfRange) as ended:
        loop.run(threading.Event(), HOUR, threading.Event())
    assert ended.value.hint == "install the release that upgraded the schema, or a newer one"
    assert told == ["schema changed"]
    assert [row.stopped_at for row in bench.rows(tables.dialer)] == [None]
