"""Real processes at both ends of a bad network: `dialctl run` with the gateway `http`, `dialctl carrier`."""

from __future__ import annotations

import logging
import os
import signal
from collections import Counter
from random import Random

import pytest
from crash.engines import on_each
from crash.http_carrier import HttpCarrier
from crash.processes import wait_until
from crash.verdict import judge

ROUNDS, ROUNDS_ON_POSTGRESQL = (int(os.environ.get("DIALCTL_CRASH_ROUNDS", few)) for few in (1, 1))
LONG_PATIENCE = 120.0
"""Seconds: a line whose answers get lost pauses for half a minute before it asks again."""

RUN = ("run", "--until-idle", "--idle-after", "1s", "--lease", "2s")
NETWORKS = (
    {"lost_answers": 0.2, "lost_orders": 0.1},
    {"lost_events": 0.02, "repeated_events": 0.1, "late_events": 0.1, "late_seconds": [0.1, 1]},
    {"reordered_calls": 0.2, "answer_seconds": [0, 0.3], "requests_per_second": 5},
)

LOG = logging.getLogger("crash")

pytestmark = pytest.mark.crash


def dialer_dies(here, dialer):
    dialer.kill()
    return here.start(*RUN)


def carrier_dies(here, dialer):
    here.carrier.kill()
    here.carrier.start()
    return dialer


def carrier_freezes(here, dialer):
    here.carrier.process.send_signal(signal.SIGSTOP)
    asked = here.count("open_attempt WHERE state = 'placing'")
    wait_until(
        lambda: dialer.is_dead or here.count("open_attempt WHERE state = 'placing'") >= asked, "an order"
    )
    here.carrier.process.send_signal(signal.SIGCONT)
    return dialer


def both_die(here, dialer):
    here.carrier.kill()
    dialer.kill()
    here.carrier.start()
    return here.start(*RUN)


INCIDENTS = (dialer_dies, carrier_dies, both_die, carrier_freezes)


def wait_for_rings(here, dialer, enough):
    wait_until(lambda: dialer.is_dead or here.carrier.rings() >= enough, "some rings")


@pytest.mark.parametrize(
    ("engine", "number"), on_each(range(ROUNDS), range(ROUNDS_ON_POSTGRESQL)), indirect=["engine"]
)
def test_whoever_is_killed_no_order_is_sent_twice_and_nobody_is_lost(world, number):
    """R-CRASH-1, R-CRASH-2, R-CRASH-4: this carrier forgets ids: an order sent twice would ring twice."""
    luck = Random(number)
    here = world(contacts=60)
    here.carrier = HttpCarrier(here.directory, forgets_ids=True, **NETWORKS[number % len(NETWORKS)])
    here.environment |= {"DIALCTL_GATEWAY": "http", "DIALCTL_HTTP_URL": here.carrier.url}
    dialer = here.start(*RUN)
    incidents = luck.choices(INCIDENTS, k=3)
    for incident in incidents:
        wait_for_rings(here, dialer, here.carrier.rings() + luck.randint(1, 15))
        dialer = incident(here, dialer)
    dialer.finish(LONG_PATIENCE)
    here.start(*RUN).finish(LONG_PATIENCE)
    orders = Counter(line["id"] for line in here.carrier.lines() if line["what"] == "order")
    assert max(orders.values()) == 1
    figures = judge(here)
    assert here.carrier.stop() == 0
    LOG.info("round %d: %s; %s", number, [incident.__name__ for incident in incidents], dict(figures))
