"""Fates: a pure function of seed and attempt id, and fast."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from time import process_time
from uuid import UUID

from gateways.conformance import START
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.outcomes import Outcome
from reconciler.gateways.behaviour import Behaviour
from reconciler.gateways.fate import Fate, Fates, Stage
from reconciler.ids import Uuid7

RING_TIMEOUT = timedelta(seconds=30)
MAX_CALL_DURATION = timedelta(minutes=2)
NUMBER = "+12125550142"


def tell(attempt_id: UUID, seed: int = 0) -> Fate:
    return Fates(Behaviour(), seed).of(attempt_id, NUMBER, RING_TIMEOUT, MAX_CALL_DURATION)


@given(attempt_id=st.uuids(), seed=st.integers())
def test_a_fate_is_a_pure_function(attempt_id, seed):
    """R-CRASH-2: two carriers of one seed tell the same fate; any integer is a seed."""
    assert tell(attempt_id, seed) == tell(attempt_id, seed)


def test_another_seed_tells_another_story():
    """A simulation with another seed is another run."""
    ids = Uuid7(Random(1))
    attempts = [ids(START) for _ in range(50)]
    assert [tell(attempt_id, 1) for attempt_id in attempts] != [
        tell(attempt_id, 2) for attempt_id in attempts
    ]


@given(attempt_id=st.uuids())
def test_a_fate_makes_sense(attempt_id):
    """Stages follow each other, and ringing and talking stay within their limits."""
    fate = tell(attempt_id)
    reached = [after for stage in Stage if (after := fate.after(stage)) is not None]
    assert reached == sorted(reached)
    assert fate.ended_after == reached[-1] > timedelta(0)
    assert fate.talk_time <= MAX_CALL_DURATION
    if fate.ringing_after is not None:
        assert fate.rang
        assert (fate.answered_after or fate.ended_after) - fate.ringing_after <= RING_TIMEOUT
    if fate.disposition is not None:
        assert fate.outcome is Outcome.COMPLETED


@given(attempt_id=st.uuids(), share=st.floats(0, 0.999))
def test_a_call_cut_short_keeps_its_past(attempt_id, share):
    """R-RETRY-1: hanging up changes the end, never what has happened; what rang stays rung."""
    fate = tell(attempt_id)
    moment = fate.ended_after * share
    cut = fate.cut_short(moment)
    for stage in (Stage.ACCEPTED, Stage.RINGING, Stage.ANSWERED):
        after = fate.after(stage)
        assert cut.after(stage) == (after if after is not None and after <= moment else None)
    assert cut.ended_after == moment
    assert cut.rang == (cut.ringing_after is not None)
    assert (cut.outcome is Outcome.CANCELLED) == (cut.answered_after is None)


def test_fates_are_told_fast():
    """A carrier tells 50,000 fates a second; half of that is asked for here, for slow machines."""
    ids = Uuid7(Random(1))
    attempts = [ids(START) for _ in range(5000)]
    fates = Fates(Behaviour(), 0)
    before = process_time()
    for attempt_id in attempts:
        fates.of(attempt_id, NUMBER, RING_TIMEOUT, MAX_CALL_DURATION)
    assert len(attempts) / (process_time() - before) > 25_000
