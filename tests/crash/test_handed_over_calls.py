"""Dialers that are stopped amid their calls while others go on: the calls are theirs from then on."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
from collections import Counter
from datetime import UTC, datetime
from random import Random

import pytest
from crash.engines import FULL, ON_BOTH_IF_FULL, on_each
from crash.http_carrier import SECRET, HttpCarrier
from crash.processes import wait_until
from crash.verdict import judge

ROUNDS = int(os.environ.get("DIALCTL_CRASH_ROUNDS", "0")) // 5
"""None in the suite, where such rounds would be the longest tests; 6 on each by `make crash`."""
"""On each engine. They are long ones: a fifth of those of other tests."""

LONG_PATIENCE = 120.0
"""Seconds: a line whose answers get lost pauses for half a minute before it asks again."""

LONG_LEASE = ("--lease", "10m")
"""Heartbeats are so far apart that no call is taken over by one of them within a test."""

RUN = ("run", "--log-format", "json")
LAST = (*RUN, "--until-idle", "--idle-after", "1s")
LONG_CALLS = {"outcomes": {"completed": 1}, "talk_seconds": [4, 6]}
NETWORKS = (
    {"lost_answers": 0.1, "lost_orders": 0.05},
    {"repeated_events": 0.1, "late_events": 0.1, "late_seconds": [0.1, 1]},
    {"reordered_calls": 0.2, "answer_seconds": [0, 0.3]},
)

LOG = logging.getLogger("crash")

pytestmark = pytest.mark.crash


def of_the_ledger(here, _mode):
    here.open_carrier("--seconds", 4, 6, "--no-answer", 0)


def over_http(here, _mode):
    here.carrier = HttpCarrier(here.directory, **LONG_CALLS)
    here.environment |= {"DIALCTL_GATEWAY": "http", "DIALCTL_HTTP_URL": here.carrier.url}


CARRIERS = {"ledger": of_the_ledger, "polls": over_http, "callbacks": over_http}


def of_its_own(mode):
    """Give the environment of one dialer; where events are called back, each has a URL of its own."""
    if mode != "callbacks":
        return {}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{probe.getsockname()[1]}"
    return {
        "DIALCTL_HTTP_CALLBACK": f"http://{place}/events",
        "DIALCTL_HTTP_LISTEN": place,
        "DIALCTL_HTTP_SECRET": SECRET,
    }


def calls_up(world, dialer):
    """Count the calls of a dialing process that the carrier has."""
    return world.count(
        "open_attempt JOIN dialer ON dialer.id = dialer_id "
        f"WHERE pid = {dialer.process.pid} AND state IN ('placed', 'ringing', 'answered')"
    )


def wait_for_work(*dialers):
    for dialer in dialers:
        dialer.wait_until(lambda: told(dialer, "dialing"), "a dialer that is at work")  # noqa: B023 - waited for within the round


def wait_for_calls(world, *dialers, enough=5):
    for dialer in dialers:
        dialer.wait_until(lambda: calls_up(world, dialer) >= enough, "calls of each dialer")  # noqa: B023 - waited for within the round


def left(world):
    return world.count("contact WHERE status IN ('pending', 'locked', 'in_progress')")


def told(dialer, event):
    """Give the lines of a dialer's log that tell of something."""
    lines = [json.loads(line) for line in dialer.log.read_text().splitlines()]
    return [line for line in lines if line["event"] == event]


def stop(*dialers, patience=LONG_PATIENCE):
    """Stop all of them at once, and wait for their good ends."""
    for dialer in dialers:
        dialer.send(signal.SIGTERM)
    for dialer in dialers:
        dialer.finish(patience)


