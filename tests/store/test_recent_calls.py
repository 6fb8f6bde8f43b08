"""Who was called lately: by number, whatever the contact's id, in any campaign of the organization."""

from __future__ import annotations

import pytest
from support.bench import DAY, HOUR, Bench, campaign, configuration, contact, organization
from support.statements import Statements, history_read

from reconciler.core.plan.recontact import WITHIN
from reconciler.store.observed.recent_calls import RecentCallsLookup

ADA, BOB, CYD, DAN = (f"+1212555014{number}" for number in range(4))
EVERYBODY = {ADA, BOB, CYD, DAN}
SPRING = (configuration(dialing="{max_attempts: 1}"), campaign())


@pytest.fixture
def bench():
    return Bench(*SPRING, contact("ada", ADA), contact("bob", BOB), contact("cyd", CYD))


def called(bench, numbers=EVERYBODY, org="default"):
    with bench.database.read() as connection:
        return RecentCallsLookup(connection, bench.clock.now()).called_among(org, numbers)


def place_and_end(bench, **outcomes):
    bench.step()
    for name, (outcome, rang) in outcomes.items():
        bench.carrier.end(name, outcome, rang=rang)
    bench.step()


def test_calls_that_may_have_rung_count_for_thirty_days(bench):
    """R-PLAN-6, R-RETRY-1: open ones at once, ended ones for 30 days; what provably never rang never."""
    assert called(bench) == {}
    bench.step()
    assert called(bench) == dict.fromkeys((ADA, BOB, CYD), "spring")
    bench.carrier.end("ada", "no_answer")
    bench.carrier.end("bob", "config_error", rang=False)
    bench.carrier.end("cyd", "completed")
    bench.edit_campaign(status="paused")
    bench.step()
    assert called(bench) == dict.fromkeys((ADA, CYD), "spring")
    assert called(bench, {ADA, DAN}) == {ADA: "spring"}
    bench.clock.advance(WITHIN - HOUR)
    assert called(bench) == dict.fromkeys((ADA, CYD), "spring")
    bench.clock.advance(2 * HOUR)
    assert called(bench) == {}


def test_the_campaign_that_called_last_is_named(bench):
    """R-PLAN-6: a number that several campaigns called is told under the newest call; `default` is none."""
    place_and_end(bench, ada=("no_answer", True), bob=("no_answer", True), cyd=("no_answer", True))
    bench.clock.advance(DAY)
    again = (campaign("autumn"), contact("1001", ADA, campaign="autumn"))
    bench.apply(*SPRING, *again, contact("x", BOB, campaign="default", also="agent_id: a"))
    place_and_end(bench, **{"1001": ("busy", True), "x": ("busy", True)})
    assert called(bench) == {ADA: "autumn", BOB: "default", CYD: "spring"}


def test_organizations_are_told_apart(bench):
    """R-ID-1: the same number in another organization is somebody else's business."""
    bench.apply(
        *SPRING, contact("ada", ADA), organization("acme"), configuration(org="acme"),
        campaign("winter", "acme"), contact("a1", DAN, campaign="winter", org="acme"),
    )  # fmt: skip
    bench.step()
    assert called(bench, org="acme") == {DAN: "winter"}
    assert DAN not in called(bench)
    assert called(bench, org="unknown") == {}


def test_an_export_with_new_ids_is_refused_and_the_same_ids_are_not(bench):
    """R-PLAN-6: a number is a person; retries of the contacts that are there go on."""
    place_and_end(bench, ada=("no_answer", True), bob=("no_answer", True), cyd=("no_answer", True))
    bench.clock.advance(3 * DAY)
    same = (*SPRING, contact("ada", ADA), contact("bob", BOB), contact("cyd", CYD))
    assert bench.plan(*same).guards == ()
    [refused] = bench.plan(*same, campaign("autumn"), contact("1", ADA, campaign="autumn")).guards
    assert refused.guard == "recontact"
    assert refused.detail == (
        "of 1 new contact of Campaign default/autumn, 1 has a number that was called in the last 30 days: "
        "1 by campaign spring"
    )


def test_a_look_costs_what_is_asked_for():
    """architecture: an index leads from each number to its few attempts, whatever the years of history."""
    statements = Statements()
    bench = Bench(*SPRING, contact("ada", ADA), contact("bob", BOB), engine_hook=statements.hook)
    place_and_end(bench, ada=("no_answer", True))
    statements.take()
    assert called(bench, {ADA, *(f"+1212555{number:04}" for number in range(1_100))})
    looked = [(sql, *given) for sql, given in statements.take() if "FROM attempt" in sql and "number" in sql]
    assert len(looked) == 3  # portions of 500
    with bench.database.read() as connection:
        for sql, given in looked:
            searched, whole = history_read(connection, sql, given)
            assert searched
            assert whole == set()


def test_before_the_first_call_nobody_is_looked_up():
    """architecture: the first apply of a million contacts asks twice, not two thousand times."""
    statements = Statements()
    bench = Bench(*SPRING, engine_hook=statements.hook)
    statements.take()
    assert called(bench, {f"+1212555{number:04}" for number in range(2_000)}) == {}
    assert sum("attempt" in sql for sql, _ in statements.take()) == 2
