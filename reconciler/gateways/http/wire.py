"""The gateway protocol: what a dialer and a carrier send each other as JSON over HTTP.

Durations are seconds, instants ISO 8601 with an offset, numbers E.164. Fields are only ever added: whoever
reads ignores those that it does not know.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from reconciler.gateways.http.events import Event
from reconciler.gateways.http.message import AttemptId, Message, Seconds
from reconciler.ports import Call, Inquiry

MOST_PER_REQUEST = 100
"""Calls or inquiries in one request."""


class Order(Message):
    """Place one call. `id` is the idempotency key: its phone rings at most once (R-CRASH-1)."""

    attempt_id: AttemptId
    organization: str
    campaign: str | None = None
    contact: str
    number: str
    agent_id: str | None = None
    agent_version: int | str | None = None
    agent_number: Annotated[str | None, Field(description="The caller ID.")] = None
    agent_config: dict[str, Any] | None = None
    initial_context: str | None = None
    custom_metadata: dict[str, Any] = Field(default_factory=dict)
    ring_timeout: Seconds
    max_call_duration: Seconds
    placing_at: AwareDatetime
    not_after: Annotated[
        AwareDatetime,
        Field(description="Not sent by then, the call is dropped and ends as `released` (R-CRASH-3)."),
    ]

    def call(self) -> Call:
        """Read it."""
        return Call(**self.fields())


class Question(Message):
    """What became of a call? Whoever answers `fenced` does not place it later (R-CRASH-2)."""

    attempt_id: AttemptId
    number: str
    agent_number: str | None = None
    placing_at: AwareDatetime
    gateway_ref: Annotated[str | None, Field(alias="reference")] = None
    ring_timeout: Seconds
    max_call_duration: Seconds

    def inquiry(self) -> Inquiry:
        """Read it."""
        return Inquiry(**self.fields())


class Listener(Message):
    """Who is to be told of these calls from now on: one that polls, or the URL of one that is called back."""

    client: Annotated[str, Field(min_length=1, max_length=100)]
    callback: Annotated[str | None, Field(max_length=2000)] = None


class Orders(Listener):
    """Body of `POST /v1/calls`."""

    calls: Annotated[list[Order], Field(min_length=1, max_length=MOST_PER_REQUEST)]


class Questions(Listener):
    """Body of `POST /v1/inquiries`."""

    inquiries: Annotated[list[Question], Field(min_length=1, max_length=MOST_PER_REQUEST)]


class HangUps(Message):
    """Body of `POST /v1/hangups`."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_PER_REQUEST)]


class Taken(Message):
    """Answer to orders: the calls that the carrier has now, and the ends of those that it refused."""

    taken: list[UUID] = Field(default_factory=list)
    events: list[Event] = Field(default_factory=list)


class Answers(Message):
    """Answer to inquiries: `found`, `fenced` or `cannot_tell` for each."""

    events: list[Event]


class Happenings(Message):
    """Answer to a poll, and body of a callback: events in the order in which they became known.

    `after` goes into the next poll, which so confirms these. `run` names one life of the carrier: where it
    changes, events may have been lost, and the calls that are open are asked about.
    """

    run: str
    after: int
    events: list[Event]


class Refusal(Message):
    """Body of an error. `taken` false is a promise: nothing of the request was, or will be, placed."""

    taken: Literal[False] = False
    error: str


class CarrierCard(Message):
    """Answer to `GET /v1/carrier`. `simulated`: it dials no phone, and no database that is `live`."""

    name: str
    simulated: bool
