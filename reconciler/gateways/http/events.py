"""The events of the gateway protocol: what a carrier tells of calls, as JSON and as the dialer hears it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from reconciler.core.outcomes import Disposition, Outcome
from reconciler.gateways.http.message import AttemptId, Message, Seconds
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


class _Event(Message):
    attempt_id: AttemptId
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
    retry_after: Seconds | None = None
    cost_micros: int | None = None
    cost_currency: str | None = None
    transcript: list[dict[str, Any]] = Field(default_factory=list)
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

_SENT_AS: dict[type[GatewayEvent], type[Event]] = {
    Accepted: AcceptedEvent,
    Ringing: RingingEvent,
    Answered: AnsweredEvent,
    Ended: EndedEvent,
    Found: FoundEvent,
    Fenced: FencedEvent,
    CannotTell: CannotTellEvent,
}
_HEARD_AS = {sent: said for said, sent in _SENT_AS.items()}


def event_of(told: GatewayEvent) -> Event:
    """Write an event of a gateway as it is sent."""
    return _SENT_AS[type(told)].of(told)


def heard(sent: object) -> GatewayEvent | None:
    """Read an event as it was sent; None where it makes no sense, or is of a sort that is not known here."""
    try:
        event = _EVENT.validate_python(sent)
    except ValidationError:
        return None
    fields = event.fields()
    del fields["event"]
    return _HEARD_AS[type(event)](**fields)
