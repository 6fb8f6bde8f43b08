"""Values as a few bytes: what is many goes through `marshal`, which knows plain values only, and is fastest.

Nothing that was packed is ever read by another process.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

_Value = TypeVar("_Value", bound=Hashable)

pack: Callable[[Any], bytes] = marshal.dumps
"""Pack tuples, lists, mappings, texts, numbers, bytes and None; no named tuples, and no instances at all."""


def unpack(packed: bytes) -> Any:  # noqa: ANN401 - whatever was packed
    """Give what was packed."""
    return marshal.loads(packed)  # noqa: S302 - what this process has packed itself


class Numbered(Generic[_Value]):
    """Few values that many rows have: each gets a number, which the rows keep instead."""

    def __init__(self) -> None:
        self.values: list[_Value] = []
        self._numbers: dict[_Value, int] = {}

    def number(self, value: _Value) -> int:
        """Give the number of a value, a new one the first time."""
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self.values)
            self.values.append(value)
        return number
