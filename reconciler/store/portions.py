"""Ids cut into portions that one statement takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

CHUNK = 500
"""Ids per statement, well below every driver's limit of bound values."""


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Cut ids, numbers or rows into portions that one statement takes."""
    left = iter(values)
    while portion := tuple(islice(left, size)):
        yield portion
