"""A cable between two processes, which a test cuts, or on which for a while nothing moves."""

from __future__ import annotations

import asyncio
import contextlib
import threading

MOST_AT_ONCE = 1 << 16


class Cable:
    """Carries connections from a port of its own to another one of this machine."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._ends: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._flows.set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cable", daemon=True)
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()

    def cut(self) -> None:
        """Break every connection, whatever is on its way; new ones may be made."""
        self._loop.call_soon_threadsafe(self._abort)

    def stall(self) -> None:
        """Hold back everything that is sent, either way."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    def flow(self) -> None:
        """Let it through again, what was held back first."""
        self._loop.call_soon_threadsafe(self._flows.set)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self):
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return self._server.sockets[0].getsockname()[1]

    async def _shut(self):
        self._server.close()
        self._abort()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _abort(self):
        for end in self._ends:
            end.transport.abort()

    async def _carry(self, here, back):
        self._ends.add(back)
        try:
            there, forth = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:  # nobody listens there just now
            back.transport.abort()
            self._ends.discard(back)
            return
        self._ends.add(forth)
        await asyncio.gather(self._pass_on(here, forth), self._pass_on(there, back))

    async def _pass_on(self, source, sink):
        try:
            with contextlib.suppress(OSError):
                while some := await source.read(MOST_AT_ONCE):
                    await self._flows.wait()
                    sink.write(some)
                    await sink.drain()
        finally:
            self._ends.discard(sink)
            sink.close()
