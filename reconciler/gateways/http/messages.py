"""The events of the gateway protocol: what a carrier tells of calls, as JSON and as the dialer hears it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from reconciler.core.outcomes import Disposition, Outcome
from reconciler.ports import (
    Accepted,
    Answered,
    CannotTell,
    Ended,
    Fenced,
    Found,
    GatewayEvent,
    Ringing,
)


class Message(BaseModel):
    """Anything that is sent. Whoever reads ignores fields that it does not know: more may come."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Event(Message):
    id: UUID
    at: AwareDatetime


class AcceptedEvent(_Event):
    """The carrier took the call."""

    event: Literal["accepted"] = "accepted"
    reference: str


class RingingEvent(_Event):
    """The phone rings."""

    event: Literal["ringing"] = "ringing"


class AnsweredEvent(_Event):
    """Somebody, or something, answered."""

    event: Literal["answered"] = "answered"


class EndedEvent(_Event):
    """The call is over. `rang` false is a promise: the phone provably never rang (R-RETRY-1)."""

    event: Literal["ended"] = "ended"
    outcome: Outcome
    rang: bool = True
    disposition: Disposition | None = None
    callback_at: AwareDatetime | None = None
    carrier_code: str | None = None
    reason: str | None = None
    blames: Literal["agent", "caller_id"] | None = None
    retry_after: float | None = None
    cost_micros: int | None = None
    cost_currency: str | None = None
    transcript: list[dict[str, Any]] = []
    recording_url: str | None = None


class FoundEvent(_Event):
    """Answer to an inquiry: the call exists. All its events follow, those of the past again."""

    event: Literal["found"] = "found"
    reference: str


class FencedEvent(_Event):
    """Answer to an inquiry: it has not rung, and a later order of this id will not ring either."""

    event: Literal["fenced"] = "fenced"


class CannotTellEvent(_Event):
    """Answer to an inquiry: the carrier does not know."""

    event: Literal["cannot_tell"] = "cannot_tell"


Event = Annotated[
    AcceptedEvent | RingingEvent | AnsweredEvent | EndedEvent | FoundEvent | FencedEvent | CannotTellEvent,
    Field(discriminator="event"),
]


_EVENT: TypeAdapter[Event] = TypeAdapter(Event)


def event_of(told: GatewayEvent) -> Event:
    """Write an event of a gateway as it is sent."""
    match told:
        case Accepted(attempt_id, at, reference):
            return AcceptedEvent(id=attempt_id, at=at, reference=reference)
        case Ringing(attempt_id, at):
            return RingingEvent(id=attempt_id, at=at)
        case Answered(attempt_id, at):
            return AnsweredEvent(id=attempt_id, at=at)
        case Found(attempt_id, at, reference):
            return FoundEvent(id=attempt_id, at=at, reference=reference)
        case Fenced(attempt_id, at):
            return FencedEvent(id=attempt_id, at=at)
        case CannotTell(attempt_id, at):
            return CannotTellEvent(id=attempt_id, at=at)
        case Ended():
            return _ended_event(told)


def heard(sent: object) -> GatewayEvent | None:
    """Read an event as it was sent; None where it makes no sense, or is of a sort that is not known here."""
    try:
        event = _EVENT.validate_python(sent)
    except ValidationError:
        return None
    match event:
        case AcceptedEvent():
            return Accepted(event.id, event.at, event.reference)
        case RingingEvent():
            return Ringing(event.id, event.at)
        case AnsweredEvent():
            return Answered(event.id, event.at)
        case FoundEvent():
            return Found(event.id, event.at, event.reference)
        case FencedEvent():
            return Fenced(event.id, event.at)
        case CannotTellEvent():
            return CannotTell(event.id, event.at)
        case EndedEvent():
            return _ended(event)


def _ended_event(told: Ended) -> EndedEvent:
    return EndedEvent(
        id=told.attempt_id,
        at=told.at,
        outcome=told.outcome,
        rang=told.rang,
        disposition=told.disposition,
        callback_at=told.callback_at,
        carrier_code=told.carrier_code,
        reason=told.reason,
        blames=told.blames,
        retry_after=None if told.retry_after is None else told.retry_after.total_seconds(),
        cost_micros=told.cost_micros,
        cost_currency=told.cost_currency,
        transcript=[dict(turn) for turn in told.transcript],
        recording_url=told.recording_url,
    )


def _ended(event: EndedEvent) -> Ended:
    return Ended(
        event.id,
        event.at,
        event.outcome,
        rang=event.rang,
        disposition=event.disposition,
        callback_at=event.callback_at,
        carrier_code=event.carrier_code,
        reason=event.reason,
        blames=event.blames,
        retry_after=None if event.retry_after is None else timedelta(seconds=event.retry_after),
        cost_micros=event.cost_micros,
        cost_currency=event.cost_currency,
        transcript=event.transcript,
        recording_url=event.recording_url,
    )
