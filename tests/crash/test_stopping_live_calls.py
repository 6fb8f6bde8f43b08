"""A person stops calls from a second process while hundreds are going on, and while thousands are applied.

What counts is what was recorded: when each call was placed, when each phone rang, when the hold was set. In
the suite with 50 calls; DIALCTL_CRASH_FULL=1 (`make crash`) has 200, and applies 20,000 contacts meanwhile.
"""

from __future__ import annotations

import json
import logging
import time
from uuid import UUID

import pytest
from crash.campaigns import write_manifests
from crash.engines import FULL, on_each
from crash.processes import wait_until
from sqlalchemy import select, union_all

from reconciler.store.tables import attempt, campaign, hold, open_attempt

CALLS, APPLIED = (200, 20_000) if FULL else (50, 2_000)
WAITING = 25 * CALLS
OBEYED_WITHIN = 1.0
"""Seconds, R-LIFE-4."""

PROFILE = {
    "outcomes": {"completed": 1},
    "accept_seconds": [0.05, 0.2],
    "dial_seconds": [0.1, 0.3],
    "ring_seconds": [0.3, 1],
    "talk_seconds": [1, 3],
}
PAUSE, STOP = ("pause", "spring"), ("stop", "--all")
EVERY_CASE = [(gateway, order, applying) for gateway in ("simulator", "ledger")
              for order in (PAUSE, STOP) for applying in (False, True)]  # fmt: skip
SIMULATED, WHILE_APPLYING = ("simulator", PAUSE, False), ("ledger", STOP, True)

LOG = logging.getLogger("crash")

pytestmark = pytest.mark.crash


@pytest.fixture
def dialing(world):
    """Give a world in which a dialer has all its calls going."""

    def start(gateway):
        here = world(contacts=WAITING, limit=CALLS, ring="10s", talk="10s")
        if gateway == "ledger":
            here.open_carrier("--seconds", 1.5, 4)
        else:
            (here.directory / "profile.json").write_text(json.dumps(PROFILE))
            here.environment["DIALCTL_SIMULATOR"] = str(here.directory / "profile.json")
        dialer = here.start("run")
        dialer.wait_until(lambda: running(here) >= 0.9 * CALLS, "all calls going")
        return here

    return start


def running(world):
    return world.count("open_attempt WHERE state IN ('placed', 'ringing', 'answered')")


def apply_many(world):
    """Start to apply thousands of contacts of another campaign; return while it holds the write lock."""
    write_manifests(world.directory / "autumn", APPLIED, limit=None, campaign="autumn")
    allowed = ("--allow", "windows-legal", "--allow", "recontact")
    process = world.start("apply", world.directory / "autumn", "--yes", "--source", "autumn", *allowed)
    wait_until(lambda: process.is_dead or world.is_locked(0.05), "the apply's transaction")
    return process


def starts(world, order):
    """Give when calls were placed, and when phones rang: seconds since the epoch."""
    placed = union_all(placed_in(attempt, order), placed_in(open_attempt, order))
    placing_at = {row.id: row.placing_at.timestamp() for row in world.ask(placed)}
    rings = world.carrier.entries() if world.carrier else []
    return list(placing_at.values()), [ring.wall for ring in rings if UUID(ring.id) in placing_at]


def placed_in(table, order):
    """Select what was placed and is within an order's scope, of the history or of what is open."""
    placed = select(table.c.id, table.c.placing_at).where(table.c.placing_at.is_not(None))
    if order == STOP:
        return placed
    return placed.where(
        table.c.campaign_key.in_(select(campaign.c.id).where(campaign.c.external_id == "spring"))
    )


def in_scope(world, order):
    """Count the open calls that an order stops from being followed by others."""
    join = " JOIN campaign ON campaign.id = campaign_key AND external_id = 'spring'" if order == PAUSE else ""
    return world.count(f"open_attempt{join}")


@pytest.mark.parametrize(
    ("engine", "case"),
    on_each(EVERY_CASE, EVERY_CASE) if FULL else on_each([SIMULATED], [WHILE_APPLYING]),
    indirect=["engine"],
)
def test_no_call_starts_a_second_after_a_person_said_stop(dialing, case):
    """R-LIFE-4, R-HOLD-1, R-HOLD-3: by the times on record; the receipt says so; lifted, calls go on."""
    gateway, order, applying = case
    here = dialing(gateway)
    process = apply_many(here) if applying else None
    amid_apply = process is not None and not process.is_dead
    asked_at = time.time()
    receipt = here.run(*order, "--reason", "complaints")
    confirmed_at = time.time()
    assert "obeyed by the one dialer that runs: no call in its scope starts any more" in receipt
    [held] = here.ask(select(hold.c.id, hold.c.created_at))
    held_at = held.created_at.timestamp()
    if process is not None:
        process.finish()
    wait_until(
        lambda: not in_scope(here, order) or max(starts(here, order)[0]) > held_at + OBEYED_WITHIN,
        "the end of the calls that were going on",
    )
    placed, rung = starts(here, order)
    waiting = here.count("contact WHERE status = 'pending' AND attempts = 0")
    lag = max(placed + rung) - held_at
    assert lag < OBEYED_WITHIN
    assert len(placed) >= 0.9 * CALLS
    assert len(rung) >= 0.9 * len(placed) or here.carrier is None  # the simulator keeps no ledger
    assert waiting > CALLS  # so they would have been called
    if order == PAUSE:
        here.run("start", "spring")
    else:
        here.run("release", held.id.hex[:8])
    wait_until(lambda: len(starts(here, order)[0]) > len(placed), "calls after the release")
    LOG.info(
        "%s %s, amid apply: %s; last start %+.3f s from the hold, set after %.3f s, obeyed after %.3f s",
        gateway,
        " ".join(order),
        amid_apply,
        lag,
        held_at - asked_at,
        confirmed_at - asked_at,
    )
