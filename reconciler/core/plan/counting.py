"""Counts as people write them."""

from __future__ import annotations


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Write `1 contact`, `2,000 contacts`, `2 entries`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
