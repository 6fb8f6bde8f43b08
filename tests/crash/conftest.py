"""Worlds for the crash tests; manifests are applied once, and every test gets a copy of the database."""

from __future__ import annotations

import shutil

import pytest
from crash.campaigns import write_manifests
from crash.processes import World


@pytest.fixture(scope="session")
def databases(tmp_path_factory):
    """Give files of databases by their number of contacts, and so on; each is made once."""
    made = {}

    def database(contacts, limit, ring, talk):
        key = (contacts, limit, ring, talk)
        if key not in made:
            directory = tmp_path_factory.mktemp("template")
            write_manifests(directory, contacts, limit=limit, ring=ring, talk=talk)
            template = World(directory)
            template.run("apply", directory, "--yes", "--allow", "windows-legal")
            made[key] = template.path
        return made[key]

    return database


@pytest.fixture
def world(tmp_path, databases):
    """Give a world: `world(contacts=…)`, whose processes end with the test."""
    worlds = []

    def make(contacts=180, limit=80, ring="1s", talk="1s"):
        shutil.copy(databases(contacts, limit, ring, talk), tmp_path)
        worlds.append(World(tmp_path))
        return worlds[-1]

    yield make
    for one in worlds:
        one.close()
