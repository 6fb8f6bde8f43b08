"""Which database a test works on: `engine` in a conftest has its tests run once on each."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path

import postgres

IN_MEMORY = "sqlite://"
ENGINES = tuple(os.environ.get("DIALCTL_TEST_ENGINES", "sqlite postgresql").split())

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
    """Give the URL of an empty database that this test has for itself."""
    return IN_MEMORY if _chosen[-1] == "sqlite" else postgres.new_database()


def shared_url(folder: Path):
    """Give the URL of an empty database that several processes, or handles, can open."""
    return f"sqlite:///{folder / 'dialctl.db'}" if _chosen[-1] == "sqlite" else postgres.new_database()
