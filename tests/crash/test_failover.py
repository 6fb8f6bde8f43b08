"""The database server dies amid calls, and its standby is promoted: the dialers go on by themselves.

Servers of the tests' own, on PostgreSQL only. A commit of which a dialer was told is on the standby; one that
was on its way there is lost, and no phone has rung for it.
"""

from __future__ import annotations

import logging
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from crash.campaigns import number_of, write_manifests
from crash.engines import FULL
from crash.processes import PATIENCE, World, wait_until
from crash.standby import pair
from crash.verdict import MAX_ATTEMPTS, judge
from databases import ON_POSTGRESQL
from sqlalchemy import text

from reconciler.cli.main import main
from reconciler.errors import EXIT_ERROR, DatabaseUnusable
from reconciler.store.engine import open_database

CONTACTS = 110
RINGS_BEFORE = 40
LEASES = (timedelta(seconds=2), timedelta(seconds=2), timedelta(seconds=60))
"""Two that are over before a dialer looks again for its database, and one that is not."""

READERS = {
    ("status",): f"{CONTACTS} contacts: {CONTACTS} pending",
    ("get", "contacts", "--limit", "0"): "spring-0",
    ("describe", "campaign", "spring"): "Campaign default/spring",
    ("describe", "contact", "spring", "spring-7"): "Contact default/spring/spring-7",
    ("diff", "manifests"): "No changes",
}
"""Commands that only read, and what they are answered."""

PAUSE = ("pause", "spring", "--reason", "a test")
WRITERS = (PAUSE, ("call", "+12125550177", "--agent-id", "a"), ("run", "--until-idle"))
GO_TO_THE_PRIMARY = "hint: this server is a standby: what writes needs the URL of the primary\n"
PROMOTE_IT = "hint: a standby takes no writes: start the primary again, or promote the standby\n"

LOG = logging.getLogger("crash")

pytestmark = [pytest.mark.crash, ON_POSTGRESQL]


class Finished(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


@pytest.fixture
def servers():
    """Give a primary and its synchronous standby."""
    with pair() as both:
        yield both


@pytest.fixture
def here(servers, tmp_path):
    """Give a world whose processes know both servers, and which is itself looked at through the standby."""
    write_manifests(tmp_path / "manifests", CONTACTS, limit=30, ring="1s", talk="1s")
    world = World(tmp_path, servers.standby.url)
    world.environment["DIALCTL_DATABASE_URL"] = servers.url
    world.open_carrier()
    world.run("apply", "manifests", "--yes", "--allow", "windows-legal")
    yield world
    world.close()


@pytest.fixture
def dialctl(tmp_path, capsys, monkeypatch):
    """Run a command on a database, in this process."""
    monkeypatch.chdir(tmp_path)

    def run(url, *arguments):
        code = main([*arguments, "--database-url", url])
        return Finished(code, *capsys.readouterr())

    return run


def lose_the_primary(servers, *, amid_a_commit):
    """Kill it, if told so while a commit is on its way to the standby, and promote that; gives when."""
    if amid_a_commit:
        servers.freeze_walsender()
        wait_until(servers.waiting_commits, "a commit that waits for the standby")
    servers.primary.kill()
    killed_at = datetime.now(UTC)
    servers.promote()
    return killed_at


def is_back(world, dialer, lease, since):
    """Tell whether a process has renewed its lease since an instant."""
    renewed = f"lease_until > '{(since + lease).isoformat()}'"
    return world.count(f"dialer WHERE pid = {dialer.process.pid} AND {renewed}")


def assert_nobody_was_called_too_often(rings):
    """R-RETRY-1: by the ledger alone, whatever the database remembers."""
    most = Counter(number_of(index) for index in range(CONTACTS) for _ in range(MAX_ATTEMPTS))
    assert Counter(ring.number for ring in rings) - most == Counter()


@pytest.mark.parametrize("amid_a_commit", [True, False] if FULL else [True])
def test_no_phone_rings_twice_where_a_synchronous_standby_takes_over(servers, here, amid_a_commit):
    """R-CRASH-1, R-CRASH-2, R-CRASH-4: no dialer is started anew, no call is lost, each contact ends."""
    dialers = {here.start("run", "--lease", f"{lease.seconds}s"): lease for lease in LEASES}
    wait_until(lambda: here.carrier.rings() >= RINGS_BEFORE and here.carrier.calls_up() >= 5, "calls")
    killed_at = lose_the_primary(servers, amid_a_commit=amid_a_commit)
    rung = here.carrier.rings()
    for dialer, lease in dialers.items():
        dialer.wait_until(lambda: is_back(here, dialer, lease, killed_at), "a dialer that goes on")  # noqa: B023 - waited for within the round
    back_after = (datetime.now(UTC) - killed_at).total_seconds()
    wait_until(
        lambda: not here.count("contact WHERE status IN ('pending', 'locked', 'in_progress')"), "the last end"
    )
    for dialer in dialers:
        dialer.send(signal.SIGTERM)
    for dialer in dialers:
        dialer.finish()
        assert "database unusable" in dialer.log.read_text()
    assert_nobody_was_called_too_often(here.carrier.entries("ring"))
    figures = judge(here)
    assert figures["unknown"] == 0
    assert figures["rings"] > rung
    LOG.info("killed after %d rings; all are back after %.1f s; %s", rung, back_after, dict(figures))


def test_a_standby_answers_who_reads_and_tells_who_writes_where_to_go(servers, here, dialctl):
    """R-CRASH-1: nothing is written on a standby; where the URL names both, writers find the primary."""
    for command, answer in READERS.items():
        assert answer in dialctl(servers.standby.url, *command).out
    for command in WRITERS:
        told = dialctl(servers.standby.url, *command)
        assert told.code == EXIT_ERROR
        assert told.err.endswith(f"read-only transaction\n{GO_TO_THE_PRIMARY}")
    places = (servers.standby.place, servers.primary.place)
    both = f"postgresql://dialctl@{','.join(places)}/postgres"
    assert "campaign spring is paused" in dialctl(both, *PAUSE).out
    servers.primary.kill()
    failures = f"{places[0]}: session is read-only; {places[1]}: Connection refused"
    for command in WRITERS:
        assert dialctl(both, *command) == Finished(EXIT_ERROR, "", f"{both}: {failures}\n{PROMOTE_IT}")
    assert "held by" in dialctl(both, "status").out


def test_a_commit_that_no_standby_has_confirmed_is_an_error(servers):
    """R-CRASH-1: no call follows from it, though the server reports it like any other."""
    with closing(open_database(servers.url)) as database, ThreadPoolExecutor(1) as pool:
        servers.freeze_walsender()
        written = pool.submit(write_a_table, database)
        wait_until(servers.waiting_commits, "a commit that waits for the standby")
        servers.primary.ask(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        )
        with pytest.raises(DatabaseUnusable, match="a failover may lose it"):
            written.result(PATIENCE)
    servers.primary.kill()


def write_a_table(database):
    with database.write() as connection:
        connection.execute(text("CREATE TABLE written ()"))
