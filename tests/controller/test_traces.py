"""How events move an attempt on, and never back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from databases import ON_SQLITE
from hypothesis import given
from hypothesis import strategies as st

from reconciler.controller.traces import RANK, Trace, advance
from reconciler.core.outcomes import Outcome
from reconciler.ports import Accepted, Answered, CannotTell, Ended, Fenced, Found, Ringing

pytestmark = ON_SQLITE

ID, NOON, SECOND = UUID(int=1), datetime(2026, 3, 2, 12, tzinfo=UTC), timedelta(seconds=1)
PLACING = Trace("placing")

moments = st.integers(0, 60).map(lambda seconds: NOON + seconds * SECOND)
events = st.one_of(
    st.builds(Accepted, st.just(ID), moments, st.just("ref")),
    st.builds(Found, st.just(ID), moments, st.just("found")),
    st.builds(Ringing, st.just(ID), moments),
    st.builds(Answered, st.just(ID), moments),
    st.builds(CannotTell, st.just(ID), moments),
    st.builds(Fenced, st.just(ID), moments),
    st.builds(Ended, st.just(ID), moments, st.sampled_from(Outcome), st.booleans()),
)


@given(st.lists(events, max_size=12))
def test_states_never_move_back_and_nothing_known_is_overwritten(events):
    """R-CRASH-1: whatever comes, in whatever order."""
    trace = PLACING
    for event in events:
        after = advance(trace, [event])
        assert RANK[after.state] >= RANK[trace.state]
        for name in ("gateway_ref", "placed_at", "ringing_at", "answered_at", "ended"):
            known = getattr(trace, name)
            assert known is None or getattr(after, name) == known
        assert advance(after, [event]) == after
        trace = after


@given(st.lists(events, max_size=12), st.integers(0, 12))
def test_batches_do_not_matter(events, cut):
    """R-CRASH-4: one batch or two, the trace is the same."""
    assert advance(advance(PLACING, events[:cut]), events[cut:]) == advance(PLACING, events)


def test_answers_to_an_inquiry():
    """R-CRASH-2: found adopts; fenced releases what never rang; cannot_tell is unknown, until a proof."""
    assert advance(PLACING, [Found(ID, NOON, "ref")]).state == "placed"
    fenced = advance(PLACING, [Fenced(ID, NOON)])
    assert (fenced.state, fenced.ended.outcome, fenced.rang) == ("ended", Outcome.RELEASED, False)
    lost = advance(PLACING, [CannotTell(ID, NOON)])
    assert (lost.state, lost.ended) == ("unknown", None)
    assert advance(lost, [Ended(ID, NOON, Outcome.BUSY)]).state == "ended"


def test_the_end_cannot_unring_a_phone():
    """R-RETRY-1: a phone that was heard has rung, whatever the end says of it."""
    silent = Ended(ID, NOON, Outcome.CANCELLED, rang=False)
    assert not advance(PLACING, [Accepted(ID, NOON, "ref"), silent]).rang
    for sign in (Ringing(ID, NOON), Answered(ID, NOON)):
        assert advance(PLACING, [sign, silent]).rang


def test_the_first_sign_is_the_acceptance():
    """R-ATT-2: any sign of life shows that the gateway took the call; a refusal shows nothing."""
    assert advance(PLACING, [Ringing(ID, NOON + SECOND)]).accepted_at == NOON + SECOND
    assert advance(PLACING, [Ringing(ID, NOON + SECOND), Accepted(ID, NOON, "r")]).accepted_at == NOON
    assert advance(PLACING, [Ended(ID, NOON, Outcome.QUOTA, rang=False)]).accepted_at is None
