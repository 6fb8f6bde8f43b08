"""Ids: UUIDs of version 7 that grow, and repeat with their seed (R-ID-1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import RFC_4122

from hypothesis import given
from hypothesis import strategies as st

from reconciler.ids import Uuid7

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@given(st.lists(st.integers(-5_000, 5_000), max_size=60), st.integers())
def test_ids_grow_with_each_call_even_when_the_clock_goes_back(steps, seed):
    """R-ID-1: strictly, within one generator: file order and attempt order are the order of ids."""
    ids, now, made = Uuid7(Random(seed)), NOON, []
    for microseconds in steps:
        now += timedelta(microseconds=microseconds)
        made.append(ids(now))
    assert made == sorted(set(made))
    assert {(id_.version, id_.variant) for id_ in made} <= {(7, RFC_4122)}


def test_an_id_tells_its_millisecond():
    """R-ID-1: 48 bits of time come first, so that ids of different processes sort by time."""
    assert Uuid7(Random(1))(NOON).int >> 80 == int(NOON.timestamp() * 1000)


def test_the_same_seed_gives_the_same_ids():
    """Rule 2 of the house: a simulation with a seed can be repeated to the byte."""
    ones, twos = Uuid7(Random(4)), Uuid7(Random(4))
    assert [ones(NOON) for _ in range(3)] == [twos(NOON) for _ in range(3)]
    assert Uuid7()(NOON) != Uuid7()(NOON)


def test_a_counter_that_runs_over_borrows_a_millisecond():
    """R-ID-1: ids go on growing after 67 million in one millisecond."""
    ids = Uuid7(Random(1))
    ids(NOON)
    ids._last = (ids._last[0], (1 << 26) - 1)
    last, following = ids._last, ids(NOON)
    assert following.int >> 80 == last[0] + 1
