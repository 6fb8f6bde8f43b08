"""Months of history: an id belongs to the month in which it was made, whatever the calendar does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.months import Month
from reconciler.ids import Uuid7

SECONDS = st.integers(0, 7_000_000_000)
INSTANTS = SECONDS.map(lambda seconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
MARCH = Month(2026, 3)


@given(INSTANTS)
def test_an_id_is_inside_the_bounds_of_its_month(at):
    """Ids of version 7 sort by time, so that two bounds tell the month of each."""
    id_, month = Uuid7(Random(1))(at), Month.of(at)
    assert Month.of_id(id_) == month
    assert month.first_id <= id_ < month.plus(1).first_id
    assert month.start <= at < month.plus(1).start


@pytest.mark.parametrize("before", [timedelta(milliseconds=1), timedelta(0)])
def test_a_month_begins_with_its_first_millisecond(before):
    """The last id of February is below what is the first of March."""
    made = Uuid7(Random(1))(MARCH.start - before)
    assert (made < MARCH.first_id) == bool(before)


@given(INSTANTS, st.integers(-500, 500))
def test_months_are_counted_over_years(at, months):
    """So many months later and as many earlier is the same month; later is greater, read back it is equal."""
    month = Month.of(at)
    assert month.plus(months).plus(-months) == month
    assert (month.plus(months) > month) == (months > 0)
    assert Month.read(str(month)) == month


@pytest.mark.parametrize("text", ["2026", "2026-3", "2026-13", "2026-03-01", "march", "26-03", ""])
def test_what_is_no_month_is_refused(text):
    """A month is written in one way."""
    with pytest.raises(ValueError, match="is no month"):
        Month.read(text)


def test_an_id_of_no_time_at_all_has_a_month_too():
    """Whatever a wrong clock has made, it can be asked where it belongs."""
    assert Month.of_id(UUID(int=0)) == Month(1970, 1)
    assert Month.of_id(UUID(int=2**128 - 1)) == Month(9999, 12)
