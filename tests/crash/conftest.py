"""Worlds for the crash tests; manifests are applied once, and every test gets a copy of the database."""

from __future__ import annotations

import databases
import pytest
from crash.campaigns import write_manifests
from crash.processes import World


@pytest.fixture(autouse=True, params=databases.ENGINES)
def engine(request):
    """The engine of the database of a world."""
    with databases.chosen(request.param):
        yield request.param


@pytest.fixture(scope="session")
def applied(tmp_path_factory):
    """Give URLs of databases by engine, number of contacts, and so on; each is made once."""
    made = {}

    def database(engine, contacts, **terms):
        key = (engine, contacts, *terms.values())
        if key not in made:
            directory = tmp_path_factory.mktemp("template")
            write_manifests(directory, contacts, **terms)
            template = World(directory, databases.empty_url(directory))
            template.run("apply", directory, "--yes", "--allow", "windows-legal")
            made[key] = template.url
        return made[key]

    return database


@pytest.fixture
def world(tmp_path, engine, applied):
    """Give a world: `world(contacts=…)`, whose processes end with the test."""
    worlds = []

    def make(contacts=180, limit=80, ring="1s", talk="1s", pace=None):
        template = applied(engine, contacts, limit=limit, ring=ring, talk=talk, pace=pace)
        worlds.append(World(tmp_path, databases.copy_of(template, tmp_path)))
        return worlds[-1]

    yield make
    for one in worlds:
        one.close()
