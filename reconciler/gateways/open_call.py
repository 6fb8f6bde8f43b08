"""A call on the simulated carrier, from its submit to its end, and the events it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from reconciler.core.outcomes import Outcome
from reconciler.gateways.fate import STAGES, Fate, Stage
from reconciler.gateways.misbehaviour import Happening
from reconciler.gateways.transcripts import transcript
from reconciler.ports import Accepted, Answered, Ended, GatewayEvent, Ringing

SECONDS_PER_MINUTE = 60
CURRENCY = "USD"
QUOTA_PAUSE = timedelta(seconds=1)

CARRIER_CODES: Mapping[Outcome, str] = {
    Outcome.COMPLETED: "200",
    Outcome.TRANSFERRED: "200",
    Outcome.MACHINE: "200",
    Outcome.AGENT_FAULT: "200",
    Outcome.NO_ANSWER: "480",
    Outcome.BUSY: "486",
    Outcome.REJECTED: "603",
    Outcome.INVALID_NUMBER: "404",
    Outcome.BLOCKED: "608",
    Outcome.PROVIDER_FAULT: "503",
    Outcome.QUOTA: "429",
    Outcome.CANCELLED: "487",
    Outcome.CONFIG_ERROR: "400",
}
"""The SIP status that a carrier would report."""

REASONS: Mapping[Outcome, str] = {
    Outcome.PROVIDER_FAULT: "simulated fault of the network",
    Outcome.AGENT_FAULT: "simulated fault of the agent",
    Outcome.QUOTA: "more calls per second than the simulated carrier takes",
    Outcome.CONFIG_ERROR: "the simulated carrier does not know this agent",
    Outcome.RELEASED: "not sent by the call's not_after",
    Outcome.CANCELLED: "hung up before it was answered",
}


@dataclass(slots=True, eq=False)
class OpenCall:
    """A call; all its times follow from `placed_at` and its fate, which hanging up replaces."""

    attempt_id: UUID
    placed_at: datetime
    fate: Fate
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        """The carrier's own name for the call."""
        return f"sim-{self.attempt_id}"

    @property
    def ended_at(self) -> datetime:
        """When the call ends."""
        return self.placed_at + self.fate.ended_after

    def at(self, stage: Stage) -> datetime | None:
        """Tell when the call comes to a stage, if it does."""
        after = self.fate.after(stage)
        return None if after is None else self.placed_at + after

    def happenings(self) -> Sequence[Happening]:
        """Give the stages that the call comes to, in order, with their times."""
        moments = ((stage, self.at(stage)) for stage in STAGES)
        return [(stage, at) for stage, at in moments if at is not None]

    def event(self, stage: Stage, cost_per_minute_micros: int) -> GatewayEvent:
        """Make the event of a stage that the call comes to."""
        if stage is Stage.ENDED:
            return self._end(cost_per_minute_micros)
        at = self.at(stage)
        if at is None:
            raise AssertionError(f"a call that never comes to {stage.name} has it on the agenda")
        if stage is Stage.ACCEPTED:
            return Accepted(self.attempt_id, at, self.reference)
        return Ringing(self.attempt_id, at) if stage is Stage.RINGING else Answered(self.attempt_id, at)

    def _end(self, cost_per_minute_micros: int) -> Ended:
        fate, at = self.fate, self.ended_at
        minutes = fate.talk_time.total_seconds() / SECONDS_PER_MINUTE
        return Ended(
            self.attempt_id,
            at,
            fate.outcome,
            rang=fate.rang,
            disposition=fate.disposition,
            callback_at=None if fate.callback_after is None else at + fate.callback_after,
            carrier_code=CARRIER_CODES.get(fate.outcome),
            reason=REASONS.get(fate.outcome),
            blames="agent" if fate.outcome is Outcome.CONFIG_ERROR else None,
            retry_after=QUOTA_PAUSE if fate.outcome is Outcome.QUOTA else None,
            cost_micros=round(minutes * cost_per_minute_micros),
            cost_currency=CURRENCY,
            transcript=transcript(fate, self.metadata),
        )
