"""Dialers that are frozen past their lease, and wake up when others have gone on without them."""

from __future__ import annotations

import signal
from datetime import UTC, datetime

import pytest
from crash.engines import ON_BOTH_IF_FULL
from crash.processes import wait_until
from crash.verdict import judge
from sqlalchemy import select

from reconciler.store.tables import dialer

RUN = ("run", "--until-idle", "--idle-after", "1s", "--lease", "2s")

pytestmark = pytest.mark.crash


def open_attempts(world, dialer_pid):
    """Count the open attempts of a dialing process."""
    return world.count(f"open_attempt JOIN dialer ON dialer.id = dialer_id WHERE pid = {dialer_pid}")


def finish_both(world, sleeper, other):
    """Let the other one take over and go on, wake the sleeper up, and let both come to an end."""
    other.wait_until(
        lambda: open_attempts(world, sleeper.process.pid) == 0, "the takeover of the sleeper's calls"
    )
    taken_over = world.carrier.rings()
    other.wait_until(lambda: world.carrier.rings() > taken_over, "the first call after the takeover")
    sleeper.send(signal.SIGCONT)
    other.finish()
    sleeper.finish()


@ON_BOTH_IF_FULL
def test_a_dialer_that_freezes_before_a_call_leaves_rings_nobody_twice(world):
    """R-CRASH-3: `placing` is committed, the process stops right there, wakes up seconds later and sends."""
    here = world()
    here.open_carrier("--seed", 1)
    sleeper = here.start(*RUN, LEDGER_INCIDENT="SIGSTOP before 5")
    sleeper.wait_until(lambda: sleeper.is_frozen, "the freeze")
    held_back = open_attempts(here, sleeper.process.pid) - here.carrier.rings()
    assert held_back > 0
    finish_both(here, sleeper, here.start(*RUN))
    figures = judge(here)
    assert figures["released"] >= held_back


@ON_BOTH_IF_FULL
def test_a_dialer_that_is_frozen_while_it_dials_rings_nobody_twice(world):
    """R-CRASH-2, R-CRASH-3: SIGSTOP from outside, somewhere in the middle of its work."""
    here = world()
    here.open_carrier("--seed", 2)
    sleeper = here.start(*RUN)
    sleeper.wait_until(lambda: here.carrier.rings() >= 30, "some rings")
    here.freeze(sleeper, locking=False)
    finish_both(here, sleeper, here.start(*RUN))
    judge(here)


def test_a_dialer_that_freezes_inside_a_transaction_stops_the_others_until_it_wakes_up(world):
    """R-CRASH-3: there is one writer: nobody rings; the frozen one loses its lease, and then both go on."""

    def all_leases_are_valid():
        leases = [row.lease_until for row in here.ask(select(dialer.c.lease_until))]
        return all(lease_until > datetime.now(UTC) for lease_until in leases)

    here = world()
    here.open_carrier("--seed", 3)
    sleeper, other = here.start(*RUN), here.start(*RUN)
    other.wait_until(lambda: here.count("dialer") == 2, "both dialers")
    sleeper.wait_until(lambda: here.carrier.rings() >= 30, "some rings")
    here.freeze(sleeper, locking=True)
    wait_until(lambda: not all_leases_are_valid(), "the end of a lease")
    rung = here.carrier.rings()
    wait_until(lambda: not here.carrier.calls_up(), "the end of all calls")
    assert here.is_locked()
    assert here.carrier.rings() == rung
    sleeper.send(signal.SIGCONT)
    sleeper.finish()
    other.finish()
    assert here.carrier.rings() > rung
    judge(here)
