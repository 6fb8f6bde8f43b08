"""Two releases side by side: the schema is upgraded while dialers of both run, and no call is lost."""

from __future__ import annotations

import json
import signal

import pytest
from crash.engines import ON_BOTH_IF_FULL, ON_THE_SERVER_IF_NOT_FULL
from crash.processes import wait_until
from crash.releases import NEXT, make_next_release
from crash.verdict import judge
from sqlalchemy import text

from reconciler.store.schema_range import NEWEST

RUN = ("run", "--log-format", "json", "--lease", "3s")
GOOD_STEPS = {"dialing", "progress", "busy", "taking over", "stopping", "draining", "handed over", "stopped"}
"""What a dialer logs of whose steps none failed: nothing was unusable or tried again. On a server one that
waits for the upgrade's transaction is skipped after half a second, and says that it is busy."""

pytestmark = pytest.mark.crash


@pytest.fixture
def crowd(world):
    """Give a world with more people to call than there is time; the pace gives all dialers a turn."""
    here = world(contacts=1_000, pace=50)
    here.open_carrier("--seed", 5)
    return here


def calls_of(world, dialer):
    """Count the calls that a dialing process has had accepted."""
    return world.count(
        "attempt JOIN dialer ON dialer.id = attempt.dialer_id "
        f"WHERE placed_at IS NOT NULL AND pid = {dialer.process.pid}"
    )


def wait_for_calls(world, *dialers):
    """Return once each of these has had another ten calls accepted."""
    for dialer in dialers:
        enough = calls_of(world, dialer) + 10
        dialer.wait_until(lambda: calls_of(world, dialer) >= enough, "ten more calls of each dialer")  # noqa: B023 - waited for within the round


def stop(*dialers):
    """Stop dialers as a person does, and wait for their good ends."""
    for dialer in dialers:
        dialer.send(signal.SIGTERM)
    for dialer in dialers:
        dialer.finish()


def logged(dialer):
    return [json.loads(line)["event"] for line in dialer.log.read_text().splitlines()]


@ON_THE_SERVER_IF_NOT_FULL
def test_a_rolling_upgrade_under_load_stops_no_call(crowd, tmp_path):
    """R-CRASH-4: old dialers go on through the upgrade, start after it, and share the work with new ones."""
    new = make_next_release(tmp_path / "next", breaking=False)
    through = crowd.start(*RUN)
    wait_for_calls(crowd, through)
    too_early = crowd.start("db", "check", release=new)
    assert too_early.process.wait(60) == 1
    assert too_early.log.read_text().splitlines()[-1] == "hint: run dialctl db upgrade"
    assert crowd.run("db", "upgrade", release=new) == f"upgraded from {NEWEST} to {NEXT}\n"
    after = [crowd.start(*RUN), crowd.start(*RUN, release=new)]
    wait_for_calls(crowd, through, *after)
    stop(through, after[0])
    wait_for_calls(crowd, after[1])
    stop(after[1])
    for dialer in (through, *after):
        assert set(logged(dialer)) <= GOOD_STEPS
    assert crowd.ask(text("SELECT release, count(*) FROM dialer GROUP BY release ORDER BY release")) == [
        (NEWEST, 2), (NEXT, 1),
    ]  # fmt: skip
    assert judge(crowd)["unknown"] == 0


@ON_BOTH_IF_FULL
def test_dialers_that_an_upgrade_leaves_behind_end_and_are_taken_over(crowd, tmp_path):
    """R-CRASH-2: they write nothing more, exit 1 with what to do, and the new release finds their calls."""
    new = make_next_release(tmp_path / "next", breaking=True)
    old = [crowd.start(*RUN), crowd.start(*RUN)]
    wait_for_calls(crowd, *old)
    crowd.run("db", "upgrade", release=new)
    for dialer in old:
        assert dialer.process.wait(60) == 1
        assert logged_last(dialer) == "hint: install the release that upgraded the schema, or a newer one"
    assert crowd.count("dialer WHERE stopped_at IS NOT NULL") == 0
    left = crowd.count("open_attempt")
    assert left
    newer = crowd.start(*RUN, release=new)
    of_the_old = f"open_attempt JOIN dialer ON dialer.id = dialer_id WHERE dialer.release = '{NEWEST}'"
    wait_until(lambda: newer.is_dead or not crowd.count(of_the_old), "the takeover")
    wait_for_calls(crowd, newer)
    stop(newer)
    assert judge(crowd)["unknown"] == 0


def logged_last(dialer):
    return dialer.log.read_text().splitlines()[-1]
