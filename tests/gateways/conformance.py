"""What every gateway must do, as a suite: subclass `GatewayConformance` and give it a `bench` fixture.

The suite knows a carrier only through the port. It proves what the dialer relies on for "the phone rings at
most once per attempt"; it does not prove that the carrier's own network keeps its word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Protocol
from uuid import UUID

import pytest

from reconciler.clock import VirtualClock
from reconciler.core.outcomes import Outcome
from reconciler.ids import Uuid7
from reconciler.ports import (
    Accepted,
    Answered,
    Call,
    CannotTell,
    Ended,
    Fenced,
    Found,
    Gateway,
    GatewayEvent,
    Inquiry,
    Ringing,
    hands_over,
)

START = datetime(2026, 3, 9, 14, 0, tzinfo=UTC)
ANSWERS = (Found, Fenced, CannotTell)
LEASE = timedelta(seconds=50)
LONGEST_CALL = timedelta(minutes=10)


class Bench(Protocol):
    """A gateway on a virtual clock, and the carrier behind it."""

    clock: VirtualClock
    gateway: Gateway

    def restart(self) -> None:
        """Put a gateway of a new process in place of this one; the carrier lives on."""

    def take_events(self) -> Sequence[GatewayEvent]:
        """Let the gateway's own work come to rest, and take its events."""

    def times_rung(self, attempt_id: UUID) -> int:
        """Tell how often the phone rang for this attempt, as the called person would count."""


@dataclass
class SimulatedBench:
    """The bench of a simulated carrier; `make` opens one as a new process would."""

    make: object
    clock: VirtualClock

    def __post_init__(self) -> None:
        self.rings: dict[UUID, set[datetime]] = {}
        self.gateway = self.make(self.clock)

    def restart(self) -> None:
        self.gateway = self.make(self.clock)

    def take_events(self) -> Sequence[GatewayEvent]:
        events = self.gateway.events()
        for event in events:
            if isinstance(event, Ringing):
                self.rings.setdefault(event.attempt_id, set()).add(event.at)
        return events

    def times_rung(self, attempt_id: UUID) -> int:
        return len(self.rings.get(attempt_id, ()))


def make_calls(count: int, now: datetime = START, *, seed: int = 1, **changes: object) -> list[Call]:
    """Make calls as a dialer would, to numbers reserved for fiction."""
    ids = Uuid7(Random(seed))
    calls = [
        Call(
            attempt_id=ids(now),
            organization="acme",
            campaign="spring-renewals",
            contact=f"crm-{index}",
            number=f"+1212555{100 + index % 100:04d}",
            agent_id="agent-renewals",
            agent_version=7,
            agent_number="+12125550123",
            agent_config=None,
            initial_context=None,
            custom_metadata={"first_name": "Ada"},
            ring_timeout=timedelta(seconds=30),
            max_call_duration=timedelta(minutes=5),
            placing_at=now,
            not_after=now + LEASE,
        )
        for index in range(count)
    ]
    return [replace(call, **changes) for call in calls]


def let_pass(bench: Bench, time: timedelta, step: timedelta = timedelta(seconds=1)) -> list[GatewayEvent]:
    """Move the clock on step by step, and collect what happens."""
    events = list(bench.take_events())
    end = bench.clock.now() + time
    while bench.clock.now() < end:
        bench.clock.advance(min(step, end - bench.clock.now()))
        events += bench.take_events()
    return events


def of_attempt(events: Sequence[GatewayEvent], attempt_id: UUID) -> list[GatewayEvent]:
    """Pick the events of one attempt."""
    return [event for event in events if event.attempt_id == attempt_id]


def only_end(events: Sequence[GatewayEvent], attempt_id: UUID) -> Ended:
    """Give the one end of an attempt; fails where there is none, or more than one."""
    (end,) = [event for event in of_attempt(events, attempt_id) if isinstance(event, Ended)]
    return end


