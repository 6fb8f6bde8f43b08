"""The gateway `http` as the dialer sees it: orders go to an event loop in a thread, events come from a queue.

| Variable | Is |
| --- | --- |
| `DIALCTL_HTTP_URL` | where the carrier listens |
| `DIALCTL_HTTP_TOKEN` | sent as `Authorization: Bearer`, if it is set |
| `DIALCTL_HTTP_CALLBACK` | the URL at which the carrier reaches this dialer; else events are polled for |
| `DIALCTL_HTTP_LISTEN` | where this dialer listens for them, `HOST:PORT` |
| `DIALCTL_HTTP_SECRET` | what the carrier signs them with |
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from queue import Empty
from typing import Any, Self, cast
from uuid import UUID, uuid4

import httpx
from pydantic import ValidationError

from reconciler.errors import GatewayUnusable
from reconciler.gateways.http.callbacks import Callbacks
from reconciler.gateways.http.client import ANSWER_WITHIN, CarrierClient
from reconciler.gateways.http.line import REQUESTS_AT_A_TIME, Line
from reconciler.gateways.http.wire import CarrierCard, Listener
from reconciler.ports import Call, Clock, GatewayEvent, Inquiry

URL, TOKEN = "DIALCTL_HTTP_URL", "DIALCTL_HTTP_TOKEN"
CONNECT_WITHIN = 3.0
"""Seconds."""

TRIES = 10


class HttpGateway:
    """Dials through a carrier that speaks the gateway protocol (docs/gateway-protocol.md)."""

    name = "http"
    hands_over = True

    def __init__(
        self, clock: Clock, url: str, *, token: str | None = None, callbacks: Callbacks | None = None
    ) -> None:
        self._clock = clock
        self._url = url
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._callbacks = callbacks
        self.simulated = self._card().simulated
        self._loop = asyncio.new_event_loop()
        self._line = Line(self._client(), clock)
        self._listening: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="http gateway", daemon=True)
        self._thread.start()
        self._wait_for(self._listen())

    @classmethod
    def from_environment(cls, clock: Clock, environ: Mapping[str, str]) -> Self:
        """Open the gateway that the environment describes.

        Raises:
            GatewayUnusable: a variable is missing or makes no sense, or the carrier cannot be reached.
        """
        url = environ.get(URL)
        if not url:
            raise GatewayUnusable(f"{URL} is not set", hint="it says where the carrier listens: https://host")
        return cls(clock, url, token=environ.get(TOKEN), callbacks=Callbacks.from_environment(environ))

    def submit(self, calls: Sequence[Call]) -> None:
        """Place these calls."""
        self._loop.call_soon_threadsafe(self._line.submit, calls)

    def ask(self, inquiries: Sequence[Inquiry]) -> None:
        """Find out what became of these."""
        self._loop.call_soon_threadsafe(self._line.ask, inquiries)

    def hang_up(self, attempt_ids: Sequence[UUID]) -> None:
        """End these calls."""
        self._loop.call_soon_threadsafe(self._line.hang_up, attempt_ids)

    def events(self) -> Sequence[GatewayEvent]:
        """Take what has happened; what makes no sense is among it, for the dialer to tell of."""
        told: list[GatewayEvent] = []
        while True:
            try:
                told.append(cast(GatewayEvent, self._line.happened.get_nowait()))
            except Empty:
                return told

    def next_event_at(self) -> datetime | None:
        """Nobody knows when somebody answers."""
        return None

    def close(self) -> None:
        """Let go of connections and of the thread; what is under way is asked about by the next dialer."""
        self._wait_for(self._leave())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _card(self) -> CarrierCard:
        """Ask the carrier who it is, before anything is dialled. Raises GatewayUnusable."""
        http = httpx.Client(base_url=self._url, headers=self._headers, timeout=CONNECT_WITHIN)
        try:
            with http:
                response = _insist_on_an_answer(http)
            response.raise_for_status()
            return CarrierCard.model_validate_json(response.content)
        except (httpx.HTTPError, httpx.InvalidURL, ValidationError) as error:
            raise GatewayUnusable(
                f"the carrier at {self._url} does not say who it is: {_said(error)}",
                hint=f"is it running, does it speak the gateway protocol, and are {URL} and {TOKEN} right?",
            ) from error

    def _client(self) -> CarrierClient:
        http = httpx.AsyncClient(
            base_url=self._url,
            headers=self._headers,
            timeout=httpx.Timeout(ANSWER_WITHIN, connect=CONNECT_WITHIN),
            limits=httpx.Limits(max_connections=2 * REQUESTS_AT_A_TIME),
        )
        callback = self._callbacks.url if self._callbacks else None
        return CarrierClient(http, Listener(client=uuid4().hex, callback=callback))

    async def _listen(self) -> None:
        if self._callbacks is not None:
            await self._callbacks.serve(self._line.take_in, self._clock)
        else:
            self._listening = asyncio.get_running_loop().create_task(self._line.listen())

    async def _leave(self) -> None:
        if self._callbacks is not None:
            await self._callbacks.close()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await self._line.close()

    def _wait_for(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _insist_on_an_answer(http: httpx.Client) -> httpx.Response:
    """Ask again where the answer broke off: who a carrier is may be asked as often as one likes."""
    for _ in range(TRIES - 1):
        with suppress(httpx.ReadError, httpx.RemoteProtocolError):
            return http.get("/v1/carrier")
    return http.get("/v1/carrier")


def _said(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"status {error.response.status_code}"
    return "no answer" if isinstance(error, httpx.TransportError) else "an answer that makes no sense"
