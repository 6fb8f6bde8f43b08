"""On which databases the crash tests run: all on both by `make crash`, in the suite where it can matter."""

from __future__ import annotations

import os

import pytest
from databases import ENGINES

FULL = bool(os.environ.get("DIALCTL_CRASH_FULL"))

ON_BOTH_IF_FULL = pytest.mark.parametrize("engine", ENGINES if FULL else ["sqlite"], indirect=True)
"""For tests of what processes and carriers do, whatever the database."""

ON_THE_SERVER_IF_NOT_FULL = pytest.mark.parametrize(
    "engine", ENGINES if FULL else ["postgresql"], indirect=True
)
"""For tests of several machines, which a file has not."""


def on_each(sqlite, postgresql):
    """Give each engine its cases: pairs of the engine and a case."""
    cases = {"sqlite": sqlite, "postgresql": postgresql}
    return [(engine, case) for engine in ENGINES for case in cases[engine]]
