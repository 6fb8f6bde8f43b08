"""A gateway to the carrier of this folder: `--gateway ledger_gateway:LedgerGateway`.

`LEDGER_CARRIER` says where that listens (`HOST:PORT`). `LEDGER_INCIDENT` lets this process kill or freeze
itself at the worst of moments, for a signal from outside can never be aimed so well:

    SIGKILL before 5     before the fifth call leaves, when its `placing` is committed
    SIGSTOP before 5     the same, and go on where SIGCONT finds it
    SIGKILL after 5      right after the fifth call has left, when nobody here has heard of it yet

"Before" strikes in the dialer's own thread, which is then in no transaction; "after" in the one that sends.

One thread talks to the carrier; what it hears waits in a queue for the dialer. A connection that breaks is
made anew, and what was not sent is sent again: the carrier knows ids.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from uuid import UUID

from reconciler.core.outcomes import Outcome
from reconciler.ports import (
    Accepted,
    Answered,
    Call,
    CannotTell,
    Clock,
    Ended,
    Fenced,
    Found,
    GatewayEvent,
    Inquiry,
    Ringing,
)

CARRIER, INCIDENT = "LEDGER_CARRIER", "LEDGER_INCIDENT"
RECONNECT_AFTER = 0.1
NEVER = ("", "", 0)
KINDS = {
    "accepted": Accepted,
    "found": Found,
    "ringing": Ringing,
    "answered": Answered,
    "fenced": Fenced,
    "cannot_tell": CannotTell,
}


class LedgerGateway:
    """Speaks to the carrier; every method returns at once."""

    name = "ledger"
    simulated = True
    hands_over = True

    def __init__(self, carrier: str, incident: str | None) -> None:
        self._host, _, self._port = carrier.partition(":")
        what, when, count = incident.split() if incident else NEVER
        self._incident = (what, when, int(count))
        self._submitted = self._sent = 0
        self._orders: deque[dict] = deque()
        self._happened: SimpleQueue[GatewayEvent] = SimpleQueue()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._talk()), name="ledger", daemon=True)
        self._thread.start()
        self._ready.wait()

    @classmethod
    def from_environment(cls, _clock: Clock, environ: Mapping[str, str]) -> LedgerGateway:
        return cls(environ[CARRIER], environ.get(INCIDENT))

    def submit(self, calls: Sequence[Call]) -> None:
        for call in calls:
            self._submitted += 1
            self._suffer("before", self._submitted)
            self._order([_submission(call)])

    def ask(self, inquiries: Sequence[Inquiry]) -> None:
        self._order({"do": "ask", "id": str(inquiry.attempt_id)} for inquiry in inquiries)

    def hang_up(self, attempt_ids: Sequence[UUID]) -> None:
        self._order({"do": "hang_up", "id": str(attempt_id)} for attempt_id in attempt_ids)

    def events(self) -> Sequence[GatewayEvent]:
        events = []
        while True:
            try:
                events.append(self._happened.get_nowait())
            except Empty:
                return events

    def next_event_at(self) -> datetime | None:
        return None

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    def _order(self, orders) -> None:
        self._orders.extend(orders)
        self._loop.call_soon_threadsafe(self._waiting.set)

    async def _talk(self) -> None:
        self._loop, self._waiting, self._closing = (
            asyncio.get_running_loop(),
            asyncio.Event(),
            asyncio.Event(),
        )
        self._ready.set()
        while not self._closing.is_set():
            try:
                reader, writer = await asyncio.open_connection(self._host, self._port)
                await self._converse(reader, writer)
            except ConnectionError:
                await asyncio.wait([asyncio.create_task(self._closing.wait())], timeout=RECONNECT_AFTER)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send and listen until this process closes, or the carrier does."""
        tasks = [
            asyncio.create_task(self._listen(reader)),
            asyncio.create_task(self._speak(writer)),
            asyncio.create_task(self._closing.wait()),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            writer.close()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            self._happened.put(_event(json.loads(line)))
        raise ConnectionResetError

    async def _speak(self, writer: asyncio.StreamWriter) -> None:
        while True:
            self._waiting.clear()
            while self._orders:
                order = self._orders[0]
                writer.write(json.dumps(order).encode() + b"\n")
                await writer.drain()
                self._orders.popleft()
                if order["do"] == "submit":
                    self._sent += 1
                    self._suffer("after", self._sent)
            await self._waiting.wait()

    def _suffer(self, when: str, number: int) -> None:
        what, moment, count = self._incident
        if (moment, count) == (when, number):
            os.kill(os.getpid(), signal.Signals[what])


def _submission(call: Call) -> dict:
    return {
        "do": "submit",
        "id": str(call.attempt_id),
        "number": call.number,
        "organization": call.organization,
        "not_after": call.not_after.timestamp(),
        "ring_timeout": call.ring_timeout.total_seconds(),
        "max_call_duration": call.max_call_duration.total_seconds(),
    }


def _event(told: dict) -> GatewayEvent:
    attempt_id, at = UUID(told["id"]), datetime.fromtimestamp(told["at"], UTC)
    if told["event"] == "ended":
        return Ended(attempt_id, at, Outcome(told["outcome"]), rang=told["rang"])
    more = [told["reference"]] if "reference" in told else []
    return KINDS[told["event"]](attempt_id, at, *more)
