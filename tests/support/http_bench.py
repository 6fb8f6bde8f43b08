"""The line to a fake carrier on a virtual clock, in one event loop and without a network."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import httpx

from reconciler.clock import VirtualClock
from reconciler.gateways.fake_carrier.app import CarrierApp
from reconciler.gateways.fake_carrier.carrier import FakeCarrier
from reconciler.gateways.fake_carrier.ledger import Ledger
from reconciler.gateways.fake_carrier.profile import CarrierProfile
from reconciler.gateways.http.client import CarrierClient, NotTakenError, UnansweredError
from reconciler.gateways.http.gateway import HttpGateway
from reconciler.gateways.http.line import Line
from reconciler.gateways.http.wire import Listener

TRIES = 200


class Network(httpx.AsyncBaseTransport):
    """Carries requests to the carrier's application, as long as `up`; tells every path that was asked for."""

    def __init__(self, app):
        self.app = app
        self.up = True
        self.asked = []

    async def handle_async_request(self, request):
        if not self.up:
            raise httpx.ConnectError("nobody listens", request=request)
        self.asked.append(request.url.path)
        try:
            return await httpx.ASGITransport(self.app).handle_async_request(request)
        except AssertionError as cut_off:  # an answer that was promised and did not come
            raise httpx.RemoteProtocolError("the connection broke", request=request) from cut_off


class HttpBench:
    """A gateway of one process, driven by hand: nothing happens between two calls of a test."""

    name = "http"
    simulated = True
    hands_over = HttpGateway.hands_over

    def __init__(self, start, seed=1, **profile):
        self.clock = VirtualClock(start)
        self.ledger = Ledger(None)
        self.seed = seed
        self.profile = CarrierProfile(**profile)
        self.loop = asyncio.new_event_loop()
        self.paused = []
        self.when_paused = lambda: None
        self.open_carrier()
        self.restart()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.loop.close()

    @property
    def gateway(self):
        return self

    def open_carrier(self):
        """Have a carrier that knows what the ledger says, and nothing else."""
        self.carrier = FakeCarrier(self.ledger, self.clock, self.profile, self.seed)
        self.app = CarrierApp(self.carrier, self.clock, self.seed)
        self.network = Network(self.app.routes())

    def carrier_restarts(self):
        """Kill the carrier, and start it anew; the process that dials goes on."""
        asked = self.network.asked
        self.open_carrier()
        self.network.asked = asked
        self.client._http._transport = self.network

    def restart(self):
        """Put a gateway of a new process in place of this one."""
        http = httpx.AsyncClient(base_url="http://carrier", transport=self.network)
        self.client = CarrierClient(http, Listener(client=uuid4().hex))
        self.line = Line(self.client, self.clock, pause=self._pause)

    async def _pause(self, seconds):
        self.paused.append(seconds)
        assert len(self.paused) < 10_000, "it tries for ever"
        self.when_paused()
        await asyncio.sleep(0)

    def submit(self, calls):
        self._do(self.line.submit, calls)

    def ask(self, inquiries):
        self._do(self.line.ask, inquiries)

    def hang_up(self, ids):
        self._do(self.line.hang_up, ids)

    def events(self):
        self.loop.run_until_complete(self._look())
        told = []
        while not self.line.happened.empty():
            told.append(self.line.happened.get_nowait())
        return told

    def take_events(self):
        return self.events()

    def times_rung(self, attempt_id):
        return self.lines("ring", attempt_id)

    def lines(self, what, attempt_id=None):
        """Count the lines of the ledger."""
        return sum(
            line["what"] == what and (attempt_id is None or line["id"] == str(attempt_id))
            for line in self.ledger.past
        )

    def next_event_at(self):
        return None

    def close(self):
        self.loop.run_until_complete(self.line.close())

    def _do(self, order, what):
        async def done():
            order(what)
            await self.line.rest()

        self.loop.run_until_complete(done())

    async def _look(self):
        self.carrier.report()
        for _ in range(TRIES):
            try:
                await self.line.look(wait=0)
            except (NotTakenError, UnansweredError):
                if not self.network.up:
                    return
            else:
                break
        await self.line.rest()
