"""Dialers that are killed at random moments, and at the worst ones; then one finishes, and is judged.

One round on each database in the suite, more by DIALCTL_CRASH_ROUNDS (`make crash`: 30 on each). A round is
a seed: it can be repeated.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
from contextlib import suppress
from random import Random

import pytest
from crash.engines import on_each
from crash.processes import LOOK_CLOSELY, wait_until
from crash.verdict import judge

ROUNDS, ROUNDS_ON_POSTGRESQL = (int(os.environ.get("DIALCTL_CRASH_ROUNDS", few)) for few in (1, 1))
RUN = ("run", "--until-idle", "--idle-after", "1s", "--lease", "2s")
BAD_LUCK = (
    (),
    (),
    (),
    ("--cannot-tell", 0.3),
    (),
    ("--lose-events", 0.03),
    ("--lose-answers", 0.02),
)
"""What else goes wrong in a round, by its number. What gets lost takes long, and comes late in the row."""

LOG = logging.getLogger("crash")

pytestmark = pytest.mark.crash


def after_a_ring(world, dialer, luck):
    """As soon as the ledger shows some more rings."""
    enough = world.carrier.rings() + luck.randint(1, 30)
    _wait_while_alive(dialer, lambda: world.carrier.rings() >= enough)


def while_claimed(world, dialer, luck):
    """While an intent is committed, and not yet placing."""
    _wait_while_alive(dialer, lambda: world.count("open_attempt WHERE state = 'intent'"))


def while_placing(world, dialer, luck):
    """While a call is marked as placing, and not accepted yet."""
    _wait_while_alive(dialer, lambda: world.count("open_attempt WHERE state = 'placing'"))


def any_time(world, dialer, luck):
    """Somewhen: while it starts, while it dials, while it waits."""
    with suppress(subprocess.TimeoutExpired):
        dialer.process.wait(luck.uniform(0.2, 3))


def before_a_call_leaves(world, dialer, luck):
    """It does so itself: `placing` is committed, and nothing was sent."""
    _wait_while_alive(dialer, lambda: not _left(world))


def after_a_call_left(world, dialer, luck):
    """It does so itself: the carrier has the call, and nobody has heard of it."""
    _wait_while_alive(dialer, lambda: not _left(world))


def _wait_while_alive(dialer, condition):
    wait_until(lambda: dialer.is_dead or condition(), "a moment to kill the dialer", LOOK_CLOSELY)


def _left(world):
    return world.count("contact WHERE status IN ('pending', 'locked', 'in_progress')")


MOMENTS = (
    after_a_ring,
    while_claimed,
    before_a_call_leaves,
    after_a_call_left,
    any_time,
    while_placing,
)
BY_ITSELF = {before_a_call_leaves: "SIGKILL before", after_a_call_left: "SIGKILL after"}


@pytest.mark.parametrize(
    ("engine", "number"), on_each(range(ROUNDS), range(ROUNDS_ON_POSTGRESQL)), indirect=["engine"]
)
def test_whatever_is_killed_no_phone_rings_twice_and_nobody_is_lost(world, number):
    """R-CRASH-1, R-CRASH-2, R-CRASH-4: SIGKILL: each moment has its turn; up to two more are drawn by lot."""
    luck = Random(number)
    moments = [MOMENTS[number % len(MOMENTS)], *luck.choices(MOMENTS, k=luck.randint(0, 2))]
    here = world()
    here.open_carrier("--seed", number, *BAD_LUCK[number % len(BAD_LUCK)])
    killed = 0
    for moment in moments:
        environment = {}
        if moment in BY_ITSELF:
            environment["LEDGER_INCIDENT"] = f"{BY_ITSELF[moment]} {luck.randint(1, 20)}"
        dialer = here.start(*RUN, **environment)
        moment(here, dialer, luck)
        killed += dialer.process.poll() in (None, -signal.SIGKILL)
        dialer.kill()
    here.run(*RUN)
    figures = judge(here)
    assert killed
    LOG.info(
        "round %d: killed %d times: %s; %s", number, killed, [m.__name__ for m in moments], dict(figures)
    )
