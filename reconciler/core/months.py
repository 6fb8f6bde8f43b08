"""Months of history: an attempt belongs to the month in which its id was made, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

MONTHS_PER_YEAR = 12
_WRITTEN = re.compile(r"([1-9][0-9]{3})-(0[1-9]|1[0-2])")
_BITS_BELOW_MILLISECONDS = 80
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LAST_MILLISECOND = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND


def first_id_at(instant: datetime) -> UUID:
    """Give what no id of version 7 that was made from an instant on is below, and every earlier one is."""
    return UUID(int=(instant - _EPOCH) // _MILLISECOND << _BITS_BELOW_MILLISECONDS)


class Month(NamedTuple):
    """A month of the calendar, in UTC; sorts by time, and reads `2026-03`."""

    year: int
    number: int

    @classmethod
    def of(cls, at: datetime) -> Month:
        """Give the month of an instant."""
        utc = at.astimezone(UTC)
        return cls(utc.year, utc.month)

    @classmethod
    def of_id(cls, id_: UUID) -> Month:
        """Give the month in which an id of version 7 was made."""
        milliseconds = min(id_.int >> _BITS_BELOW_MILLISECONDS, _LAST_MILLISECOND)
        return cls.of(_EPOCH + milliseconds * _MILLISECOND)

    @classmethod
    def read(cls, text: str) -> Month:
        """Read `2026-03`; raises ValueError where it is no month."""
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no month")
        return cls(int(found[1]), int(found[2]))

    @property
    def start(self) -> datetime:
        """Its first instant."""
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def first_id(self) -> UUID:
        """What no id of version 7 that was made in it is below, and every earlier one is."""
        return first_id_at(self.start)

    def plus(self, months: int) -> Month:
        """Give the month so many months later, or earlier."""
        years, number = divmod(self.number - 1 + months, MONTHS_PER_YEAR)
        return Month(self.year + years, number + 1)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"
