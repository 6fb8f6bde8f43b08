"""A storm is long and mostly waits: it goes first, beside everything else."""

from __future__ import annotations


def pytest_collection_modifyitems(items):
    """Put the tests of this folder before all others, which keep their order."""
    items.sort(key=lambda item: item.get_closest_marker("torture") is None)
