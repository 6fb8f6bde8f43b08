"""After the storm: everything is healthy again, and the rest has to get done within an hour.

The hour is not waited for. First the three dialers go on for a while on the right clock; then they are
stopped, and one more dialer and the carrier run on clocks that are an hour and a few minutes ahead, and ten
times as fast, until there is nothing left to do. Whatever waits for an instant that a wrong clock has written
down comes due so, and so do the pauses of breakers.
"""

from __future__ import annotations

import signal
import time

from sqlalchemy import func, select
from torture.declared import CAMPAIGNS
from torture.scene import GOOD_NETWORK
from torture.shifted import ALONE

from reconciler.errors import DialctlError
from reconciler.store.tables import contact, open_attempt

AN_HOUR_LATER = 65 * 60.0
"""Seconds; no clock was ever wrong by as much."""

TICK, GAINS = 0.05, 0.45
"""Seconds that pass, and by which the fast clocks then gain on the right one."""

PATIENCE = 240.0
"""Seconds for what takes a few: the machine may be busy."""


def settle_down(scene, journal, operator, *, healthy_seconds: float) -> None:
    """Make everything healthy, and let it finish."""
    scene.set_network(GOOD_NETWORK)
    for cable in scene.cables.values():
        cable.flow()
    if scene.server:
        scene.server_wanted = True
        scene.server.wait()
    scene.wait_for_carrier()
    operator.please(operator.release)
    for campaign in CAMPAIGNS:
        operator.please(operator.start, campaign)
    operator.please(operator.apply, operator.last_tried, tries=20)
    _supervised_until(scene, lambda: operator.is_idle, PATIENCE)
    operator.please(operator.apply, operator.last_tried.calm(), tries=20)
    _supervised_until(scene, lambda: operator.is_idle, PATIENCE)
    assert operator.is_idle, "the operator did not get through"
    journal.note("calm")
    _supervised_until(scene, lambda: _is_done(scene), healthy_seconds)
    _stop_the_dialers(scene)
    journal.note("an hour later", left=_left(scene))
    _let_an_hour_pass(scene)


def _supervised_until(scene, condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        scene.supervise()
        time.sleep(0.1)


def _is_done(scene):
    return sum(_left(scene).values()) == 0


def _left(scene):
    """Count the contacts that are not over, by status, and the calls that are open."""
    statuses = ("pending", "locked", "in_progress")
    try:
        with scene.reader.read() as connection:
            counted = select(contact.c.status, func.count()).where(contact.c.status.in_(statuses))
            left = dict(map(tuple, connection.execute(counted.group_by(contact.c.status)).all()))
            open_ = connection.execute(select(func.count()).select_from(open_attempt)).scalar_one()
    except DialctlError:
        return {"nobody knows": 1}
    return left | {"open": open_}


def _stop_the_dialers(scene):
    for dialer in scene.dialers:
        dialer.wanted = False
        dialer.send(signal.SIGTERM)
    codes = [dialer.wait(PATIENCE) for dialer in scene.dialers]
    assert codes == [0] * len(codes), f"dialers that were stopped ended with {codes}"


def _let_an_hour_pass(scene):
    last, wrong_by = scene.dialers[1], AN_HOUR_LATER
    for process in (scene.carrier, last):
        process.set_clock(wrong_by)
    last.start("run", "--until-idle", "--idle-after", "20m", "--log-format", "json", **{ALONE: "1"})
    deadline = time.monotonic() + PATIENCE
    while not last.is_dead and time.monotonic() < deadline:
        time.sleep(TICK)
        wrong_by += GAINS
        for process in (scene.carrier, last):
            process.set_clock(wrong_by)
    last.kill()
    assert last.process.returncode == 0, f"the last dialer ended with {last.process.returncode}: {last.log}"
