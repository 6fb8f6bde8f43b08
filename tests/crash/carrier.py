"""A carrier in a process of its own: it outlives every dialer, and writes down each ring before it happens.

    python carrier.py LEDGER [--seconds LOW HIGH] [--lose-events SHARE] [--lose-answers SHARE]
                             [--cannot-tell SHARE] [--seed N]

It listens on a free port of localhost, prints `HOST:PORT`, and speaks one JSON object per line. It runs until
its standard input ends, so that it never outlives a test that was killed.

    in:   {"do": "submit", "id", "number", "organization", "not_after", "ring_timeout", "max_call_duration"}
          {"do": "ask", "id"}    {"do": "hang_up", "id"}
    out:  {"event": "accepted" | "found", "id", "at", "reference"}    {"event": "ringing" | "answered", …}
          {"event": "ended", "id", "at", "outcome", "rang"}           {"event": "fenced" | "cannot_tell", …}

The ledger gets one line per ring and one per end: {"what", "id", "number", "organization", "wall",
"monotonic"}, each by a single write to a file that is opened for appending. Instants are seconds of the wall
clock, durations are seconds. The carrier knows nothing of dialctl: the ledger is a second opinion.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass, field
from random import Random

LISTENING_ON = "127.0.0.1"


@dataclass(slots=True)
class Call:
    """A call that rings or rang, whom to tell of it, and everything that has happened to it."""

    id: str
    number: str
    organization: str
    listener: asyncio.StreamWriter
    told: list[dict] = field(default_factory=list)
    answered: bool = False
    over: bool = False


class Carrier:
    """Rings once per id, not after `not_after`, and never for an id that was asked about before."""

    def __init__(self, ledger: int, options: argparse.Namespace) -> None:
        self._ledger = ledger
        self._options = options
        self._luck = Random(options.seed)
        self._calls: dict[str, Call] = {}
        self._fenced: set[str] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Do what one connection asks for, until it goes away."""
        try:
            while line := await reader.readline():
                order = json.loads(line)
                getattr(self, f"_{order.pop('do')}")(writer, **order)
        except ConnectionError:
            pass  # its dialer was killed: that is what this process is here for
        finally:
            writer.close()

    def _submit(
        self,
        listener: asyncio.StreamWriter,
        *,
        id: str,  # noqa: A002 - the name on the wire
        number: str,
        organization: str,
        not_after: float,
        ring_timeout: float,
        max_call_duration: float,
    ) -> None:
        if id in self._calls:
            self._calls[id].listener = listener
            return
        if id in self._fenced or time.time() >= not_after:
            self._fenced.add(id)
            self._send(listener, _event("ended", id, outcome="released", rang=False))
            return
        call = self._calls[id] = Call(id, number, organization, listener)
        self._write_down("ring", call)
        self._tell(call, "accepted", reference=f"ledger-{id}")
        self._tell(call, "ringing")
        low, high = self._options.seconds
        length, loop = self._luck.uniform(low, high), asyncio.get_running_loop()
        if self._luck.random() < self._options.no_answer:
            loop.call_later(min(length, ring_timeout), self._end, call, "no_answer")
        else:
            rings = min(length / 3, ring_timeout)
            loop.call_later(rings, self._answer, call)
            loop.call_later(rings + min(length * 2 / 3, max_call_duration), self._end, call, "completed")

    def _ask(self, listener: asyncio.StreamWriter, *, id: str) -> None:  # noqa: A002 - the name on the wire
        if self._luck.random() < self._options.lose_answers:
            return
        if self._luck.random() < self._options.cannot_tell:
            self._send(listener, _event("cannot_tell", id))
            return
        call = self._calls.get(id)
        if call is None:
            self._fenced.add(id)
            self._send(listener, _event("fenced", id))
            return
        call.listener = listener
        self._send(listener, _event("found", id, reference=f"ledger-{id}"))
        for event in call.told:
            self._send(listener, event)

    def _hang_up(self, _listener: asyncio.StreamWriter, *, id: str) -> None:  # noqa: A002 - the name on the wire
        if id in self._calls:
            call = self._calls[id]
            self._end(call, "completed" if call.answered else "cancelled")

    def _answer(self, call: Call) -> None:
        if not call.over:
            call.answered = True
            self._tell(call, "answered")

    def _end(self, call: Call, outcome: str) -> None:
        if not call.over:
            call.over = True
            self._write_down("end", call)
            self._tell(call, "ended", outcome=outcome, rang=True)

    def _tell(self, call: Call, happening: str, **values: object) -> None:
        event = _event(happening, call.id, **values)
        call.told.append(event)
        if self._luck.random() >= self._options.lose_events:
            self._send(call.listener, event)

    def _send(self, listener: asyncio.StreamWriter, event: dict) -> None:
        if not listener.is_closing():
            listener.write(json.dumps(event).encode() + b"\n")

    def _write_down(self, what: str, call: Call) -> None:
        line = {
            "what": what,
            "id": call.id,
            "number": call.number,
            "organization": call.organization,
            "wall": time.time(),
            "monotonic": time.monotonic(),
        }
        os.write(self._ledger, json.dumps(line).encode() + b"\n")


def _event(happening: str, attempt_id: str, **values: object) -> dict:
    return {"event": happening, "id": attempt_id, "at": time.time(), **values}


async def _run(options: argparse.Namespace) -> None:
    ledger = os.open(options.ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    server = await asyncio.start_server(Carrier(ledger, options).serve, LISTENING_ON, 0)
    host, port = server.sockets[0].getsockname()
    sys.stdout.write(f"{host}:{port}\n")
    sys.stdout.flush()
    nobody_needs_it = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, nobody_needs_it.set)
    await nobody_needs_it.wait()
    server.close()
    os.close(ledger)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A carrier that keeps a ledger of rings.")
    parser.add_argument("ledger", help="file to append to")
    parser.add_argument("--seconds", nargs=2, type=float, default=(0.2, 0.7), help="how long calls last")
    parser.add_argument("--no-answer", type=float, default=0.4, help="share of calls that nobody answers")
    parser.add_argument("--lose-events", type=float, default=0.0, help="share of events that get lost")
    parser.add_argument("--lose-answers", type=float, default=0.0, help="share of inquiries never answered")
    parser.add_argument("--cannot-tell", type=float, default=0.0, help="share answered with cannot_tell")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(_run(_options()))
