"""Callbacks: events that the carrier sends by itself, each batch signed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reconciler.errors import GatewayUnusable
from reconciler.gateways.http.signatures import HEADER, is_signed
from reconciler.gateways.http.web_server import WebServer
from reconciler.ports import Clock

CALLBACK, LISTEN, SECRET = "DIALCTL_HTTP_CALLBACK", "DIALCTL_HTTP_LISTEN", "DIALCTL_HTTP_SECRET"
LARGEST_BODY = 16 * 2**20
"""Bytes."""


class Callbacks:
    """Listens for events at `host:port`, which the carrier reaches as `url`."""

    def __init__(self, url: str, host: str, port: int, secret: str) -> None:
        self.url = url
        self._secret = secret
        self._server = WebServer(host, port)
        self._take_in: Callable[[dict[str, Any]], None] | None = None
        self._clock: Clock | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self | None:
        """Read the variables; None where events are polled for. Raises GatewayUnusable."""
        url = environ.get(CALLBACK)
        if not url:
            return None
        missing = [name for name in (LISTEN, SECRET) if not environ.get(name)]
        if missing:
            raise GatewayUnusable(
                f"{CALLBACK} is set, and {' and '.join(missing)} is not",
                hint="callbacks need a URL for the carrier, HOST:PORT to listen at, and a secret",
            )
        host, _, port = environ[LISTEN].rpartition(":")
        if not port.isascii() or not port.isdigit():
            raise GatewayUnusable(f"{LISTEN}={environ[LISTEN]} is not HOST:PORT", hint="write 0.0.0.0:8080")
        return cls(url, host or "127.0.0.1", int(port), environ[SECRET])

    async def serve(self, take_in: Callable[[dict[str, Any]], None], clock: Clock) -> None:
        """Listen from now on, and pass on what is signed. Raises GatewayUnusable where the port is taken."""
        self._take_in, self._clock = take_in, clock
        routes = [Route("/{path:path}", self._receive, methods=["POST"])]
        await self._server.start(Starlette(routes=routes))

    async def close(self) -> None:
        """Listen no more."""
        await self._server.stop()

    async def _receive(self, request: Request) -> Response:
        assert self._clock is not None  # noqa: S101 - served only after `serve`
        assert self._take_in is not None  # noqa: S101 - the same
        if int(request.headers.get("content-length") or 0) > LARGEST_BODY:
            return JSONResponse({"error": "too large"}, status_code=413)
        body = await request.body()
        if not is_signed(self._secret, body, request.headers.get(HEADER, ""), self._clock.now()):
            return JSONResponse({"error": "not signed with our secret, or not lately"}, status_code=401)
        try:
            told = json.loads(body)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            return JSONResponse({"error": "no JSON object"}, status_code=400)
        self._take_in(told)
        return Response(status_code=204)