class GatewayConformance:
    """The promises of `reconciler.ports.Gateway`."""

    @pytest.fixture
    def bench(self) -> Bench:
        raise NotImplementedError("a gateway under test provides its bench")

    def test_says_who_it_is(self, bench):
        """R-ENV-1: a gateway has a name, and says whether it dials real phones."""
        assert bench.gateway.name
        assert bench.gateway.simulated in (True, False)

    def test_every_call_ends_once_and_in_order(self, bench):
        """Architecture 4: every call ends exactly once; nothing is reported before it happened."""
        calls = make_calls(30)
        bench.gateway.submit(calls)
        events: list[GatewayEvent] = []
        for _ in range(int(LONGEST_CALL.total_seconds() / 10)):
            events += (fresh := let_pass(bench, timedelta(seconds=10), timedelta(seconds=10)))
            assert all(event.at <= bench.clock.now() for event in fresh)
        for call in calls:
            own = of_attempt(events, call.attempt_id)
            only_end(own, call.attempt_id)
            assert [event.at for event in own] == sorted(event.at for event in own)
            order = [(Accepted, Ringing, Answered, Ended).index(type(event)) for event in own]
            assert order == sorted(set(order))

    def test_a_call_that_ended_without_a_ring_never_reported_one(self, bench):
        """R-RETRY-1: `rang=False` is a promise."""
        calls = make_calls(60)
        bench.gateway.submit(calls)
        events = let_pass(bench, LONGEST_CALL, timedelta(seconds=5))
        for call in calls:
            if not only_end(events, call.attempt_id).rang:
                assert bench.times_rung(call.attempt_id) == 0

    def test_submitting_again_rings_no_phone_again(self, bench):
        """R-CRASH-1: the attempt's id is the idempotency key, at once and long after the end."""
        calls = make_calls(20)
        bench.gateway.submit(calls)
        bench.gateway.submit(calls)
        events = let_pass(bench, timedelta(seconds=40))
        bench.gateway.submit(calls)
        events += let_pass(bench, LONGEST_CALL, timedelta(seconds=5))
        bench.gateway.submit(calls)
        events += let_pass(bench, LONGEST_CALL, timedelta(seconds=5))
        for call in calls:
            only_end(events, call.attempt_id)
            assert bench.times_rung(call.attempt_id) <= 1

    def test_a_call_that_is_late_is_released(self, bench):
        """R-CRASH-3: a dialer that was asleep cannot wake up and ring."""
        calls = make_calls(10)
        bench.clock.move_to(calls[0].not_after)
        bench.gateway.submit(calls)
        events = let_pass(bench, LONGEST_CALL, timedelta(seconds=5))
        for call in calls:
            end = only_end(events, call.attempt_id)
            assert (end.outcome, end.rang) == (Outcome.RELEASED, False)
            assert bench.times_rung(call.attempt_id) == 0

    @pytest.mark.parametrize("after_seconds", [0, 1, 15, 90, 600])
    def test_a_new_process_learns_what_became_of_a_call(self, bench, after_seconds):
        """R-CRASH-2: whenever the dialer is killed, each call is answered for, and no phone rings again."""
        calls = make_calls(20)
        bench.gateway.submit(calls)
        let_pass(bench, timedelta(seconds=after_seconds), timedelta(seconds=5))
        bench.restart()
        bench.clock.advance(timedelta(seconds=60))
        bench.gateway.ask([Inquiry.about(call) for call in calls])
        events = let_pass(bench, LONGEST_CALL, timedelta(seconds=5))
        for call in calls:
            own = of_attempt(events, call.attempt_id)
            (answer,) = [event for event in own if isinstance(event, ANSWERS)]
            if isinstance(answer, Found):
                only_end(own, call.attempt_id)
            if isinstance(answer, Fenced):
                assert bench.times_rung(call.attempt_id) == 0
            assert bench.times_rung(call.attempt_id) <= 1

    @pytest.mark.parametrize("after_seconds", [2, 10, 40])
    def test_a_call_that_is_handed_over_ends_at_the_heir(self, bench, after_seconds):
        """R-CRASH-2: where a gateway `hands_over`, the next process is told all of a call, without a pause.

        The process that placed the calls has only just listened for the last time, and has not closed.
        """
        if not hands_over(bench.gateway):
            pytest.skip("this gateway hands nothing over")
        calls = make_calls(20)
        bench.gateway.submit(calls)
        before = let_pass(bench, timedelta(seconds=after_seconds))
        ended = {event.attempt_id for event in before if isinstance(event, Ended)}
        given = [call for call in calls if call.attempt_id not in ended]
        bench.restart()
        bench.gateway.ask([Inquiry.about(call) for call in given])
        events = let_pass(bench, LONGEST_CALL, timedelta(seconds=5))
        for call in given:
            own = of_attempt(events, call.attempt_id)
            (answer,) = [event for event in own if isinstance(event, ANSWERS)]
            if bench.times_rung(call.attempt_id):
                assert isinstance(answer, Found)
                only_end(own, call.attempt_id)
            else:
                assert not isinstance(answer, CannotTell)
            told = {type(event) for event in own}
            assert told >= {type(event) for event in of_attempt(before, call.attempt_id)} - {Accepted}
            assert bench.times_rung(call.attempt_id) <= 1

    def test_asking_about_a_running_call_repeats_no_end(self, bench):
        """R-CRASH-2: a process may ask about its own calls; each still ends once, and rings once."""
        calls = make_calls(20)
        bench.gateway.submit(calls)
        events = let_pass(bench, timedelta(seconds=6))
        running = {call.attempt_id for call in calls} - {e.attempt_id for e in events if isinstance(e, Ended)}
        bench.gateway.ask([Inquiry.about(call) for call in calls if call.attempt_id in running])
        events += let_pass(bench, LONGEST_CALL, timedelta(seconds=5))
        for attempt_id in running:
            assert len([e for e in of_attempt(events, attempt_id) if isinstance(e, ANSWERS)]) == 1
            assert len([e for e in of_attempt(events, attempt_id) if isinstance(e, Ended)]) <= 1
            assert bench.times_rung(attempt_id) <= 1

    def test_a_call_that_was_asked_about_is_never_placed_after_all(self, bench):
        """R-CRASH-2: whatever the answer was, a later submit of the same id rings no phone once more."""
        calls = make_calls(20)
        bench.clock.advance(timedelta(seconds=120))
        bench.gateway.ask([Inquiry.about(call) for call in calls])
        answers = {event.attempt_id: event for event in let_pass(bench, LONGEST_CALL, timedelta(seconds=5))}
        assert set(answers) == {call.attempt_id for call in calls}
        rung = {call.attempt_id: bench.times_rung(call.attempt_id) for call in calls}
        bench.gateway.submit(calls)
        let_pass(bench, LONGEST_CALL, timedelta(seconds=5))
        assert {call.attempt_id: bench.times_rung(call.attempt_id) for call in calls} == rung

    @pytest.mark.parametrize("after_seconds", [0, 2, 8, 30, 60])
    def test_hanging_up_ends_a_call_and_says_so_once(self, bench, after_seconds):
        """R-LIFE-4: `--cancel-unanswered` and `--hang-up` get an end for every call, soon."""
        calls = make_calls(20)
        bench.gateway.submit(calls)
        events = let_pass(bench, timedelta(seconds=after_seconds))
        ids = [call.attempt_id for call in calls]
        bench.gateway.hang_up(ids)
        bench.gateway.hang_up(ids)
        events += let_pass(bench, timedelta(seconds=5))
        accepted = {event.attempt_id for event in events if isinstance(event, Accepted)}
        assert accepted <= {event.attempt_id for event in events if isinstance(event, Ended)}
        events += let_pass(bench, LONGEST_CALL, timedelta(seconds=5))
        for call in calls:
            end = only_end(events, call.attempt_id)
            answered = any(isinstance(event, Answered) for event in of_attempt(events, call.attempt_id))
            if end.outcome is Outcome.CANCELLED:
                assert not answered
            if not end.rang:
                assert bench.times_rung(call.attempt_id) == 0

    def test_hanging_up_a_call_that_nobody_placed_does_nothing(self, bench):
        """Architecture 4: orders about unknown calls are no error."""
        (call,) = make_calls(1)
        bench.gateway.hang_up([call.attempt_id])
        assert let_pass(bench, timedelta(seconds=5)) == []

    def test_events_are_taken_once(self, bench):
        """Architecture 4: `events` gives each event once, and nothing when nothing happened."""
        bench.gateway.submit(make_calls(5))
        assert let_pass(bench, LONGEST_CALL, timedelta(seconds=10))
        assert list(bench.take_events()) == []
        bench.gateway.close()
