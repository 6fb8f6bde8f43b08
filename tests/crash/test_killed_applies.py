"""Applies that are killed at random moments: what is there then is the old state, or the new one.

One round on each database in the suite, on a shorter list, more by DIALCTL_CRASH_ROUNDS (`make crash`: 30 on
each). A round is a seed: it kills one apply after the other, each later than the one before, until one has
committed.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from contextlib import suppress
from random import Random

import databases
import pytest
from crash.campaigns import number_of, write_manifests
from crash.engines import FULL, on_each
from crash.processes import LOOK_CLOSELY, World, wait_until
from support.contents import Contents, difference

from reconciler.store.engine import is_empty

CONTACTS = 3_000 if FULL else 300
ROUNDS = range(1, 1 + int(os.environ.get("DIALCTL_CRASH_ROUNDS", "1")))
KILLS = 4 if FULL else 1
"""How many applies of a round are killed at most while they write."""

WHOLE, WRITING = "its whole time", "its time of writing"
AT_ONCE = 0.002
"""Seconds that one tries to get the write lock, to see whether somebody has it."""

APPLY = ("apply", "manifests", "--yes", "--allow", "windows-legal")
DIFF = ("diff", "manifests", "--allow", "windows-legal")
IN_SYNC, CHANGES = 0, 2
BORN = {"installation", "organization", "schema_revision"}
"""Tables that have rows in a new database to which nothing was applied."""

LOG = logging.getLogger("crash")

pytestmark = pytest.mark.crash


def write_old(folder):
    """Declare a list of some thousand contacts."""
    write_manifests(folder, 0, limit=80)
    _write_list(folder, [_row(index) for index in range(CONTACTS) if index % 10 != 5])


def write_new(folder):
    """Declare the same with a tenth new, a tenth gone, three tenths changed; limits and pace change, too."""
    write_manifests(folder, 0, limit=90, pace=2)
    changes = {
        1: lambda index: _row(index, number=number_of(CONTACTS + index)),
        2: lambda index: _row(index, zone="America/Chicago"),
        3: lambda index: _row(index, plan="gold"),
    }
    rows = [changes.get(index % 10, _row)(index) for index in range(CONTACTS) if index % 10 != 0]
    _write_list(folder, rows)


def _row(index, *, number=None, zone="", plan="basic"):
    return f"spring-{index},{number or number_of(index)},{zone},{plan}\n"


def _write_list(folder, rows):
    (folder / "spring.csv").write_text("external_id,phone,timezone,plan\n" + "".join(rows))


class Undisturbed:
    """An apply that nobody disturbs: how many seconds it takes, and what it comes to."""

    def __init__(self, world, *, seen_writing=False):
        started = time.monotonic()
        apply = world.start(*APPLY)
        self.seconds = {}
        if seen_writing:
            wait_until_writing(world, apply)
            locked = time.monotonic()
            wait_until(lambda: not world.is_locked(AT_ONCE), "the commit", LOOK_CLOSELY)
            self.seconds[WRITING] = time.monotonic() - locked
        apply.finish()
        self.seconds[WHOLE] = time.monotonic() - started
        self.after = contents(world)
        LOG.info("an apply takes, in seconds: %s", self.seconds)


def wait_until_writing(world, apply):
    wait_until(lambda: apply.is_dead or world.is_locked(AT_ONCE), "the write lock taken", LOOK_CLOSELY)


def moments(luck, of_what, how_many):
    """Give moments in their order, spread over a time by lot: what it is a share of, and the share."""
    return [(of_what, (n + luck.random()) / how_many) for n in range(how_many)]


def until_committed(world, undisturbed, moments, is_old):
    """Kill an apply at each of some moments, as long as the old state is there; gives what is there then."""
    for of_what, share in moments:
        apply = world.start(*APPLY)
        if of_what == WRITING:
            wait_until_writing(world, apply)
        with suppress(subprocess.TimeoutExpired):
            apply.process.wait(share * undisturbed.seconds[of_what])
        LOG.info("%s at %d %% of %s", "ended" if apply.is_dead else "killed", share * 100, of_what)
        apply.kill()
        assert apply.process.returncode in (0, -signal.SIGKILL), apply.log.read_text()
        found = contents(world)
        if not is_old(found):
            break
    return found


def contents(world):
    """Give what is there once a server has heard that the process is dead; None where there is no table."""
    with databases.write_lock(world.url) as connection:
        return None if is_empty(connection) else Contents(connection)


def counts_of(found):
    """Count the rows of each table that has any."""
    return {} if found is None else found.counts()


def code_of_diff(world):
    """Give the exit code of a diff."""
    diff = world.start(*DIFF)
    code = diff.process.wait()
    assert code in (IN_SYNC, CHANGES), diff.log.read_text()
    return code


@pytest.fixture(scope="module")
def replacing(tmp_path_factory):
    """Give by engine: the URL of a database with the old list, what it holds, and an apply of the new."""
    made = {}

    def of(engine):
        if engine not in made:
            old, new = tmp_path_factory.mktemp("old"), tmp_path_factory.mktemp("new")
            write_old(old / "manifests")
            template = World(old, databases.empty_url(old))
            template.run(*APPLY)
            before = contents(template)
            copy = World(new, databases.copy_of(template.url, new))
            write_new(new / "manifests")
            made[engine] = template.url, before, Undisturbed(copy, seen_writing=True)
        return made[engine]

    return of


@pytest.fixture(scope="module")
def creating(tmp_path_factory):
    """Give by engine: an apply of the old list to a database that is not there yet."""
    made = {}

    def of(engine):
        if engine not in made:
            folder = tmp_path_factory.mktemp("first")
            write_old(folder / "manifests")
            made[engine] = Undisturbed(World(folder, databases.empty_url(folder)))
        return made[engine]

    return of


@pytest.fixture
def here(tmp_path):
    """Give a world on a database; its processes end with the test."""
    worlds = []

    def make(url):
        worlds.append(World(tmp_path, url))
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()


@pytest.mark.parametrize(("engine", "number"), on_each(ROUNDS, ROUNDS), indirect=["engine"])
def test_an_apply_that_is_killed_leaves_the_old_state_or_the_new_one(
    replacing, here, tmp_path, engine, number
):
    """R-PLAN-7: row by row, in every table; and from there a diff and an apply arrive, as if nothing was."""
    template, before, undisturbed = replacing(engine)
    world = here(databases.copy_of(template, tmp_path))
    write_new(tmp_path / "manifests")
    old, luck = before.exactly(), Random(number)
    spread = moments(luck, WHOLE, 1) + moments(luck, WRITING, KILLS)
    found = until_committed(world, undisturbed, spread, lambda found: found.exactly() == old)
    is_old = found.exactly() == old
    new = undisturbed.after.apart_from_what_is_new(before)
    assert is_old or difference(found.apart_from_what_is_new(before), new) == ([], [])
    assert code_of_diff(world) == (CHANGES if is_old else IN_SYNC)
    world.run(*APPLY)
    assert difference(contents(world).apart_from_what_is_new(before), new) == ([], [])
    assert code_of_diff(world) == IN_SYNC
    LOG.info("round %d: until the %s state stood", number, "old" if is_old else "new")


@pytest.mark.parametrize(
    ("engine", "number"), on_each(ROUNDS[::3], ROUNDS[::3] if FULL else []), indirect=["engine"]
)
def test_a_first_apply_that_is_killed_leaves_nothing_or_all(creating, here, tmp_path, engine, number):
    """R-PLAN-7: nothing that manifests declare, or all of it; and then the next one arrives."""
    undisturbed = creating(engine)
    world = here(databases.empty_url(tmp_path))
    write_old(tmp_path / "manifests")
    spread = moments(Random(number), WHOLE, 2 * KILLS)
    found = until_committed(world, undisturbed, spread, lambda found: counts_of(found).keys() <= BORN)
    counts, all_of_it = counts_of(found), counts_of(undisturbed.after)
    is_old = counts.keys() <= BORN
    assert is_old or counts == all_of_it
    assert code_of_diff(world) == (CHANGES if is_old else IN_SYNC)
    world.run(*APPLY)
    assert counts_of(contents(world)) == all_of_it
    assert code_of_diff(world) == IN_SYNC
    LOG.info("round %d of first applies: until %s stood", number, "nothing" if is_old else "all")
