"""Requests to the carrier, and what the failure of each proves.

An order whose answer got lost may have been placed or not: that is never guessed, and never sent again. Only
a request that provably left no trace counts as not made: nobody listened, or the carrier says so itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from pydantic import BaseModel, ValidationError

from reconciler.gateways.http.wire import HangUps, Listener, Order, Orders, Question, Questions, Refusal

NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
TOO_MANY = 429
ANSWER_WITHIN = 10.0
"""Seconds in which a carrier answers; later, the answer counts as lost."""


class NotTakenError(Exception):
    """Nothing of the request was placed, nor will be. `busy`: the carrier has enough for now."""

    def __init__(self, why: str, *, retry_after: timedelta | None = None, busy: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.retry_after = retry_after
        self.busy = busy


class UnansweredError(Exception):
    """The request may have been carried out or not."""


class CarrierClient:
    """One carrier, spoken to over one pool of connections."""

    def __init__(self, http: httpx.AsyncClient, listener: Listener) -> None:
        self._http = http
        self._listener = listener.model_dump(exclude_none=True)

    async def submit(self, orders: Sequence[Order]) -> dict[str, Any]:
        """Place calls; gives `taken` and `events`. Raises NotTakenError and UnansweredError."""
        return await self._post("/v1/calls", Orders(**self._listener, calls=list(orders)))

    async def inquire(self, questions: Sequence[Question]) -> dict[str, Any]:
        """Ask what became of calls; gives `events`. Raises NotTakenError and UnansweredError."""
        return await self._post("/v1/inquiries", Questions(**self._listener, inquiries=list(questions)))

    async def hang_up(self, ids: Sequence[UUID]) -> None:
        """End calls. Raises NotTakenError and UnansweredError."""
        await self._post("/v1/hangups", HangUps(ids=list(ids)))

    async def poll(self, run: str, after: int, wait: float) -> dict[str, Any]:
        """Give what has happened behind `after` of a run; waits up to so many seconds for it.

        Raises NotTakenError and UnansweredError.
        """
        asked = {"client": self._listener["client"], "run": run, "after": after, "wait": wait}
        return await self._send("GET", "/v1/events", params=asked, timeout=wait + ANSWER_WITHIN)

    async def close(self) -> None:
        """Let go of all connections."""
        await self._http.aclose()

    async def _post(self, path: str, body: BaseModel) -> dict[str, Any]:
        content = body.model_dump_json(exclude_none=True).encode()
        return await self._send("POST", path, content=content, headers={"content-type": "application/json"})

    async def _send(self, method: str, path: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's own
        try:
            response = await self._http.request(method, path, **more)
        except NOT_SENT as error:
            raise NotTakenError(f"the carrier cannot be reached ({type(error).__name__})") from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise UnansweredError from error
        if not response.is_success:
            raise _refused(response)
        try:
            answer = response.json()
        except ValueError as error:
            raise UnansweredError from error
        return answer if isinstance(answer, dict) else {}


def _refused(response: httpx.Response) -> Exception:
    """Say what an error proves: only the carrier itself can promise that nothing was placed, no proxy."""
    busy = response.status_code == TOO_MANY
    try:
        refusal = Refusal.model_validate_json(response.content)
    except ValidationError:
        return UnansweredError()
    why = f"the carrier refuses: {refusal.error} ({response.status_code})"
    return NotTakenError(why, retry_after=_retry_after(response), busy=busy)


def _retry_after(response: httpx.Response) -> timedelta | None:
    text = response.headers.get("retry-after", "")
    return timedelta(seconds=int(text)) if text.isascii() and text.isdigit() else None
