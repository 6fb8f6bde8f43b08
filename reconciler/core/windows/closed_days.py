"""The local dates on which no window opens: public holidays and blackouts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from reconciler.errors import DialctlError
from reconciler.spec.schedule import Blackout, Holidays


class ClosedDays:
    """Answers whether a local date is closed (R-WIN-2).

    Raises DialctlError if the `holidays` package knows no such country or subdivision.
    """

    def __init__(self, holidays: Holidays | None, blackouts: Sequence[Blackout]) -> None:
        self._holidays = holidays
        self._blackouts = tuple((blackout.start, blackout.end) for blackout in blackouts)
        if holidays is not None:
            _require_known(holidays)

    def __contains__(self, day: date) -> bool:
        if any(start <= day <= end for start, end in self._blackouts):
            return True
        return self._holidays is not None and day in _public_holidays(self._holidays, day.year)


def _require_known(holidays: Holidays) -> None:
    from holidays import country_holidays  # noqa: PLC0415 - slow to import, and most schedules have none

    try:
        country_holidays(holidays.country, subdiv=holidays.subdivision)
    except NotImplementedError:  # it is how the package says that it knows no such country or subdivision
        place = "/".join(part for part in (holidays.country, holidays.subdivision) if part)
        raise DialctlError(
            f"holidays: no public holidays are known for {place}",
            hint="use a country and subdivision of the `holidays` package, or list the days as blackouts",
        ) from None


@lru_cache(maxsize=256)
def _public_holidays(holidays: Holidays, year: int) -> frozenset[date]:
    """Give a year's public holidays, and the days on which they are observed instead."""
    from holidays import country_holidays  # noqa: PLC0415 - slow to import, and most schedules have none

    return frozenset(
        country_holidays(holidays.country, subdiv=holidays.subdivision, years=year, expand=False)
    )
