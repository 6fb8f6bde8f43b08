"""Every test of this folder runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import databases
import pytest


@pytest.fixture(autouse=True, params=databases.ENGINES)
def engine(request):
    """The engine of the databases that a test makes."""
    with databases.chosen(request.param):
        yield request.param
