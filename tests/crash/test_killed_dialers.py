"""Dialers that are killed at random moments, and at the worst ones; then one finishes, and is judged.

5 rounds in the suite, more by DIALCTL_CRASH_ROUNDS (`make crash`: 30). A round is a seed: it can be repeated.
"""

from __future__ import annotations

import logging
import os
import subprocess
from contextlib import suppress
from random import Random

import pytest
from crash.processes import LOOK_CLOSELY, wait_until
from crash.verdict import judge

ROUNDS = int(os.environ.get("DIALCTL_CRASH_ROUNDS", "5"))
RUN = ("run", "--until-idle", "--idle-after", "1s", "--lease", "2s")
BAD_LUCK = (
    (),
    ("--cannot-tell", 0.3),
    (),
    (),
    (),
    ("--lose-events", 0.03),
)
"""What else goes wrong in a round, by its number. Ends that got lost take long, and come late in the row."""

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


def by_itself(world, dialer, luck):
    """It does so itself, right before or right after a call leaves."""
    wait_until(lambda: dialer.is_dead or not _left(world), "an incident")


def _wait_while_alive(dialer, condition):
    wait_until(lambda: dialer.is_dead or condition(), "a moment to kill the dialer", LOOK_CLOSELY)


def _left(world):
    return world.count("contact WHERE status IN ('pending', 'locked', 'in_progress')")


MOMENTS = (after_a_ring, while_claimed, while_placing, any_time, by_itself)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_whatever_is_killed_no_phone_rings_twice_and_nobody_is_lost(world, number):
    """R-CRASH-1, R-CRASH-2, R-CRASH-4: SIGKILL, again and again, at moments that a seed chooses."""
    luck = Random(number)
    here = world()
    here.open_carrier("--seed", number, *BAD_LUCK[number % len(BAD_LUCK)])
    killed = 0
    for _ in range(luck.randint(1, 3)):
        moment = luck.choice(MOMENTS)
        incident = f"SIGKILL {luck.choice(['before', 'after'])} {luck.randint(1, 20)}"
        environment = {"LEDGER_INCIDENT": incident} if moment is by_itself else {}
        dialer = here.start(*RUN, **environment)
        moment(here, dialer, luck)
        killed += dialer.process.poll() in (None, -9)
        dialer.kill()
    here.run(*RUN)
    figures = judge(here)
    assert killed
    LOG.info("round %d: killed %d times; %s", number, killed, dict(figures))
