"""Three dialers on three machines; the network of one is cut while it has calls, for half a minute.

Each machine is a network namespace, with the database and the carrier on the other side of its one cable. By
`make crash` only: half a minute is long for the suite. Skipped where no such network can be built.
"""

from __future__ import annotations

import logging
import signal
import time
from contextlib import ExitStack
from datetime import UTC, datetime

import postgres
import pytest
from crash.campaigns import write_manifests
from crash.engines import FULL
from crash.http_carrier import HttpCarrier
from crash.networks import CannotBuildError, network
from crash.processes import World, wait_until
from crash.verdict import judge
from databases import ON_POSTGRESQL

CUT_FOR = 30.0
"""Seconds."""

PATIENCE = 180.0
"""Seconds: TCP tries again ever more rarely, and so do those who use it."""

CALLS = {"ring_seconds": [0.5, 1], "no_answer_seconds": [1, 2], "talk_seconds": [2, 4]}
LONGER_THAN_THE_CUT, SHORTER = "60s", "9s"

LOG = logging.getLogger("crash")

pytestmark = [
    pytest.mark.crash,
    ON_POSTGRESQL,
    pytest.mark.skipif(not FULL, reason="half a minute of a cut network: make crash"),
]


@pytest.fixture
def lan():
    """Give the network, or skip."""
    with ExitStack() as building:
        try:
            built = building.enter_context(network())
        except CannotBuildError as why:
            pytest.skip(f"no network of namespaces: {why}")
        yield built


@pytest.fixture
def here(lan, tmp_path):
    """Give a world whose database and carrier are reached over that network."""
    server = postgres.start(lan.address, trusted=lan.range)
    write_manifests(tmp_path / "manifests", 2000, limit=45, ring="5s", talk="5s", pace=40)
    world = World(tmp_path, f"{server}/postgres")
    world.carrier = HttpCarrier(tmp_path, lan.address, forgets_ids=True, **CALLS)
    world.environment |= {"DIALCTL_GATEWAY": "http", "DIALCTL_HTTP_URL": world.carrier.url}
    world.run("apply", tmp_path / "manifests", "--yes", "--allow", "windows-legal")
    yield world
    world.close()


def accepted(world, dialer, since=None):
    """Count the calls of a dialing process that were accepted, of those placed after an instant."""
    later = f" AND placing_at > '{since.isoformat()}'" if since else ""
    of_it = f"JOIN dialer ON dialer.id = dialer_id WHERE pid = {dialer.process.pid} AND placed_at IS NOT NULL"
    return sum(world.count(f"{table} {of_it}{later}") for table in ("attempt", "open_attempt"))


def wait_for_calls(world, dialers, count, since=None):
    for dialer in dialers:
        wait_until(
            lambda: dialer.is_dead or accepted(world, dialer, since) >= count,  # noqa: B023 - waited for within the round
            f"{count} calls of a dialer",
            patience=PATIENCE,
        )
        assert not dialer.is_dead, dialer.log.read_text()


def talking(world, dialer):
    return world.count(
        f"open_attempt JOIN dialer ON dialer.id = dialer_id WHERE pid = {dialer.process.pid} "
        "AND open_attempt.state = 'answered'"
    )


@pytest.mark.parametrize("amid_a_transaction", [False, True])
@pytest.mark.parametrize("lease", [LONGER_THAN_THE_CUT, SHORTER])
def test_one_that_is_cut_off_stops_nobody_and_comes_back(lan, here, lease, amid_a_transaction):
    """R-CRASH-1, R-CRASH-2, R-CRASH-3: the others go on, nothing rings twice, and it dials again.

    A cut in the middle of a transaction leaves the write lock with a session whose client is gone.
    """
    machines = [lan.plug_in() for _ in range(3)]
    dialers = [here.start("run", "--lease", lease, within=machine.within) for machine in machines]
    cut_off, others = dialers[0], dialers[1:]
    wait_for_calls(here, dialers, 10)
    cut_off.wait_until(lambda: talking(here, cut_off) >= 3, "calls of the one that will be cut off")
    if amid_a_transaction:
        here.freeze(cut_off, locking=True)
    machines[0].cut()
    cut_at, began = datetime.now(UTC), time.monotonic()
    if amid_a_transaction:
        cut_off.send(signal.SIGCONT)
    rung = here.carrier.rings()
    time.sleep(CUT_FOR)
    rung_meanwhile, calls_meanwhile = (
        here.carrier.rings() - rung,
        [accepted(here, one, cut_at) for one in others],
    )
    machines[0].mend()
    mended_at, lasted = datetime.now(UTC), time.monotonic() - began
    assert rung_meanwhile > 0
    assert min(calls_meanwhile) > 0
    if lease == SHORTER:
        assert any("taking over" in one.log.read_text() for one in others)
    wait_for_calls(here, [cut_off], 10, mended_at)
    back_after = (datetime.now(UTC) - mended_at).total_seconds()
    for dialer in dialers:
        dialer.send(signal.SIGTERM)
    for dialer in dialers:
        dialer.finish(PATIENCE)
    figures = judge(here)
    assert figures["unknown"] == 0
    LOG.info(
        "cut off for %.0f s, lease %s, amid a transaction: %s; %d rings meanwhile; ten calls of its own"
        " %.1f s after the mend; %s",
        lasted, lease, amid_a_transaction, rung_meanwhile, back_after, dict(figures),
    )  # fmt: skip
