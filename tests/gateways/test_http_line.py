"""What the network and the carrier do to orders, and that no order is ever sent twice."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from gateways.conformance import (
    LONGEST_CALL,
    START,
    let_pass,
    make_calls,
    of_attempt,
    only_end,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from support.http_bench import HttpBench

from reconciler.clock import VirtualClock
from reconciler.core.outcomes import Outcome
from reconciler.ports import CannotTell, Ended, Fenced, Found, Inquiry

SECOND = timedelta(seconds=1)


@pytest.fixture
def bench():
    with HttpBench(START, outcomes={"success": 1}, talk_seconds=(60, 60)) as bench:
        yield bench


def change(bench, **profile):
    bench.carrier.change(bench.carrier.profile.model_copy(update=profile))


def test_an_order_whose_answer_gets_lost_is_looked_up_and_never_sent_again(bench):
    """R-CRASH-1: this carrier forgets ids, as most do: a second order would ring the phone again."""
    change(bench, forgets_ids=True, lost_answers=1)
    bench.when_paused = lambda: change(bench, lost_answers=0)
    calls = make_calls(3)
    bench.submit(calls)
    events = let_pass(bench, LONGEST_CALL, timedelta(seconds=5))
    for call in calls:
        assert only_end(events, call.attempt_id).outcome is Outcome.COMPLETED
        assert bench.times_rung(call.attempt_id) == bench.lines("order", call.attempt_id) == 1


@settings(max_examples=12, deadline=None)
@given(
    lost_answers=st.sampled_from([0, 0.2, 0.6]),
    lost_orders=st.sampled_from([0, 0.2, 0.6]),
    restarts=st.lists(st.integers(1, 100), max_size=3),
    dialer_restarts=st.lists(st.integers(1, 100), max_size=2),
    seed=st.integers(0, 99),
)
def test_whatever_gets_lost_every_call_is_ordered_once_and_answered_for(
    lost_answers, lost_orders, restarts, dialer_restarts, seed
):
    """R-CRASH-1, R-CRASH-2, R-CRASH-4: over a bad network, with a carrier and a dialer that are killed."""
    calls = make_calls(6, seed=seed)
    profile = {"lost_answers": lost_answers, "lost_orders": lost_orders, "forgets_ids": True}
    with HttpBench(START, seed, **profile) as bench:
        bench.submit(calls)
        events = []
        for second in range(101):
            if second in restarts:
                bench.carrier_restarts()
            if second in dialer_restarts:
                bench.restart()
                bench.ask([Inquiry.about(call) for call in calls])
            events += let_pass(bench, SECOND)
        events += let_pass(bench, LONGEST_CALL, timedelta(seconds=20))
    for call in calls:
        assert bench.lines("order", call.attempt_id) <= 1
        assert bench.times_rung(call.attempt_id) <= 1
        fates = [e for e in of_attempt(events, call.attempt_id) if isinstance(e, Ended | Fenced | CannotTell)]
        assert fates
        if bench.times_rung(call.attempt_id):
            assert all(isinstance(fate, Ended) and fate.rang for fate in fates)


def test_where_nobody_listens_no_attempt_is_used_and_the_carrier_is_left_alone(bench):
    """R-RETRY-1, R-RETRY-4: hundreds of calls do not knock one by one at a door that is shut."""
    bench.network.up = False
    calls = make_calls(250)
    bench.submit(calls)
    ends = [event for event in bench.events() if isinstance(event, Ended)]
    assert {end.attempt_id for end in ends} == {call.attempt_id for call in calls}
    assert all((end.outcome, end.rang) == (Outcome.PROVIDER_FAULT, False) for end in ends)
    assert ends[-1].retry_after == SECOND
    bench.network.up = True
    late = make_calls(1, seed=2)
    bench.submit(late)
    assert only_end(bench.events(), late[0].attempt_id).reason.startswith("the carrier cannot be reached")
    assert "/v1/calls" not in bench.network.asked
    bench.clock.advance(SECOND)
    bench.submit(again := make_calls(1, seed=3))
    assert bench.lines("order", again[0].attempt_id) == 1


def test_an_outage_is_waited_out_longer_each_time(bench):
    """R-RETRY-4: and a carrier that answers again is trusted again at once."""
    rests = []
    for seed in range(4):
        bench.network.up = False
        bench.submit(make_calls(1, seed=seed))
        (end,) = [event for event in bench.events() if isinstance(event, Ended)]
        rests.append(end.retry_after.total_seconds())
        bench.clock.advance(end.retry_after)
    assert rests == [1, 2, 4, 8]
    bench.network.up = True
    bench.submit(make_calls(1, seed=9))
    bench.network.up = False
    bench.submit(make_calls(1, seed=10))
    (end,) = [event for event in bench.events() if isinstance(event, Ended)]
    assert end.retry_after == SECOND


def test_a_carrier_that_has_enough_says_for_how_long(bench):
    """R-RETRY-1: `quota`, unused, and the gateway is left alone for as long as it says."""
    change(bench, requests_per_second=1)
    first, second = make_calls(2)
    bench.submit([first])
    bench.submit([second])
    end = only_end(bench.events(), second.attempt_id)
    assert (end.outcome, end.rang, end.retry_after) == (Outcome.QUOTA, False, SECOND)


def test_an_error_of_something_in_between_proves_nothing(bench):
    """R-CRASH-2: a proxy that gives up may have passed the order on; the carrier is asked."""

    class Proxy(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            response = await bench.network.handle_async_request(request)
            is_order = request.url.path == "/v1/calls"
            return httpx.Response(504, text="<html>", request=request) if is_order else response

    bench.client._http._transport = Proxy()
    calls = make_calls(2)
    bench.submit(calls)
    events = let_pass(bench, LONGEST_CALL, timedelta(seconds=5))
    for call in calls:
        assert only_end(events, call.attempt_id).outcome is Outcome.COMPLETED
        assert bench.times_rung(call.attempt_id) == 1


def test_a_refusal_of_the_carrier_itself_proves_that_nothing_rings(bench):
    """R-RETRY-1: a wrong token, say: nothing is placed, and it is a fault of the gateway, not of contacts."""

    class Guard(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            return httpx.Response(401, json={"taken": False, "error": "unknown token"}, request=request)

    bench.client._http._transport = Guard()
    (call,) = make_calls(1)
    bench.submit([call])
    end = only_end([bench.line.happened.get_nowait()], call.attempt_id)
    assert (end.outcome, end.rang) == (Outcome.PROVIDER_FAULT, False)
    assert end.reason == "the carrier refuses: unknown token (401)"


def test_a_carrier_whose_clock_is_ahead_is_at_fault_and_not_the_contact(bench):
    """R-RETRY-4: it drops every order as late, and the breaker sees it."""
    (call,) = make_calls(1)
    bench.carrier._clock = VirtualClock(call.not_after)
    bench.submit([call])
    end = only_end([bench.line.happened.get_nowait()], call.attempt_id)
    assert (end.outcome, end.rang) == (Outcome.PROVIDER_FAULT, False)
    assert end.reason == "the carrier dropped it as late, and it was not: its clock differs from ours"


def test_an_order_that_is_late_by_both_clocks_was_released(bench):
    """R-CRASH-3: its carrier did as it was told."""
    (call,) = make_calls(1)
    bench.carrier._clock = VirtualClock(call.not_after)
    submit = bench.client.submit

    async def slowly(orders):
        answer = await submit(orders)
        bench.clock.move_to(call.not_after)
        return answer

    bench.client.submit = slowly
    bench.submit([call])
    assert only_end([bench.line.happened.get_nowait()], call.attempt_id).outcome is Outcome.RELEASED


def test_after_a_new_start_of_the_carrier_open_calls_are_asked_about(bench):
    """R-CRASH-4: events that were lost with the carrier's memory come again."""
    calls = make_calls(4)
    bench.submit(calls)
    let_pass(bench, timedelta(seconds=10))
    bench.clock.advance(timedelta(minutes=5))  # they end meanwhile, and nobody polls
    bench.carrier_restarts()
    events = let_pass(bench, timedelta(seconds=2))
    for call in calls:
        assert any(isinstance(event, Found) for event in of_attempt(events, call.attempt_id))
        assert only_end(events, call.attempt_id).outcome is Outcome.COMPLETED
        assert bench.times_rung(call.attempt_id) == 1


@pytest.mark.parametrize(
    "nonsense",
    [
        "[]",
        '{"taken": 7, "events": {}}',
        '{"taken": ["x"], "events": ["y", {"event": "sung", "id": 1}, null]}',
        '{"events": [{"event": "ended", "id": "%s", "outcome": "quota", "at": "%s", "retry_after": NaN}]}',
    ],
)
def test_nonsense_as_an_answer_is_told_and_proves_nothing(bench, nonsense):
    """Architecture 4: the dialer hears that it came; the calls are asked about."""

    class Confused(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            if request.url.path == "/v1/calls":
                return httpx.Response(200, content=answer, request=request)
            return await bench.network.handle_async_request(request)

    (call,) = make_calls(1)
    answer = nonsense.replace("%s", str(call.attempt_id), 1).replace("%s", str(START))
    bench.client._http._transport = Confused()
    bench.submit([call])
    own = [event for event in bench.events() if isinstance(event, Ended)]
    assert [(end.attempt_id, end.outcome, end.rang) for end in own] == [
        (call.attempt_id, Outcome.PROVIDER_FAULT, False)
    ]
