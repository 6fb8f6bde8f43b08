"""The fake carrier as a process: a ledger, a port, and calls that go on until somebody stops it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reconciler.gateways.fake_carrier.app import CarrierApp
from reconciler.gateways.fake_carrier.callbacks import Caller
from reconciler.gateways.fake_carrier.carrier import FakeCarrier
from reconciler.gateways.fake_carrier.ledger import Ledger
from reconciler.gateways.fake_carrier.profile import CarrierProfile
from reconciler.gateways.http.web_server import WebServer
from reconciler.ports import Clock


@dataclass(frozen=True, slots=True)
class Premises:
    """Where a carrier works: its ledger, its port, how it behaves, and what it signs callbacks with."""

    ledger: Path
    host: str
    port: int
    profile: CarrierProfile
    seed: int = 0
    secret: str | None = None


async def serve(premises: Premises, clock: Clock, opened: Callable[[str], None]) -> None:
    """Work until cancelled; `opened` is told the URL. Raises GatewayUnusable where the port is taken."""
    with Ledger(premises.ledger) as ledger:
        carrier = FakeCarrier(ledger, clock, premises.profile, premises.seed)
        app = CarrierApp(carrier, clock, premises.seed)
        server = WebServer(premises.host, premises.port)
        opened(await server.start(app.routes()))
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(app.play())
                if premises.secret is not None:
                    caller = Caller(carrier, app, clock, premises.secret)
                    tasks.create_task(caller.call_back())
        finally:
            await server.stop()
