"""The simulated carrier at its worst: each fault that a dialer must survive, on purpose and repeatable."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from gateways.conformance import (
    START,
    GatewayConformance,
    SimulatedBench,
    let_pass,
    make_calls,
    of_attempt,
    only_end,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.clock import VirtualClock
from reconciler.core.outcomes import Outcome
from reconciler.gateways.behaviour import Behaviour
from reconciler.gateways.simulator import SimulatedCarrier
from reconciler.ports import Accepted, Answered, CannotTell, Ended, Fenced, Found, Inquiry, Ringing

HOUR = timedelta(hours=1)
STEP = timedelta(seconds=10)


def bench_of(behaviour: Behaviour, seed: int = 0) -> SimulatedBench:
    return SimulatedBench(lambda clock: SimulatedCarrier(clock, seed, behaviour), VirtualClock(START))


class TestConformanceWithFaults(GatewayConformance):
    """R-RETRY-1, R-CRASH-2: a faulty network breaks none of the promises of the port."""

    @pytest.fixture(params=[{"faults": 0.4, "faults_after_ringing": 0.4}, {"cannot_tell": 0.5}])
    def bench(self, request):
        return bench_of(Behaviour(**request.param))


@settings(max_examples=25, deadline=None)
@given(
    shares=st.fixed_dictionaries(
        {
            name: st.sampled_from([0, 0.3, 1])
            for name in ("lost_requests", "lost_events", "late_events", "repeated_events", "reordered_calls")
        }
    ),
    seed=st.integers(0, 99),
)
def test_misbehaviour_is_repeatable_and_invents_nothing(shares, seed):
    """The same seed misbehaves alike; every event that arrives is one that an orderly carrier tells."""
    calls = make_calls(8, seed=seed)

    def tell(behaviour):
        bench = bench_of(behaviour, seed)
        bench.gateway.submit(calls)
        return [
            (type(event).__name__, event.attempt_id, event.at)
            for event in let_pass(bench, 2 * HOUR, timedelta(minutes=1))
        ]

    told = tell(Behaviour(**shares))
    assert tell(Behaviour(**shares)) == told
    assert set(told) <= set(tell(Behaviour()))


def test_lost_ends_are_found_by_asking():
    """R-CRASH-2: where acceptance and end got lost, the answer to `ask` brings both."""
    calls = make_calls(10)
    bench = bench_of(Behaviour(lost_events=1))
    bench.gateway.submit(calls)
    assert {type(event) for event in let_pass(bench, HOUR, STEP)} == {Ringing, Answered}
    bench.gateway.ask([Inquiry.about(call) for call in calls])
    events = bench.take_events()
    for call in calls:
        assert isinstance(of_attempt(events, call.attempt_id)[0], Found)
        only_end(events, call.attempt_id)


def test_lost_requests_are_fenced_for_good():
    """R-CRASH-2: a request that never arrived has not rung, and a later submit of it does not ring either."""
    calls = make_calls(10)
    bench = bench_of(Behaviour(lost_requests=1))
    bench.gateway.submit(calls)
    assert let_pass(bench, HOUR, STEP) == []
    bench.restart()
    bench.gateway.ask([Inquiry.about(call) for call in calls])
    assert {type(event) for event in bench.take_events()} == {Fenced}
    bench.gateway.submit(calls)
    assert let_pass(bench, HOUR, STEP) == []


def test_some_inquiries_have_no_answer():
    """R-CRASH-2: `cannot_tell` is an answer; only the process that placed the call still hears of its end."""
    (call,) = make_calls(1)
    bench = bench_of(Behaviour(cannot_tell=1))
    bench.gateway.submit([call])
    bench.gateway.ask([Inquiry.about(call)])
    events = let_pass(bench, HOUR, STEP)
    assert isinstance(events[0], CannotTell)
    only_end(events, call.attempt_id)
    bench.restart()
    bench.gateway.ask([Inquiry.about(call)])
    assert [type(event) for event in let_pass(bench, HOUR, STEP)] == [CannotTell]


def test_late_events_keep_the_time_at_which_they_happened():
    """Attempt states: an event that arrives late says when it happened, not when it arrived."""
    calls = make_calls(10)
    orderly, late = bench_of(Behaviour()), bench_of(Behaviour(late_events=1, late_seconds=(300, 300)))
    for bench in (orderly, late):
        bench.gateway.submit(calls)
    assert let_pass(late, timedelta(seconds=300), STEP) == []
    told = {(type(e), e.attempt_id, e.at) for e in let_pass(late, HOUR, STEP)}
    assert told == {(type(e), e.attempt_id, e.at) for e in let_pass(orderly, HOUR, STEP)}


def test_repeated_events_come_twice():
    """Attempt states: an event that came already comes again, word for word."""
    (call,) = make_calls(1)
    bench = bench_of(Behaviour(outcomes={"success": 1}, repeated_events=1))
    bench.gateway.submit([call])
    events = let_pass(bench, HOUR, STEP)
    assert Counter(type(event) for event in events) == {Accepted: 2, Ringing: 2, Answered: 2, Ended: 2}
    ends = [event for event in events if isinstance(event, Ended)]
    assert ends[0] == ends[1]


def test_reordered_calls_are_told_backwards():
    """Attempt states: the end may arrive before the answer; states only move forward."""
    (call,) = make_calls(1)
    bench = bench_of(Behaviour(outcomes={"success": 1}, reordered_calls=1))
    bench.gateway.submit([call])
    assert [type(event) for event in let_pass(bench, HOUR, STEP)] == [Ended, Answered, Ringing, Accepted]


def test_faults_say_truly_whether_the_phone_rang():
    """R-RETRY-1: one kind of fault provably never rang, the other may have."""
    calls = make_calls(200)
    bench = bench_of(Behaviour(faults=0.5, faults_after_ringing=0.5))
    bench.gateway.submit(calls)
    events = let_pass(bench, HOUR, STEP)
    ends = [only_end(events, call.attempt_id) for call in calls]
    may_have_rung = [end for end in ends if end.outcome is Outcome.PROVIDER_FAULT and end.rang]
    never_rang = [end for end in ends if end.outcome is Outcome.PROVIDER_FAULT and not end.rang]
    assert len(never_rang) == pytest.approx(100, abs=30)
    assert len(may_have_rung) == pytest.approx(100, abs=30)
    rung = {event.attempt_id for event in events if isinstance(event, Ringing)}
    assert rung >= {end.attempt_id for end in may_have_rung}
    assert not rung & {end.attempt_id for end in never_rang}


def test_a_quota_turns_calls_away_within_one_second():
    """R-RETRY-2: `quota` never rang and says how long to leave the gateway alone; the next second is free."""
    calls = make_calls(12)
    bench = bench_of(Behaviour(calls_per_second=5))
    bench.gateway.submit(calls[:10])
    turned_away = [event for event in bench.take_events() if isinstance(event, Ended)]
    assert [(end.outcome, end.rang) for end in turned_away] == [(Outcome.QUOTA, False)] * 5
    assert {end.retry_after for end in turned_away} == {timedelta(seconds=1)}
    bench.clock.advance(timedelta(seconds=1))
    bench.gateway.submit(calls[10:])
    events = let_pass(bench, HOUR, STEP)
    assert all(only_end(events, call.attempt_id).outcome is not Outcome.QUOTA for call in calls[10:])


def test_hanging_up_ends_also_a_call_whose_end_would_have_been_lost():
    """R-LIFE-4: people who hang up get an end."""
    (call,) = make_calls(1)
    bench = bench_of(Behaviour(outcomes={"no_answer": 1}, lost_events=1))
    bench.gateway.submit([call])
    let_pass(bench, timedelta(seconds=10))
    bench.gateway.hang_up([call.attempt_id])
    assert only_end(bench.take_events(), call.attempt_id).outcome is Outcome.CANCELLED
