"""The phone numbers of many contacts, a few bytes each: shared ones are found without a row for each."""

from __future__ import annotations

from array import array
from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import islice
from operator import eq

_SIGNED_64_BITS, _UNSIGNED_32_BITS = "q", "I"
_PARTS = 16
"""So many parts are looked through one after the other: sorting one takes little memory."""


class Numbers:
    """Numbers in E.164, each with the position of its contact."""

    def __init__(self) -> None:
        self._parts = [(array(_SIGNED_64_BITS), array(_UNSIGNED_32_BITS)) for _ in range(_PARTS)]

    def add(self, e164: str, position: int) -> None:
        """Add a number of the contact at a position."""
        number = int(e164[1:])
        numbers, positions = self._parts[number % _PARTS]
        numbers.append(number)
        positions.append(position)

    def shared(self, gone: Container[int]) -> Mapping[str, Sequence[int]]:
        """Give the numbers that stand at several positions, with these, in the order of the second one.

        Contacts that are `gone` are left out.
        """
        found: dict[int, list[int]] = {}
        for numbers, positions in self._parts:
            several = frozenset(repeated_in(numbers))
            for number, position in zip(numbers, positions, strict=True) if several else ():
                if number in several and position not in gone:
                    found.setdefault(number, []).append(position)
        shared = ((f"+{number}", at) for number, at in found.items() if len(at) > 1)
        return dict(sorted(shared, key=lambda item: item[1][1]))

    def all(self, gone: Container[int]) -> Iterator[str]:
        """Give all numbers of contacts that are not gone."""
        for numbers, positions in self._parts:
            for number, position in zip(numbers, positions, strict=True):
                if position not in gone:
                    yield f"+{number}"


def repeated_in(values: Sequence[int]) -> Iterator[int]:
    """Give the values that stand there more than once."""
    ordered = sorted(values)
    if any(map(eq, ordered, islice(ordered, 1, None))):
        yield from (
            one for one, other in zip(ordered, islice(ordered, 1, None), strict=False) if one == other
        )
