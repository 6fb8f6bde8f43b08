"""Suppressions that run out by time: their contacts wait where they belong from that instant on (R-SUP-1)."""

from __future__ import annotations

import pytest
from support.bench import DAY, HOUR, MINUTE, MONDAY, SECOND, Bench, campaign, configuration, contact
from support.statements import Statements, plan_of

from reconciler.store import lapsing, ledger, tables
from reconciler.store.events import DIALER

BY_NUMBER = """
  infer_timezone: true
  default_windows: [{days: [mon, tue, wed, thu, fri], start: "09:00", end: "17:00"}]"""
NEW_YORK, CALIFORNIA = "+12125550101", "+14155550102"
"""On MONDAY it is 10:00 at the first number, and 07:00, too early for a call, at the second."""


def bench_of(numbers=(NEW_YORK, CALIFORNIA), **options):
    return Bench(configuration(schedule=BY_NUMBER), campaign(), contact("ada", list(numbers)), **options)


def suppress(bench, number, expires_at):
    org_id = bench.campaign().org_id
    with bench.database.write() as connection:
        ledger.suppress(
            connection, org_id, [number], DIALER, ids=bench.ids, now=bench.clock.now(),
            reason="asked", expires_at=expires_at,
        )  # fmt: skip


def dialled(bench):
    return [call.number for call in bench.carrier.submitted]


def test_a_first_number_that_is_free_again_is_called_at_its_own_hours():
    """R-SUP-1, R-TZ-1: the contact does not wait for the windows of the number that stood in for it."""
    bench = bench_of()
    free_at = MONDAY + HOUR
    suppress(bench, NEW_YORK, free_at)
    result = bench.step()
    assert (result.started, result.next_wake <= free_at) == (0, True)
    bench.clock.move_to(free_at - SECOND)
    assert bench.step().started == 0
    assert bench.step(SECOND).started == 1
    assert dialled(bench) == [NEW_YORK]
    bench.assert_sound()


def test_a_second_number_that_is_free_before_the_first_is_called_at_its_own_hours():
    """R-SUP-1: parked because all numbers were suppressed, it goes to the lane of whichever is free first."""
    bench = bench_of((CALIFORNIA, NEW_YORK))
    suppress(bench, CALIFORNIA, None)
    suppress(bench, NEW_YORK, MONDAY + 4 * HOUR)
    bench.clock.move_to(MONDAY + 3 * HOUR)  # 10:00 in California: it is the head of an open lane, and parked
    bench.step()
    assert bench.contact("ada").reason == "every number is suppressed"
    assert bench.step(HOUR).started == 1
    assert dialled(bench) == [NEW_YORK]
    assert bench.contact("ada").reason is None


def test_a_number_that_another_entry_still_covers_moves_nobody():
    """R-SUP-1: a number is free once its last entry has run out."""
    bench = bench_of()
    suppress(bench, NEW_YORK, MONDAY + HOUR)
    suppress(bench, NEW_YORK, MONDAY + 2 * HOUR)
    home = bench.contact("ada").lane_id
    bench.clock.move_to(MONDAY + HOUR)
    assert bench.step().started == 0
    assert bench.contact("ada").lane_id == home
    assert bench.step(HOUR).started == 1
    assert dialled(bench) == [NEW_YORK]


def test_an_expiry_while_nobody_dials_is_made_up_for():
    """R-SUP-1: the installation remembers up to when it looked, so that a restart forgets no expiry."""
    bench = bench_of()
    suppress(bench, NEW_YORK, MONDAY + HOUR)
    bench.step()
    bench.clock.move_to(MONDAY + HOUR + 10 * MINUTE)
    assert bench.join().step().started == 1
    assert dialled(bench) == [NEW_YORK]


def test_each_expiry_is_looked_after_once():
    """R-SUP-1: the step after it reads and writes as if there never had been a suppression."""
    statements = Statements()
    bench = bench_of(engine_hook=statements.hook)
    bench.step()
    suppress(bench, "+13125550199", MONDAY + DAY)
    suppress(bench, "+13125550198", MONDAY + DAY)
    bench.clock.move_to(MONDAY + DAY)
    statements.take()
    bench.step()
    assert any("suppressions_freed_until=" in sql for sql, _ in statements.take())
    assert bench.rows(tables.installation)[0].suppressions_freed_until == MONDAY + DAY
    bench.step(SECOND)
    assert not any("suppressions_freed_until=" in sql for sql, _ in statements.take())


@pytest.mark.parametrize("analysed", [False, True])
def test_the_next_expiry_is_found_by_an_index(analysed):
    """A step looks for it every time, however many numbers are suppressed."""
    bench = bench_of()
    suppress(bench, NEW_YORK, MONDAY + HOUR)
    with bench.database.write() as connection:
        if analysed:
            connection.exec_driver_sql("ANALYZE")
        look = str(lapsing.next_lapse.element.compile(connection))
        assert any("ix_suppression_expiry" in line for line in plan_of(connection, look))
