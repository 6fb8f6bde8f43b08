"""The ports: what the dialer needs of a clock and of a carrier, and the messages between them.

A gateway is message-based and never blocks the dialer: `submit`, `ask` and `hang_up` return at once, and
everything that becomes of a call arrives as an event. A gateway for your carrier is one class with these
members, found through the entry point group `dialctl.gateways`; docs/gateways.md walks through one.
Only `hands_over` may be left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol
from uuid import UUID

from reconciler.core.outcomes import Disposition, Outcome


class Clock(Protocol):
    """Tells the time in UTC."""

    def now(self) -> datetime:
        """Give the present instant, aware, in UTC."""
        ...


class Ids(Protocol):
    """Makes UUIDs of version 7 that grow with each call."""

    def __call__(self, now: datetime) -> UUID:
        """Give the next id."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """An order to place one call.

    `attempt_id` is the idempotency key: the phone must ring at most once for it, however often it is
    submitted. `not_after`: a gateway that has not sent the call by then drops it and reports `released`
    (R-CRASH-3).
    """

    attempt_id: UUID
    organization: str
    campaign: str | None
    contact: str
    number: str
    agent_id: str | None
    agent_version: int | str | None
    agent_number: str | None
    agent_config: Mapping[str, Any] | None
    initial_context: str | None
    custom_metadata: Mapping[str, Any]
    ring_timeout: timedelta
    max_call_duration: timedelta
    placing_at: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A question about a call whose fate a crash left open: what became of it?"""

    attempt_id: UUID
    number: str
    agent_number: str | None
    placing_at: datetime
    gateway_ref: str | None
    ring_timeout: timedelta
    max_call_duration: timedelta

    @classmethod
    def about(cls, call: Call) -> Inquiry:
        """Ask about a call whose order is at hand, but not what the gateway calls it."""
        return cls(
            attempt_id=call.attempt_id,
            number=call.number,
            agent_number=call.agent_number,
            placing_at=call.placing_at,
            gateway_ref=None,
            ring_timeout=call.ring_timeout,
            max_call_duration=call.max_call_duration,
        )


@dataclass(frozen=True, slots=True)
class Accepted:
    """The gateway took the call; `reference` is its own name for it."""

    attempt_id: UUID
    at: datetime
    reference: str


@dataclass(frozen=True, slots=True)
class Ringing:
    """The phone rings."""

    attempt_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """Somebody, or something, answered."""

    attempt_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over.

    `rang` False is a promise: the phone provably never rang (R-RETRY-1). `callback_at` goes with the
    disposition `callback`. `blames` says which field a `config_error` blames; the dialer then stops
    the campaign, or the contact, that set it.
    `retry_after` goes with `quota`: how long to leave the gateway alone.
    """

    attempt_id: UUID
    at: datetime
    outcome: Outcome
    rang: bool = True
    disposition: Disposition | None = None
    callback_at: datetime | None = None
    carrier_code: str | None = None
    reason: str | None = None
    blames: Literal["agent", "caller_id"] | None = None
    retry_after: timedelta | None = None
    cost_micros: int | None = None
    cost_currency: str | None = None
    transcript: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    recording_url: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Answer to an inquiry: the call exists; its further events will follow."""

    attempt_id: UUID
    at: datetime
    reference: str


@dataclass(frozen=True, slots=True)
class Fenced:
    """Answer to an inquiry: it has not rung, and a later submit of this id will not ring either."""

    attempt_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class CannotTell:
    """Answer to an inquiry: the gateway does not know."""

    attempt_id: UUID
    at: datetime


GatewayEvent = Accepted | Ringing | Answered | Ended | Found | Fenced | CannotTell


class Gateway(Protocol):
    """A carrier. Every method returns at once; its threads or event loop are its own business."""

    name: str
    simulated: bool
    """True: dials no phone, and refuses a `live` database (R-ENV-1)."""

    hands_over: bool = False
    """True: calls live at the carrier, so that any process can ask about one at any time, also while the
    process that placed it still lives, and is told all of its events, past and future. A dialer that stops
    then gives its running calls to others at once. A class that says nothing means False: they are waited
    for."""

    def submit(self, calls: Sequence[Call]) -> None:
        """Place these calls. A call that cannot be placed ends with an `Ended` event, never an exception."""
        ...

    def ask(self, inquiries: Sequence[Inquiry]) -> None:
        """Find out what became of these; each is answered by Found, Fenced or CannotTell."""
        ...

    def hang_up(self, attempt_ids: Sequence[UUID]) -> None:
        """End these calls if they are still up; their `Ended` follows."""
        ...

    def events(self) -> Sequence[GatewayEvent]:
        """Take everything that has happened since the last call, in the order in which it happened."""
        ...

    def next_event_at(self) -> datetime | None:
        """When the next event is known to come, if the gateway knows (a simulated carrier does)."""
        ...

    def close(self) -> None:
        """Let go of connections and threads."""
        ...


def hands_over(gateway: Gateway) -> bool:
    """Tell whether a gateway's calls can be handed over; one that does not say so keeps them."""
    return bool(getattr(gateway, "hands_over", False))
