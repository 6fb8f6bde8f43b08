"""`dialctl carrier`: a carrier without phones, for tests, demos and people who write a gateway."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.terminal import print_lines
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.gateways.fake_carrier.profile import CarrierProfile

SECRET = "DIALCTL_HTTP_SECRET"  # noqa: S105 - the name of a variable


def carrier(
    ledger: Annotated[
        Path, typer.Argument(help="The file in which every order and ring is written down.", metavar="LEDGER")
    ],
    *,
    listen: Annotated[
        str, typer.Option("--listen", help="Where to listen; port 0 takes a free one.", metavar="HOST:PORT")
    ] = "127.0.0.1:8060",
    profile: Annotated[
        Path | None,
        typer.Option("--profile", help="How calls go and what goes wrong, as JSON.", metavar="FILE"),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Draws what becomes of calls.", metavar="N")] = 0,
) -> None:
    """Run a carrier that rings no phone, for DIALCTL_GATEWAY=http. Stops on SIGTERM or Ctrl-C."""
    import asyncio

    from reconciler.cli.stop_signals import stop_signals
    from reconciler.clock import SystemClock
    from reconciler.gateways.fake_carrier.serving import Premises, serve

    host, _, port = listen.rpartition(":")
    if not host or not port.isascii() or not port.isdigit():
        raise UsageError(f"--listen {listen}: not HOST:PORT", hint="--listen 127.0.0.1:8060")
    premises = Premises(
        ledger, host.strip("[]"), int(port), _profile(profile), seed, os.environ.get(SECRET) or None
    )
    with stop_signals() as (stop, _):

        async def until_stopped() -> None:
            serving = asyncio.create_task(serve(premises, SystemClock(), _opened))
            stopped = asyncio.create_task(asyncio.to_thread(stop.wait))
            await asyncio.wait([serving, stopped], return_when=asyncio.FIRST_COMPLETED)
            stop.set()
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=not serving.done())

        asyncio.run(until_stopped())


def _opened(url: str) -> None:
    print_lines([f"carrier at {url}; no phone rings"])
    sys.stdout.flush()


def _profile(path: Path | None) -> CarrierProfile:
    from reconciler.gateways.behaviour import read_profile
    from reconciler.gateways.fake_carrier.profile import CarrierProfile

    return CarrierProfile() if path is None else read_profile(path, CarrierProfile)
