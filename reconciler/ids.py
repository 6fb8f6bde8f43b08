"""Ids: UUIDs of version 7 (RFC 9562) that grow with each call, from a random source that can be seeded."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COUNTER_BITS = 26
_MICROSECONDS_PER_MILLISECOND = 1000


class Uuid7:
    """Makes ids that sort by time, and within one generator strictly by the order of the calls.

    48 bits of milliseconds, then a 26-bit counter in `rand_a` and the top of `rand_b` (method 1 of RFC 9562,
    section 6.2), then 48 random bits. The counter starts anew each millisecond; time never goes back.
    """

    def __init__(self, random: Random | None = None) -> None:
        self._random = random or Random()  # noqa: S311 - seeded by the system; ids are unique, not secret
        self._last = (0, 0)

    def __call__(self, now: datetime) -> UUID:
        """Give the next id."""
        elapsed = now - EPOCH
        micros = (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds
        milliseconds = micros // _MICROSECONDS_PER_MILLISECOND
        last_milliseconds, counter = self._last
        if milliseconds > last_milliseconds:
            counter = 0
        else:
            milliseconds, counter = last_milliseconds, counter + 1
            if counter >> _COUNTER_BITS:
                milliseconds, counter = milliseconds + 1, 0
        self._last = (milliseconds, counter)
        high = milliseconds << 16 | 0x7000 | counter >> 14
        low = 0b10 << 62 | (counter & 0x3FFF) << 48 | self._random.getrandbits(48)
        return UUID(int=high << 64 | low)
