"""The gateway protocol over HTTP, as the fake carrier speaks it; `PATCH /profile` changes how it behaves.

The network in between is part of the play: orders that get lost before they arrive, and answers on the way
back. Whoever ordered sees the same of both: a connection that breaks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import TypeVar
from uuid import uuid4

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from reconciler.gateways.fake_carrier.carrier import FakeCarrier
from reconciler.gateways.fake_carrier.profile import CarrierProfile
from reconciler.gateways.http.events import event_of
from reconciler.gateways.http.message import Message
from reconciler.gateways.http.openapi import document
from reconciler.gateways.http.wire import (
    Answers,
    CarrierCard,
    HangUps,
    Happenings,
    Listener,
    Orders,
    Questions,
    Refusal,
    Taken,
)
from reconciler.ports import Clock, GatewayEvent

LONGEST_WAIT = 30.0
"""Seconds that a poll may wait."""

SLEEP = 0.05
"""Seconds after which the carrier looks at its calls at the latest."""

M = TypeVar("M", bound=Message)
Handler = Callable[[Request], Awaitable[Response]]


class _CutOff(Response):
    """An answer that breaks off: whoever waits for it learns nothing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Promise a body and send none; the server then closes the connection."""
        del scope, receive
        headers = [(b"content-length", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


class CarrierApp:
    """Handlers of the protocol around one carrier."""

    def __init__(self, carrier: FakeCarrier, clock: Clock, seed: int = 0) -> None:
        self._carrier = carrier
        self._clock = clock
        self._luck = Random(seed)  # noqa: S311 - a play needs no secrecy
        self._second, self._taken = 0, 0
        self.run = uuid4().hex
        """Names this life of the carrier."""

    def routes(self) -> Starlette:
        """Give the application."""
        return Starlette(
            routes=[
                Route("/v1/carrier", self._over_the_network(self._card)),
                Route("/v1/calls", self._over_the_network(self._calls), methods=["POST"]),
                Route("/v1/inquiries", self._over_the_network(self._inquiries), methods=["POST"]),
                Route("/v1/hangups", self._over_the_network(self._hang_ups), methods=["POST"]),
                Route("/v1/events", self._over_the_network(self._events)),
                Route("/openapi.json", self._openapi),
                Route("/profile", self._profile, methods=["GET", "PATCH"]),
            ]
        )

    async def play(self) -> None:
        """Let calls go on, for ever."""
        while True:
            self._carrier.report()
            due = self._carrier.next_report_at()
            wait = SLEEP if due is None else (due - self._clock.now()).total_seconds()
            await asyncio.sleep(min(max(wait, 0.001), SLEEP))

    def happenings(self, after: int, events: list[GatewayEvent]) -> Happenings:
        """Write events as they are sent."""
        return Happenings(run=self.run, after=after, events=[event_of(event) for event in events])

    def _over_the_network(self, handler: Handler) -> Handler:
        async def handled(request: Request) -> Response:
            profile = self._carrier.profile
            if self._luck.random() < profile.lost_orders:
                return _CutOff()
            response = await handler(request)
            await asyncio.sleep(self._luck.uniform(*profile.answer_seconds))
            return _CutOff() if self._luck.random() < profile.lost_answers else response

        return handled

    async def _card(self, _: Request) -> Response:
        return _json(CarrierCard(name="fake carrier", simulated=True))

    async def _calls(self, request: Request) -> Response:
        orders = await _read(request, Orders)
        if isinstance(orders, Response):
            return orders
        if self._has_enough():
            refusal = Refusal(error="more requests per second than this carrier takes")
            return _json(refusal, status=429, headers={"retry-after": "1"})
        calls = [order.call() for order in orders.calls]
        taken, refused = self._carrier.submit(_route(orders), calls)
        return _json(Taken(taken=taken, events=[event_of(end) for end in refused]))

    async def _inquiries(self, request: Request) -> Response:
        questions = await _read(request, Questions)
        if isinstance(questions, Response):
            return questions
        inquiries = [question.inquiry() for question in questions.inquiries]
        answers = self._carrier.inquire(_route(questions), inquiries)
        return _json(Answers(events=[event_of(answer) for answer in answers]))

    async def _hang_ups(self, request: Request) -> Response:
        body = await _read(request, HangUps)
        if isinstance(body, Response):
            return body
        self._carrier.hang_up(body.ids)
        return JSONResponse({})

    async def _events(self, request: Request) -> Response:
        try:
            listener = Listener(client=request.query_params.get("client", ""))
            is_ours = request.query_params.get("run") == self.run
            after = int(request.query_params.get("after", "0")) if is_ours else 0
            wait = min(float(request.query_params.get("wait", "0")), LONGEST_WAIT)
        except ValueError as error:
            return _json(Refusal(error=str(error)), status=400)
        outbox = self._carrier.outboxes[_route(listener)]
        last, events = outbox.take(after)
        if not events and wait > 0:
            await outbox.wait(wait)
            last, events = outbox.take(after)
        return _json(self.happenings(last, list(events)))

    async def _openapi(self, _: Request) -> Response:
        return JSONResponse(document())

    async def _profile(self, request: Request) -> Response:
        if request.method == "PATCH":
            try:
                changed = {**self._carrier.profile.model_dump(), **await request.json()}
                self._carrier.change(CarrierProfile.model_validate(changed))
            except (ValueError, TypeError) as error:
                return JSONResponse({"error": str(error)}, status_code=400)
        return JSONResponse(self._carrier.profile.model_dump(mode="json"))

    def _has_enough(self) -> bool:
        limit, second = self._carrier.profile.requests_per_second, int(self._clock.now().timestamp())
        if second != self._second:
            self._second, self._taken = second, 0
        self._taken += 1
        return limit is not None and self._taken > limit


async def _read(request: Request, model: type[M]) -> M | Response:
    """Read a body; what makes no sense is refused whole, and nothing of it is placed."""
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return _json(Refusal(error=f"{where}: {first['msg']}"), status=422)


def _route(listener: Listener) -> tuple[str, str | None]:
    return (listener.client, listener.callback)


def _json(message: Message, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(
        message.model_dump_json(), status_code=status, media_type="application/json", headers=headers
    )
