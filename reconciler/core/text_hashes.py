"""Hashes of rows by the million: eight bytes each, and one bit more for those that were met."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import compress
from typing import NamedTuple

_SIGNED_64_BITS, _UNSIGNED_32_BITS = "q", "I"
_TOGETHER = 8
"""About so many hashes have the same leading bits."""

LOW_BITS, LOW = 32, 0xFFFF_FFFF
"""A database sums up the two halves of hashes, for the sum of a million is no number of 64 bits."""


class TextSum(NamedTuple):
    """How many text hashes there are, and their sum: as good as comparing them one by one."""

    rows: int
    total: int

    @classmethod
    def of_halves(cls, rows: int, low: int, high: int) -> TextSum:
        """Put together the sums of the lower and the upper halves."""
        return cls(rows, (high << LOW_BITS) + low)

    def halves(self) -> tuple[int, int, int]:
        """Take them apart, into numbers that any database holds."""
        return self.rows, self.total & LOW, self.total >> LOW_BITS


class TextHashes:
    """Some row text hashes (`DesiredContact.text_hash`), each once.

    `ascending` must be: whoever reads them from a database has it sort them.
    """

    def __init__(self, ascending: Iterable[int] = ()) -> None:
        self._hashes = array(_SIGNED_64_BITS, ascending)

    def __len__(self) -> int:
        return len(self._hashes)

    def __iter__(self) -> Iterator[int]:
        return iter(self._hashes)

    def __contains__(self, text_hash: int) -> bool:
        at = bisect_left(self._hashes, text_hash)
        return at < len(self._hashes) and self._hashes[at] == text_hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TextHashes) and self._hashes == other._hashes

    __hash__ = None  # type: ignore[assignment] # a collection, compared by what it holds

    def __le__(self, others: TextHashes) -> bool:
        """Tell whether all of them are among the others."""
        return len(self) <= len(others) and all(text_hash in others for text_hash in self)


class Met:
    """Which of some text hashes were met, each the first time.

    They are looked for by the million, in no order: so their leading bits say at once nearly where they are.
    """

    def __init__(self, known: TextHashes) -> None:
        self._hashes = known._hashes  # noqa: SLF001 - the class above, of which this is the other half
        self._met = bytearray(len(known))
        leading_bits = max(1, (len(known) // _TOGETHER).bit_length())
        self._shift, self._half = 64 - leading_bits, 1 << leading_bits - 1
        beginnings = range(-self._half, self._half)
        starts = (bisect_left(self._hashes, leading << self._shift) for leading in beginnings)
        self._starts = array(_UNSIGNED_32_BITS, (*starts, len(known)))

    def first_time(self, text_hash: int) -> bool:
        """Tell whether it is one of them, and was not met before; from now on it was."""
        begins = (text_hash >> self._shift) + self._half
        end = self._starts[begins + 1]
        at = bisect_left(self._hashes, text_hash, self._starts[begins], end)
        if at == end or self._hashes[at] != text_hash or self._met[at]:
            return False
        self._met[at] = True
        return True

    def known(self) -> KnownTexts:
        """Give those that were met, and the others."""
        met = self._met.translate(_TURNED)
        return KnownTexts(
            TextHashes(compress(self._hashes, self._met)), TextHashes(compress(self._hashes, met))
        )


_TURNED = bytes([1, *[0] * 255])
"""Has 1 for 0, and 0 for 1."""


@dataclass(frozen=True, slots=True)
class KnownTexts:
    """Text hashes that a database knows: those that manifests still have, and those that they lack now."""

    met: TextHashes = field(default_factory=TextHashes)
    missed: TextHashes = field(default_factory=TextHashes)

    def are(self, present: TextHashes) -> bool:
        """Tell whether these are all that the database knows at present."""
        count = len(self.met) + len(self.missed)
        return count == len(present) and self.met <= present and self.missed <= present
