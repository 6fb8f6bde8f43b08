"""The simulated carrier at its best: deterministic, complete, honest after a restart."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from time import process_time

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
from reconciler.core.outcomes import Disposition, Outcome
from reconciler.gateways.behaviour import Behaviour
from reconciler.gateways.simulator import SimulatedCarrier
from reconciler.ports import Accepted, Answered, Ended, Found, Inquiry, Ringing

HOUR = timedelta(hours=1)


PLAUSIBLE = Behaviour()


def bench_of(behaviour: Behaviour = PLAUSIBLE, *, seed: int = 0, quiet_progress: bool = False):
    def make(clock):
        return SimulatedCarrier(clock, seed, behaviour, quiet_progress=quiet_progress)

    return SimulatedBench(make, VirtualClock(START))


def always(outcome: str, **settings_: object) -> Behaviour:
    return Behaviour(outcomes={outcome: 1}, **settings_)


class TestConformance(GatewayConformance):
    @pytest.fixture(params=[0, 1])
    def bench(self, request):
        return bench_of(seed=request.param)


class TestConformanceOfQuietProgress(GatewayConformance):
    @pytest.fixture
    def bench(self):
        return bench_of(quiet_progress=True)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(), killed_after=st.integers(0, 240), asked_after=st.integers(0, 600))
def test_a_restarted_carrier_tells_the_same_story(seed, killed_after, asked_after):
    """R-CRASH-2: what a new process finds out is what the killed one would have reported."""
    calls = make_calls(6, seed=abs(seed) % 1000)
    undisturbed = bench_of(seed=seed)
    undisturbed.gateway.submit(calls)
    story = let_pass(undisturbed, HOUR, timedelta(seconds=30))

    killed = bench_of(seed=seed)
    killed.gateway.submit(calls)
    let_pass(killed, timedelta(seconds=killed_after), timedelta(seconds=30))
    killed.restart()
    killed.clock.advance(timedelta(seconds=asked_after))
    killed.gateway.ask([Inquiry.about(call) for call in calls])
    retold = [event for event in let_pass(killed, HOUR, HOUR) if not isinstance(event, Found)]

    def facts(events):
        return sorted((e.attempt_id, e.at, type(e).__name__) for e in events)

    assert facts(retold) == facts(story)
    for call in calls:
        one, other = only_end(story, call.attempt_id), only_end(retold, call.attempt_id)
        assert replace(one, transcript=()) == replace(other, transcript=())


def test_past_events_come_at_once_and_future_ones_in_their_time():
    """R-CRASH-2: after `found`, what has happened comes at once, the rest when it happens."""
    (call,) = make_calls(1)
    bench = bench_of(always("success", ring_seconds=(10, 10), talk_seconds=(100, 100)))
    bench.clock.advance(timedelta(seconds=60))
    bench.gateway.ask([Inquiry.about(call)])
    at_once = bench.take_events()
    assert [type(event) for event in at_once] == [Found, Accepted, Ringing, Answered]
    assert [type(event) for event in let_pass(bench, HOUR)] == [Ended]


def test_an_ended_call_is_told_again_when_asked():
    """R-CRASH-2: an end that a dialer lost comes again, also where people had hung up."""
    (call,) = make_calls(1)
    bench = bench_of(always("success", ring_seconds=(1, 1), talk_seconds=(100, 100)))
    bench.gateway.submit([call])
    let_pass(bench, timedelta(seconds=20))
    bench.gateway.hang_up([call.attempt_id])
    told = only_end(bench.take_events(), call.attempt_id)
    bench.gateway.ask([Inquiry.about(call), Inquiry.about(call)])
    assert only_end(bench.take_events(), call.attempt_id) == told


@pytest.mark.parametrize(
    ("ring", "outcome", "rang"),
    [((0, 0), Outcome.COMPLETED, True), ((29, 29), Outcome.CANCELLED, True)],
)
def test_hanging_up_cancels_what_rings_and_cuts_short_what_talks(ring, outcome, rang):
    """R-LIFE-4: an answered call ends as completed without a disposition, a ringing one as cancelled."""
    calls = make_calls(10)
    bench = bench_of(always("success", ring_seconds=ring, talk_seconds=(100, 100)))
    bench.gateway.submit(calls)
    events = let_pass(bench, timedelta(seconds=20))
    bench.gateway.hang_up([call.attempt_id for call in calls])
    events += bench.take_events()
    for call in calls:
        end = only_end(events, call.attempt_id)
        assert (end.outcome, end.rang, end.disposition, end.at) == (outcome, rang, None, bench.clock.now())


def test_a_call_hung_up_before_it_rings_never_rang():
    """R-RETRY-1: cancelled before the first ring is an unused attempt."""
    (call,) = make_calls(1)
    bench = bench_of(always("success", dial_seconds=(3, 3)))
    bench.gateway.submit([call])
    bench.clock.advance(timedelta(seconds=1))
    bench.gateway.hang_up([call.attempt_id])
    events = let_pass(bench, HOUR, HOUR)
    end = only_end(events, call.attempt_id)
    assert (end.outcome, end.rang) == (Outcome.CANCELLED, False)
    assert [type(event) for event in events] == [Accepted, Ended]


def test_hanging_up_too_late_changes_nothing():
    """R-LIFE-4: a call that had ended by itself before we hung up ended as it did, and when it did."""
    (call,) = make_calls(1)
    bench = bench_of(always("no_answer"))
    bench.gateway.submit([call])
    bench.clock.advance(HOUR)
    bench.gateway.hang_up([call.attempt_id])
    end = only_end(bench.take_events(), call.attempt_id)
    assert end.outcome is Outcome.NO_ANSWER
    assert end.at < START + timedelta(minutes=1)


def test_a_phone_rings_no_longer_than_the_ring_timeout():
    """Dialing policy: `ring_timeout` ends ringing as no_answer."""
    (call,) = make_calls(1, ring_timeout=timedelta(seconds=12))
    bench = bench_of(always("success", ring_seconds=(20, 20)))
    bench.gateway.submit([call])
    events = let_pass(bench, HOUR, timedelta(seconds=30))
    (ringing,) = [event for event in events if isinstance(event, Ringing)]
    end = only_end(events, call.attempt_id)
    assert (end.outcome, end.at - ringing.at) == (Outcome.NO_ANSWER, timedelta(seconds=12))


def test_a_call_lasts_no_longer_than_its_maximum():
    """Dialing policy: the gateway ends the call at `max_call_duration`; it counts as completed."""
    (call,) = make_calls(1, max_call_duration=timedelta(seconds=40))
    bench = bench_of(always("success", talk_seconds=(100, 100)))
    bench.gateway.submit([call])
    events = let_pass(bench, HOUR, timedelta(seconds=30))
    (answered,) = [event for event in events if isinstance(event, Answered)]
    end = only_end(events, call.attempt_id)
    assert (end.outcome, end.disposition) == (Outcome.COMPLETED, None)
    assert end.at - answered.at == timedelta(seconds=40)


def test_talk_is_paid_by_the_minute():
    """R-ATT-1: the cost of a call is that of its talk; ringing is free."""
    talked, rang_out = make_calls(2)
    prices = {"talk_seconds": (90, 90), "cost_per_minute_micros": 10_000}
    bench = bench_of(always("success", numbers={rang_out.number: {"no_answer": 1}}, **prices))
    bench.gateway.submit([talked, rang_out])
    events = let_pass(bench, HOUR, HOUR)
    costs = [only_end(events, call.attempt_id).cost_micros for call in (talked, rang_out)]
    assert costs == [15_000, 0]


def test_a_refused_agent_is_blamed():
    """Ended.blames: a `config_error` says whose field is at fault, and never rang."""
    (call,) = make_calls(1)
    bench = bench_of(always("config_error"))
    bench.gateway.submit([call])
    (end,) = let_pass(bench, HOUR, HOUR)
    assert (end.outcome, end.blames, end.rang) == (Outcome.CONFIG_ERROR, "agent", False)


def test_numbers_choose_their_outcome_first_match_first():
    """A glob on the number stands instead of the general weights; the first that matches counts."""
    bench = bench_of(
        always(
            "success", numbers={"+12125550100": {"opt_out": 1}, "+1212*": {"busy": 1}, "+1*": {"machine": 1}}
        )
    )
    calls = make_calls(3)
    calls[2] = replace(calls[2], number="+13105550102")
    london = replace(make_calls(1, seed=2)[0], number="+442079460018")
    bench.gateway.submit([*calls, london])
    events = let_pass(bench, HOUR, HOUR)
    ends = [only_end(events, call.attempt_id) for call in (*calls, london)]
    assert [(end.outcome, end.disposition) for end in ends] == [
        (Outcome.COMPLETED, Disposition.OPT_OUT),
        (Outcome.BUSY, None),
        (Outcome.MACHINE, None),
        (Outcome.COMPLETED, Disposition.SUCCESS),
    ]


def test_a_callback_names_its_time():
    """R-RETRY-3: the disposition `callback` comes with the time asked for, counted from the end."""
    (call,) = make_calls(1)
    bench = bench_of(always("callback", callback_seconds=(7200, 7200)))
    bench.gateway.submit([call])
    end = only_end(let_pass(bench, HOUR, HOUR), call.attempt_id)
    assert end.callback_at == end.at + timedelta(hours=2)


def test_by_default_calls_go_as_outbound_calls_do():
    """The default behaviour is plausible: mostly no answer, a third completed, some machines."""
    calls = make_calls(4000)
    bench = bench_of()
    bench.gateway.submit(calls)
    ends = [event for event in let_pass(bench, HOUR, HOUR) if isinstance(event, Ended)]
    share = {outcome: count / len(ends) for outcome, count in Counter(e.outcome for e in ends).items()}
    expected = {Outcome.NO_ANSWER: 0.45, Outcome.COMPLETED: 0.30, Outcome.MACHINE: 0.12, Outcome.BUSY: 0.08}
    assert {o: round(share[o], 2) for o in expected} == pytest.approx(expected, abs=0.03)
    assert {end.disposition for end in ends} == {None, *Disposition}


def test_quiet_progress_wakes_for_ends_only_and_loses_nothing():
    """Architecture 3: a simulation may jump from end to end; progress comes along with its own times."""
    calls = make_calls(50)
    loud, quiet = bench_of(), bench_of(quiet_progress=True)
    told = {}
    for bench in (loud, quiet):
        bench.gateway.submit(calls)
        wakes, events = 0, []
        while (wake := bench.gateway.next_event_at()) is not None:
            bench.clock.move_to(wake)
            events += (fresh := list(bench.gateway.events()))
            assert [event.at for event in fresh] == sorted(event.at for event in fresh)
            wakes += 1
        told[bench.gateway] = wakes, sorted(events, key=lambda e: (e.attempt_id, e.at))
    assert told[loud.gateway][1] == told[quiet.gateway][1]
    assert told[quiet.gateway][0] == len(calls) < told[loud.gateway][0]


def test_what_was_said_fits_into_the_call():
    """R-ATT-2: an answered call has a transcript, in turns and in time; an unanswered one has none."""
    calls = make_calls(400)
    bench = bench_of()
    bench.gateway.submit(calls)
    events = let_pass(bench, HOUR, HOUR)
    for call in calls:
        own = of_attempt(events, call.attempt_id)
        end = only_end(own, call.attempt_id)
        answered = [event.at for event in own if isinstance(event, Answered)]
        assert bool(end.transcript) == bool(answered)
        for line in end.transcript:
            assert line["role"] in ("agent", "contact")
            assert timedelta(seconds=line["at"]) <= end.at - answered[0]
        if end.disposition is Disposition.SUCCESS:
            assert end.transcript[-1]["at"] > 0.7 * (end.at - answered[0]).total_seconds()
    assert any("Ada" in line["text"] for e in events if isinstance(e, Ended) for line in e.transcript)


def test_is_fast_enough_for_a_simulation():
    """A simulation pushes 3,000 calls a second and more through the carrier on half a core."""
    calls = make_calls(4000)
    bench = bench_of(quiet_progress=True)
    before = process_time()
    for first in range(0, len(calls), 100):
        bench.gateway.submit(calls[first : first + 100])
    while (wake := bench.gateway.next_event_at()) is not None:
        bench.clock.move_to(wake)
        bench.gateway.events()
    assert len(calls) / (process_time() - before) > 6000
