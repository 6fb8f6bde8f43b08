"""Hashes of rows in eight bytes each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.text_hashes import Met, TextHashes

hashes = st.sets(st.integers(-(2**63), 2**63 - 1))


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
    assert set(met.all()) == some
