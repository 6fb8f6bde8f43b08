"""The trace of an attempt: how events move it on, and never back.

    intent ─▶ placing ─▶ placed ─▶ ringing ─▶ answered ─▶ ended
                 └──────────┴─────────┴──────────┴─▶ unknown ─▶ ended (by a later proof)

An event that would move it back, or that came already, changes nothing; so events may be late, repeated and
out of order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.core.outcomes import Outcome
from reconciler.ports import Accepted, Answered, CannotTell, Ended, Fenced, Found, GatewayEvent, Ringing
from reconciler.store.columns import AnyRow

RANK = {"intent": 0, "placing": 1, "placed": 2, "ringing": 3, "answered": 4, "unknown": 5, "ended": 6}


@dataclass(frozen=True, slots=True)
class Trace:
    """Where an attempt stands."""

    state: str
    gateway_ref: str | None = None
    placed_at: datetime | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended: Ended | None = None

    @property
    def accepted_at(self) -> datetime | None:
        """When the gateway took the call, as far as its events say: the first sign of it."""
        signs = [self.placed_at, self.ringing_at, self.answered_at]
        if self.ended is not None and self.ended.rang:
            signs.append(self.ended.at)
        return min((sign for sign in signs if sign is not None), default=None)


def trace_of(row: AnyRow) -> Trace:
    """Read where an attempt stands from its row."""
    return Trace(row.state, row.gateway_ref, row.placed_at, row.ringing_at, row.answered_at)


def advance(trace: Trace, events: Sequence[GatewayEvent]) -> Trace:
    """Apply events in the order in which they came."""
    for event in events:
        if trace.state == "ended":
            return trace
        trace = _step(trace, event)
    return trace


def _step(trace: Trace, event: GatewayEvent) -> Trace:
    match event:
        case Ended():
            return replace(trace, state="ended", ended=event)
        case Fenced(attempt_id, at):
            released = Ended(
                attempt_id, at, Outcome.RELEASED, rang=False, reason="it never reached the phone"
            )
            return replace(trace, state="ended", ended=released)
        case CannotTell():
            return replace(trace, state="unknown")
        case Accepted(_, at, reference) | Found(_, at, reference):
            known = replace(trace, gateway_ref=trace.gateway_ref or reference)
            return replace(known, state="placed", placed_at=at) if _is_onward(trace, "placed") else known
        case Ringing(_, at):
            return replace(trace, state="ringing", ringing_at=at) if _is_onward(trace, "ringing") else trace
        case Answered(_, at):
            return (
                replace(trace, state="answered", answered_at=at) if _is_onward(trace, "answered") else trace
            )


def _is_onward(trace: Trace, state: str) -> bool:
    return RANK[state] > RANK[trace.state]
