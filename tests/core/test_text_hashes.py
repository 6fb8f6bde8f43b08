"""Hashes of rows in eight bytes each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.text_hashes import Met, TextHashes, TextSum

hashes = st.sets(st.integers(0, 30) | st.integers(-(2**63), 2**63 - 1))


@given(hashes, hashes)
def test_they_are_a_set(some, others):
    """Membership, order and inclusion are those of a set."""
    packed = TextHashes(sorted(some))
    assert list(packed) == sorted(some)
    assert {one for one in some | others if one in packed} == some
    assert (packed <= TextHashes(sorted(others))) == (some <= others)
    assert (packed == TextHashes(sorted(others))) == (some == others)


@given(hashes, st.lists(st.integers(0, 5)))
def test_each_is_met_once(some, asked):
    """One that is met again is not met for the first time."""
    met, seen = Met(TextHashes(sorted(some))), set()
    for one in [*some, *asked, *some]:
        assert met.first_time(one) == (one in some and one not in seen)
        seen.add(one)
    known = met.known()
    assert (set(known.met), set(known.missed)) == (some, set())


@given(hashes, st.sets(st.integers(0, 30)))
def test_what_is_not_met_is_missed(some, asked):
    """R-PLAN-1: the others are known as well, so that it shows whether a database has just these."""
    met = Met(TextHashes(sorted(some)))
    for one in asked:
        met.first_time(one)
    known = met.known()
    assert (set(known.met), set(known.missed)) == (some & asked, some - asked)
    assert known.are(TextHashes(sorted(some)))
    assert not known.are(TextHashes(sorted(some | {-1}))) or -1 in some
    assert not some or not known.are(TextHashes(sorted(some)[1:]))


@given(hashes)
def test_a_sum_goes_through_halves_unchanged(some):
    """A database adds up halves; together they are the sum."""
    low, high = sum(one & 0xFFFF_FFFF for one in some), sum(one >> 32 for one in some)
    told = TextSum.of_halves(len(some), low, high)
    assert told == TextSum(len(some), sum(some))
    assert TextSum.of_halves(*told.halves()) == told
