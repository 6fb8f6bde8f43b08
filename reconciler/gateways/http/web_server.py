"""A web server within an event loop that somebody else runs."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from reconciler.errors import GatewayUnusable


class _QuietServer(uvicorn.Server):
    """Leaves the signals of the process to whoever runs it, and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class WebServer:
    """Serves an application at `host:port`; port 0 takes a free one."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._server: _QuietServer | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self, app: ASGIApp) -> str:
        """Listen from now on; gives the URL. Raises GatewayUnusable where it cannot listen there."""
        bound = self._bind()
        config = uvicorn.Config(
            app, log_config=None, log_level="critical", access_log=False, lifespan="off", http="h11"
        )
        self._server = _QuietServer(config)
        self._serving = asyncio.get_running_loop().create_task(self._server.serve([bound]))
        await self._server.listens.wait()
        host, port = bound.getsockname()[:2]
        return f"http://{host}:{port}"

    async def stop(self) -> None:
        """Listen no more, and drop whoever is still connected."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = self._server.force_exit = True
            answering = list(self._server.server_state.tasks)
            for task in answering:
                task.cancel()
            await asyncio.gather(self._serving, *answering, return_exceptions=True)

    def _bind(self) -> socket.socket:
        bound = socket.socket(socket.AF_INET6 if ":" in self._host else socket.AF_INET)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((self._host, self._port))
        except OSError as error:
            bound.close()
            raise GatewayUnusable(
                f"cannot listen at {self._host}:{self._port}: {error.strerror or error}",
                hint="another program may listen there; choose another port",
            ) from error
        return bound
