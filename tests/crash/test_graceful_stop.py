"""SIGTERM: no new calls, running ones are waited for, the lease is given up, and the rest is taken over."""

from __future__ import annotations

import signal
import time

import pytest
from crash.engines import ON_BOTH_IF_FULL
from crash.verdict import judge

NOTICED = 1.0
"""Seconds after which a running dialer has noticed anything: R-LIFE-4."""

pytestmark = pytest.mark.crash


@ON_BOTH_IF_FULL
def test_sigterm_waits_for_running_calls_and_starts_no_other(world):
    """SIGTERM: exit 0 once the running calls are over; every contact that was not called is still pending."""
    here = world(limit=30)
    here.open_carrier("--seconds", 0.9, 1.8)
    dialer = here.start("run", "--drain", "30s")
    dialer.wait_until(lambda: here.carrier.calls_up() >= 25, "a busy dialer")
    told_at = time.time()
    dialer.send(signal.SIGTERM)
    dialer.finish()
    assert max(ring.wall for ring in here.carrier.entries()) < told_at + NOTICED
    assert here.carrier.calls_up() == here.count("open_attempt") == 0
    assert here.count("contact WHERE status = 'pending' AND attempts = 0") > 100
    assert here.count("dialer WHERE stopped_at IS NOT NULL AND lease_until = stopped_at") == 1
    assert "left_to_recovery=0" in dialer.log.read_text()


@ON_BOTH_IF_FULL
def test_calls_that_outlast_the_drain_are_taken_over_at_once_by_the_next_start(world):
    """R-CRASH-2: a lease that was given up need not expire: its calls are found, and nothing rings twice."""
    here = world(contacts=40, limit=40, ring="5s", talk="5s")
    here.open_carrier("--seconds", 3, 4, "--no-answer", 0)
    dialer = here.start("run", "--drain", "1s", "--lease", "10m")
    dialer.wait_until(lambda: here.carrier.calls_up() >= 30, "a busy dialer")
    dialer.send(signal.SIGTERM)
    dialer.finish()
    left = here.count("open_attempt")
    assert left
    assert f"left_to_recovery={left}" in dialer.log.read_text()
    here.run("run", "--until-idle", "--idle-after", "1s")  # ends long before ten minutes have passed
    assert judge(here)["unknown"] == 0
