"""Ids cut into portions that one statement takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")

CHUNK = 500
"""Ids per statement, well below every driver's limit of bound values."""


def chunks(values: Sequence[T]) -> Iterable[Sequence[T]]:
    """Cut ids, or numbers, into portions that one statement takes."""
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))
