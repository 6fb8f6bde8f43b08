"""The stamp of the database while dialers run: changed under them, it ends their calling (R-ENV-1)."""

from __future__ import annotations

import threading

import pytest
from support.bench import SECOND, Bench, campaign, configuration, contact, crowd

from reconciler.controller.dial_loop import DialLoop
from reconciler.errors import GatewayUnusable
from reconciler.store.schema import stamp_environment

BASE = (configuration(), campaign())


def stamp(bench, environment):
    """Do what `dialctl db environment` does."""
    with bench.database.write() as connection:
        stamp_environment(connection, environment)


def real(bench):
    """Make the bench's carrier one that rings phones, on a database that it may dial."""
    bench.carrier.simulated = False
    stamp(bench, "live")


def test_a_simulator_starts_no_call_on_a_database_that_became_live():
    """R-ENV-1: from the step after the stamp on nobody is claimed, and the dialer says why."""
    bench = Bench(*BASE, contact("ada"))
    bench.dialer  # noqa: B018 - joins while the database is a sandbox
    stamp(bench, "live")
    assert bench.step().started == 0
    assert bench.attempts() == []
    assert "is simulated, and the database is stamped live" in bench.dialer.barred.message


def test_a_real_gateway_starts_no_call_on_a_database_that_became_a_sandbox():
    """R-ENV-1: the other way round, too: a copy that is stamped sandbox rings nobody from then on."""
    bench = Bench(*BASE, contact("ada"))
    real(bench)
    bench.dialer  # noqa: B018 - joins while the database is live
    stamp(bench, "sandbox")
    assert bench.step().started == 0
    assert "dials real phones, and the database is stamped sandbox" in bench.dialer.barred.message


def test_a_stamp_between_claim_and_placing_releases_the_call():
    """R-ENV-1, R-WIN-6: what was claimed just before the stamp is released, and no attempt is used."""
    bench = Bench(*BASE, contact("ada"))
    settle_and_claim = bench.dialer._settle_and_claim

    def stamped_just_then():
        claimed = settle_and_claim()
        stamp(bench, "live")
        return claimed

    bench.dialer._settle_and_claim = stamped_just_then
    assert bench.step().started == 0
    [attempt] = bench.attempts()
    assert (attempt.outcome, attempt.used) == ("released", False)
    assert bench.statuses() == {"ada": "pending"}
    assert bench.carrier.submitted == []


def test_calls_that_run_are_still_settled_after_the_stamp():
    """R-ENV-1: what rings is not forgotten: its end is written down, whatever the stamp says by then."""
    bench = Bench(*BASE, contact("ada"), contact("bob"))
    real(bench)
    assert bench.step().started == 2
    stamp(bench, "sandbox")
    bench.carrier.end("ada", "completed")
    bench.step(after=SECOND)
    assert bench.statuses()["ada"] == "completed"


def test_a_stamp_that_is_put_back_lets_nobody_dial_again():
    """R-ENV-1: a dialer that was barred once ends; only a new start looks afresh."""
    bench = Bench(*BASE, contact("ada"))
    bench.dialer  # noqa: B018 - joins while the database is a sandbox
    for environment in ("live", "sandbox"):
        stamp(bench, environment)
        assert bench.step(after=SECOND).started == 0
    assert bench.join().step().started == 1


def test_the_loop_says_so_waits_for_running_calls_and_ends_with_the_error_of_the_start():
    """R-ENV-1: the process ends as if it had been started on this database, once its calls are over."""
    bench = Bench(*BASE, crowd(3))
    real(bench)
    told = []
    stop, give_up = threading.Event(), threading.Event()

    def watch(result):
        if result.started:
            stamp(bench, "sandbox")
            for call in bench.carrier.submitted:
                bench.carrier.end(call.contact, "completed")

    loop = DialLoop(
        bench.dialer,
        bench.carrier,
        bench.clock,
        idle_after=SECOND,
        watch=watch,
        tell=lambda happening, /, **_: told.append(happening),
    )
    with pytest.raises(GatewayUnusable, match="the database is stamped sandbox"):
        loop.run(stop, 30 * SECOND, give_up)
    assert told[0] == "stamp changed"
    assert told[-1] == "stopped"
    assert set(bench.statuses().values()) == {"completed"}
