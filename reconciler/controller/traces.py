"""The trace of an attempt: how events move it on, and never back.

    intent ─▶ placing ─▶ placed ─▶ ringing ─▶ answered ─▶ ended
                 └──────────┴─────────┴──────────┴─▶ unknown ─▶ ended (by a later proof)

The state never moves back, and nothing that is known is overwritten: events may be late, repeated and out of
order. What a late one still tells is when its own stage was reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from reconciler.core.outcomes import Outcome
from reconciler.ports import Accepted, Answered, CannotTell, Ended, Fenced, Found, GatewayEvent, Ringing
from reconciler.store.columns import AnyRow

RANK = {"intent": 0, "placing": 1, "placed": 2, "ringing": 3, "answered": 4, "unknown": 5, "ended": 6}


class Trace(NamedTuple):
    """Where an attempt stands. `ended` is the end as events tell it; None also where it is history."""

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

    @property
    def rang(self) -> bool:
        """Tell whether the phone may have rung: also against the word of the end, once it was heard."""
        heard = self.ringing_at is not None or self.answered_at is not None
        return heard or (self.ended is not None and self.ended.rang)


def trace_of(row: AnyRow) -> Trace:
    """Read where an attempt stands from its row."""
    return Trace(row.state, row.gateway_ref, row.placed_at, row.ringing_at, row.answered_at)


def advance(trace: Trace, events: Sequence[GatewayEvent]) -> Trace:
    """Apply events in the order in which they came."""
    for event in events:
        trace = _step(trace, event)
    return trace


def _step(trace: Trace, event: GatewayEvent) -> Trace:
    match event:
        case Ended():
            return _moved(trace, "ended", ended=event)
        case Fenced(attempt_id, at):
            reason = "it never reached the phone"
            released = Ended(attempt_id, at, Outcome.RELEASED, rang=False, reason=reason)
            return _moved(trace, "ended", ended=released)
        case CannotTell():
            return _moved(trace, "unknown")
        case Accepted(_, at, reference):
            return trace._replace(
                state=_further(trace, "placed"),
                gateway_ref=trace.gateway_ref or reference,
                placed_at=trace.placed_at or at,
            )
        case Found(_, at, reference):
            known = trace._replace(gateway_ref=trace.gateway_ref or reference)
            return _moved(known, "placed", placed_at=known.placed_at or at)
        case Ringing(_, at):
            return trace._replace(state=_further(trace, "ringing"), ringing_at=trace.ringing_at or at)
        case Answered(_, at):
            return trace._replace(state=_further(trace, "answered"), answered_at=trace.answered_at or at)


def _moved(trace: Trace, state: str, **also: Any) -> Trace:  # noqa: ANN401 - fields of a trace
    """Move on to a state, if it is one further on."""
    return trace._replace(state=state, **also) if RANK[state] > RANK[trace.state] else trace


def _further(trace: Trace, state: str) -> str:
    """Give the further one of the trace's state and another."""
    return state if RANK[state] > RANK[trace.state] else trace.state