@pytest.mark.parametrize(
    ("engine", "mode"),
    on_each(CARRIERS, CARRIERS) if FULL else on_each(["callbacks"], ["polls"]),
    indirect=["engine"],
)  # fmt: skip
def test_a_stopped_dialer_leaves_its_calls_to_those_that_go_on(world, mode):
    """R-CRASH-2: it waits for no call to end; the others ask at once, and each call ends there, once."""
    here = world(contacts=30, limit=30, ring="10s", talk="10s")
    CARRIERS[mode](here, mode)
    first = here.start(*RUN, *LONG_LEASE, **of_its_own(mode))
    wait_for_calls(here, first, enough=15)
    heirs = [here.start(*LAST, *LONG_LEASE, **of_its_own(mode)) for _ in range(2)]
    wait_for_work(*heirs)
    told_at = datetime.now(UTC)
    stop(first)
    [given] = told(first, "handed over")
    assert given["calls"] > 0
    assert [line["left_to_recovery"] for line in told(first, "stopped")] == [0]
    for heir in heirs:
        heir.finish()
    taken = [line for heir in heirs for line in told(heir, "taking over")]
    assert sum(line["calls"] for line in taken) >= given["calls"]
    assert judge(here)["unknown"] == 0
    after = [(datetime.fromisoformat(line["at"]) - told_at).total_seconds() for line in (given, *taken)]
    LOG.info(
        "%s: %d calls to %d dialers; handed over %.2f s after the signal, taken over after %s s",
        mode, given["calls"], given["dialers"], after[0], [round(one, 2) for one in after[1:]],
    )  # fmt: skip


@ON_BOTH_IF_FULL
def test_of_dialers_that_are_stopped_together_the_last_one_drains(world):
    """Many dialers: SIGTERM to the whole service ends no call and leaves none behind."""
    here = world(contacts=300, limit=30, ring="10s", talk="10s", pace=40)
    over_http(here, "polls")
    dialers = [here.start(*RUN, "--drain", "60s", *LONG_LEASE) for _ in range(3)]
    wait_for_calls(here, *dialers, enough=3)
    stop(*dialers)
    assert sum(line["left_to_recovery"] for dialer in dialers for line in told(dialer, "stopped")) == 0
    assert here.count("open_attempt") == 0
    assert here.count("contact WHERE status = 'pending' AND attempts = 0")
    assert here.count("attempt WHERE state = 'unknown'") == 0


def stop_one(here, dialers, luck):
    """A machine is taken out of service."""
    leaves = dialers.pop(luck.randrange(len(dialers)))
    leaves.send(signal.SIGTERM)
    return [leaves]


def stop_one_whose_heir_dies(here, dialers, luck):
    """As it gives its calls away, another one is killed."""
    leaves = stop_one(here, dialers, luck)
    stop_one_by_force(here, dialers, luck)
    return leaves


def stop_one_by_force(here, dialers, luck):
    """A machine is lost."""
    dialers.pop(luck.randrange(len(dialers))).kill()
    return []


def stop_all(here, dialers, luck):
    """The whole service is stopped."""
    for dialer in dialers:
        dialer.send(signal.SIGTERM)
    leaving, dialers[:] = list(dialers), []
    return leaving


MOVES = (stop_one, stop_one_whose_heir_dies, stop_all, stop_one_by_force)


@pytest.mark.parametrize(("engine", "number"), on_each(range(ROUNDS), range(ROUNDS)), indirect=["engine"])
def test_dialers_come_and_go_and_no_phone_rings_twice(world, number):
    """R-CRASH-1, R-CRASH-2, R-CRASH-4: stopped, killed, started, over bad networks, amid their calls."""
    luck = Random(number)
    here = world(contacts=120, limit=30, ring="2s", talk="2s", pace=15)
    network = NETWORKS[number % len(NETWORKS)]
    here.carrier = HttpCarrier(here.directory, forgets_ids=True, talk_seconds=[0.5, 1.5], **network)
    here.environment |= {"DIALCTL_GATEWAY": "http", "DIALCTL_HTTP_URL": here.carrier.url}
    dialers, leaving, moves = [], [], luck.sample(MOVES, 3)
    for move in moves:
        dialers += [here.start(*RUN, "--lease", "3s") for _ in range(3 - len(dialers))]
        wait_for_work(*dialers)
        enough = here.carrier.rings() + luck.randint(5, 15)
        wait_until(lambda: here.carrier.rings() >= enough or not left(here), "some rings")  # noqa: B023 - waited for within the round
        leaving += move(here, dialers, luck)
    stop(*dialers, *[dialer for dialer in leaving if not dialer.is_dead])
    here.start(*LAST, "--lease", "3s").finish(LONG_PATIENCE)
    orders = Counter(line["id"] for line in here.carrier.lines() if line["what"] == "order")
    assert max(orders.values()) == 1
    figures = judge(here)
    given = sum(line["calls"] for dialer in (*dialers, *leaving) for line in told(dialer, "handed over"))
    LOG.info("round %d: %s; %d handed over; %s", number, [m.__name__ for m in moves], given, dict(figures))
