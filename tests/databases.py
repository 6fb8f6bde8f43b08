"""Which database a test works on: `engine` in a conftest has its tests run once on each."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path

import postgres
import pytest

IN_MEMORY = "sqlite://"
ENGINES = tuple(os.environ.get("DIALCTL_TEST_ENGINES", "sqlite postgresql").split())

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""For tests that meet no difference between engines, and for the many examples of a property."""

ON_POSTGRESQL = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
"""For the few examples of such a property: a database on a server takes a twentieth of a second to make."""

_chosen = ["sqlite"]


@contextmanager
def chosen(engine):
    """Have `scratch_url` give databases of an engine."""
    _chosen.append(engine)
    try:
        yield engine
    finally:
        _chosen.pop()


def scratch_url():
    """Give the URL of a database that this test has for itself, without a row."""
    return IN_MEMORY if _chosen[-1] == "sqlite" else _on_the_server()


def shared_url(folder: Path):
    """Give the URL of such a database that several processes, or handles, can open."""
    return f"sqlite:///{folder / 'dialctl.db'}" if _chosen[-1] == "sqlite" else _on_the_server()


def empty_url(folder: Path):
    """Give the URL of a database without a table: on SQLite, a file that is not there yet."""
    return f"sqlite:///{folder / 'dialctl.db'}" if _chosen[-1] == "sqlite" else _empty_on_the_server()


def _empty_on_the_server():
    return postgres.url_of(postgres.new_database())


def _on_the_server():
    return postgres.url_of(postgres.new_database(postgres.with_tables()))
