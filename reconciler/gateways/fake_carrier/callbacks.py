"""Callbacks of the fake carrier: an outbox with a URL is sent there, signed, until it is heard."""

from __future__ import annotations

import asyncio

import httpx

from reconciler.gateways.fake_carrier.app import CarrierApp
from reconciler.gateways.fake_carrier.carrier import FakeCarrier, Route
from reconciler.gateways.http.signatures import HEADER, sign
from reconciler.ports import Clock

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
LOOK_EVERY = 0.05
"""Seconds."""


class Caller:
    """Sends events to whoever asked to be called back: in order, and again until they are heard."""

    def __init__(self, carrier: FakeCarrier, app: CarrierApp, clock: Clock, secret: str) -> None:
        self._carrier = carrier
        self._app = app
        self._clock = clock
        self._secret = secret
        self._http = httpx.AsyncClient(timeout=5.0)

    async def call_back(self) -> None:
        """Look for new listeners, and serve each for ever."""
        served: dict[Route, asyncio.Task[None]] = {}
        try:
            while True:
                for route in list(self._carrier.outboxes):
                    if route[1] is not None and route not in served:
                        served[route] = asyncio.get_running_loop().create_task(self._serve(route, route[1]))
                await asyncio.sleep(LOOK_EVERY)
        finally:
            for task in served.values():
                task.cancel()
            await self._http.aclose()

    async def _serve(self, route: Route, url: str) -> None:
        outbox, heard, pause = self._carrier.outboxes[route], 0, FIRST_PAUSE
        while True:
            last, events = outbox.take(heard)
            if not events:
                await outbox.wait(LONGEST_PAUSE)
            elif await self._send(url, self._app.happenings(last, list(events)).model_dump_json().encode()):
                heard, pause = last, FIRST_PAUSE
            else:
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    async def _send(self, url: str, body: bytes) -> bool:
        headers = {
            HEADER: sign(self._secret, body, self._clock.now()),
            "content-type": "application/json",
        }
        try:
            return (await self._http.post(url, content=body, headers=headers)).is_success
        except httpx.HTTPError:
            return False
