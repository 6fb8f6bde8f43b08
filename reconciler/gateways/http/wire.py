"""The gateway protocol: what a dialer and a carrier send each other as JSON over HTTP.

Durations are seconds, instants ISO 8601 with an offset, numbers E.164. Fields are only ever added: whoever
reads ignores those that it does not know.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from reconciler.gateways.http.messages import Event, Message
from reconciler.ports import Call, Inquiry

MOST_PER_REQUEST = 100
"""Calls or inquiries in one request."""


class Order(Message):
    """Place one call. `id` is the idempotency key: its phone rings at most once (R-CRASH-1)."""

    id: UUID
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
    ring_timeout: Annotated[float, Field(ge=0)]
    max_call_duration: Annotated[float, Field(ge=0)]
    placing_at: AwareDatetime
    not_after: Annotated[
        AwareDatetime,
        Field(description="Not sent by then, the call is dropped and ends as `released` (R-CRASH-3)."),
    ]


class Question(Message):
    """What became of a call? Whoever answers `fenced` does not place it later (R-CRASH-2)."""

    id: UUID
    number: str
    agent_number: str | None = None
    placing_at: AwareDatetime
    reference: str | None = None
    ring_timeout: Annotated[float, Field(ge=0)]
    max_call_duration: Annotated[float, Field(ge=0)]


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


def order_of(call: Call) -> Order:
    """Write a call as an order."""
    return Order(
        id=call.attempt_id,
        organization=call.organization,
        campaign=call.campaign,
        contact=call.contact,
        number=call.number,
        agent_id=call.agent_id,
        agent_version=call.agent_version,
        agent_number=call.agent_number,
        agent_config=None if call.agent_config is None else dict(call.agent_config),
        initial_context=call.initial_context,
        custom_metadata=dict(call.custom_metadata),
        ring_timeout=call.ring_timeout.total_seconds(),
        max_call_duration=call.max_call_duration.total_seconds(),
        placing_at=call.placing_at,
        not_after=call.not_after,
    )


def call_of(order: Order) -> Call:
    """Read an order as a call."""
    fields = order.model_dump(exclude={"id", "ring_timeout", "max_call_duration"})
    return Call(
        attempt_id=order.id,
        ring_timeout=timedelta(seconds=order.ring_timeout),
        max_call_duration=timedelta(seconds=order.max_call_duration),
        **fields,
    )


def question_of(asked: Inquiry) -> Question:
    """Write an inquiry as a question."""
    return Question(
        id=asked.attempt_id,
        number=asked.number,
        agent_number=asked.agent_number,
        placing_at=asked.placing_at,
        reference=asked.gateway_ref,
        ring_timeout=asked.ring_timeout.total_seconds(),
        max_call_duration=asked.max_call_duration.total_seconds(),
    )


def inquiry_of(question: Question) -> Inquiry:
    """Read a question as an inquiry."""
    return Inquiry(
        attempt_id=question.id,
        number=question.number,
        agent_number=question.agent_number,
        placing_at=question.placing_at,
        gateway_ref=question.reference,
        ring_timeout=timedelta(seconds=question.ring_timeout),
        max_call_duration=timedelta(seconds=question.max_call_duration),
    )
