"""The line to a carrier: what becomes of orders, inquiries and events, whatever the network does.

    submit ─▶ too late? ─▶ carrier away? ─▶ POST ─▶ taken, or refused
                                             └─▶ answer lost ─▶ inquire until it is known

An order is sent once. Where its answer gets lost, the carrier is asked, and asked again for as long as it
takes: `found` goes on, `fenced` was never placed and never will be (R-CRASH-2).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar
from uuid import UUID

from reconciler.core.outcomes import Outcome
from reconciler.gateways.http.client import CarrierClient, NotTakenError, UnansweredError
from reconciler.gateways.http.events import heard
from reconciler.gateways.http.outage import Outage
from reconciler.gateways.http.wire import MOST_PER_REQUEST, Order, Question
from reconciler.ports import (
    Accepted,
    Call,
    CannotTell,
    Clock,
    Ended,
    Fenced,
    Found,
    GatewayEvent,
    Inquiry,
)

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds between two tries of what may be tried again."""

REQUESTS_AT_A_TIME = 16

REMEMBERED = 100_000
"""Ids that are not ordered again; an older one is long past its `not_after`."""

CLOCKS_DIFFER = "the carrier dropped it as late, and it was not: its clock differs from ours"

T = TypeVar("T")


class Line:
    """Everything that waits, retries and remembers; runs in one event loop, and is told by `heard`."""

    def __init__(
        self,
        client: CarrierClient,
        clock: Clock,
        *,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.happened: SimpleQueue[GatewayEvent | object] = SimpleQueue()
        self._client = client
        self._clock = clock
        self._pause = pause
        self._outage = Outage()
        self._open: dict[UUID, Inquiry] = {}
        self._seen: dict[UUID, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(REQUESTS_AT_A_TIME)
        self._run = ""
        self._after = 0

    def submit(self, calls: Sequence[Call]) -> None:
        """Place calls, some per request; none whose id was ordered, or asked about, before."""
        fresh = [call for call in calls if call.attempt_id not in self._seen]
        self._see(call.attempt_id for call in fresh)
        for some in _portions(fresh):
            self._begin(self._place(some))

    def ask(self, inquiries: Sequence[Inquiry]) -> None:
        """Find out what became of calls."""
        self._see(inquiry.attempt_id for inquiry in inquiries)
        for some in _portions(inquiries):
            self._open |= {inquiry.attempt_id: inquiry for inquiry in some}
            self._begin(self._find_out(some))

    def hang_up(self, ids: Sequence[UUID]) -> None:
        """End calls; an order to hang up may be repeated, so it is until it arrives."""
        for some in _portions(ids):
            self._begin(self._insist(partial(self._client.hang_up, some)))

    async def listen(self) -> None:
        """Poll for events, for ever."""
        pause = FIRST_PAUSE
        while True:
            try:
                await self.look(wait=20.0)
                pause = FIRST_PAUSE
            except (NotTakenError, UnansweredError):
                await self._pause(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    async def look(self, *, wait: float) -> None:
        """Poll once; raises NotTakenError and UnansweredError."""
        self.take_in(await self._client.poll(self._run, self._after, wait))

    def take_in(self, told: dict[str, Any]) -> None:
        """Hear what a poll or a callback brings; after a new start of the carrier, ask about open calls."""
        run = str(told.get("run"))
        if self._run and run != self._run:
            self.ask(list(self._open.values()))
        self._run = run
        after = told.get("after")
        self._after = after if isinstance(after, int) else self._after
        self._hear(told.get("events"))

    async def rest(self) -> None:
        """Wait until nothing is under way any more, polls aside."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        """Leave everything that is under way, and the connections; calls go on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.close()

    def _see(self, ids: Iterable[UUID]) -> None:
        self._seen |= dict.fromkeys(ids)
        while len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _place(self, calls: Sequence[Call]) -> None:
        async with self._places:
            in_time = self._in_time(calls)  # looked at right before the request leaves (R-CRASH-3)
            away = self._outage.lasts(self._clock.now())
            if away is not None or not in_time:
                self._never_left(in_time, self._outage.why, away)
                return
            inquiries = {call.attempt_id: Inquiry.about(call) for call in in_time}
            self._open |= inquiries
            try:
                answer = await self._client.submit([Order.of(call) for call in in_time])
            except NotTakenError as refusal:
                self._refused(in_time, refusal)
                return
            except UnansweredError:
                answer = {}
        known = self._placed(answer, in_time)
        lost = [inquiry for id_, inquiry in inquiries.items() if id_ not in known]
        if lost:
            await self._find_out(lost, as_told=_of_a_lost_order)

    def _in_time(self, calls: Sequence[Call]) -> list[Call]:
        now = self._clock.now()
        for call in calls:
            if now >= call.not_after:
                reason = "not sent by the call's not_after"
                self.happened.put(Ended(call.attempt_id, now, Outcome.RELEASED, rang=False, reason=reason))
        return [call for call in calls if now < call.not_after]

    def _placed(self, answer: dict[str, Any], calls: Sequence[Call]) -> set[UUID]:
        """Hear the answer to orders; gives the calls that it says something of."""
        self._outage.over()
        now, taken = self._clock.now(), answer.get("taken")
        in_time = {call.attempt_id for call in calls if now < call.not_after}
        known = self._hear(answer.get("events"), partial(_of_an_order, in_time=in_time))
        return known | {id_ for id_ in self._open if str(id_) in (taken if isinstance(taken, list) else ())}

    def _refused(self, calls: Sequence[Call], refusal: NotTakenError) -> None:
        now = self._clock.now()
        if refusal.busy:
            self._never_left(calls, refusal.why, refusal.retry_after, Outcome.QUOTA)
        else:
            self._outage.begin(now, refusal.why, refusal.retry_after)
            self._never_left(calls, refusal.why, self._outage.lasts(now))

    def _never_left(
        self,
        calls: Sequence[Call],
        why: str,
        rest: timedelta | None,
        outcome: Outcome = Outcome.PROVIDER_FAULT,
    ) -> None:
        now = self._clock.now()
        for call in calls:
            self._open.pop(call.attempt_id, None)
            self.happened.put(Ended(call.attempt_id, now, outcome, rang=False, reason=why, retry_after=rest))

    async def _find_out(
        self,
        inquiries: Sequence[Inquiry],
        as_told: Callable[[GatewayEvent], GatewayEvent] = lambda event: event,
    ) -> None:
        """Ask until each is answered, and pass the answers on `as_told`."""
        waiting = {inquiry.attempt_id: inquiry for inquiry in inquiries}
        while waiting:
            questions = [Question.of(inquiry) for inquiry in waiting.values()]
            answer = await self._insist(partial(self._client.inquire, questions))
            answered = self._hear(answer.get("events"), as_told)
            waiting = {id_: inquiry for id_, inquiry in waiting.items() if id_ not in answered}
            if waiting:
                await self._pause(LONGEST_PAUSE)

    async def _insist(self, request: Callable[[], Awaitable[T]]) -> T:
        """Make a request that may be made again, until it is answered."""
        pause = FIRST_PAUSE
        while True:
            try:
                async with self._places:
                    return await request()
            except (NotTakenError, UnansweredError):
                await self._pause(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def _hear(
        self, events: object, as_told: Callable[[GatewayEvent], GatewayEvent] = lambda event: event
    ) -> set[UUID]:
        """Pass events on, nonsense as it is, for the dialer to tell of; gives the calls that they are of."""
        calls = set()
        for sent in events if isinstance(events, list) else ():
            event = heard(sent)
            self.happened.put(sent if event is None else as_told(event))
            if event is not None:
                calls.add(event.attempt_id)
            if isinstance(event, Ended | Fenced | CannotTell):
                self._open.pop(event.attempt_id, None)
        return calls


def _of_an_order(event: GatewayEvent, *, in_time: set[UUID]) -> GatewayEvent:
    """Say what the answer to an order means; `in_time`: those that came back before they were late here.

    A carrier that drops these as late goes by another clock, and will drop all others as well. That is a
    fault of the gateway, which its breaker has to see: else every contact would be tried again and again at
    once, until it is given up (R-RETRY-1, R-RETRY-4).
    """
    if isinstance(event, Ended) and event.outcome is Outcome.RELEASED and event.attempt_id in in_time:
        return replace(event, outcome=Outcome.PROVIDER_FAULT, reason=CLOCKS_DIFFER)
    return event


def _of_a_lost_order(answer: GatewayEvent) -> GatewayEvent:
    """Say what the answer to an inquiry means of an order whose own answer got lost."""
    match answer:
        case Found(attempt_id, at, reference):
            return Accepted(attempt_id, at, reference)
        case Fenced(attempt_id, at):
            reason = "its order got lost on the way to the carrier"
            return Ended(attempt_id, at, Outcome.PROVIDER_FAULT, rang=False, reason=reason)
        case _:
            return answer


def _portions(values: Sequence[T]) -> Iterable[Sequence[T]]:
    return (values[start : start + MOST_PER_REQUEST] for start in range(0, len(values), MOST_PER_REQUEST))
