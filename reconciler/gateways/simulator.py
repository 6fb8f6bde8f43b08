"""The simulated carrier: dials no phone, and otherwise does what carriers do, good days and bad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from reconciler.core.outcomes import Outcome
from reconciler.gateways.agenda import Agenda
from reconciler.gateways.behaviour import Behaviour, behaviour_from_environment
from reconciler.gateways.fate import CARRIER_CODES, Fate, Fates, Stage
from reconciler.gateways.misbehaviour import Happening, Misbehaviour
from reconciler.gateways.transcripts import transcript
from reconciler.ports import (
    Accepted,
    Answered,
    Call,
    CannotTell,
    Clock,
    Ended,
    Fenced,
    Found,
    GatewayEvent,
    Inquiry,
    Ringing,
)

PROGRESS = (Stage.ACCEPTED, Stage.RINGING, Stage.ANSWERED)
REMEMBERED_CALLS = 20_000
SECONDS_PER_MINUTE = 60
CURRENCY = "USD"

REASONS: Mapping[Outcome, str] = {
    Outcome.PROVIDER_FAULT: "simulated fault of the network",
    Outcome.AGENT_FAULT: "simulated fault of the agent",
    Outcome.QUOTA: "more calls per second than the simulated carrier takes",
    Outcome.CONFIG_ERROR: "the simulated carrier does not know this agent",
    Outcome.RELEASED: "not sent by the call's not_after",
    Outcome.CANCELLED: "hung up before it was answered",
}


@dataclass(slots=True, eq=False)
class _OpenCall:
    """A call that the carrier has not reported the end of. All times follow from `placed_at` and the fate."""

    attempt_id: UUID
    placed_at: datetime
    fate: Fate
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def happenings(self) -> list[Happening]:
        """Give the stages that the call comes to, in order, with their times."""
        moments = ((stage, self.at(stage)) for stage in Stage)
        return [(stage, at) for stage, at in moments if at is not None]

    def at(self, stage: Stage) -> datetime | None:
        """Tell when the call comes to a stage, if it does."""
        after = self.fate.after(stage)
        return None if after is None else self.placed_at + after

    @property
    def ended_at(self) -> datetime:
        return self.placed_at + self.fate.ended_after


class SimulatedCarrier:
    """A gateway whose calls go as `Fates` tells from a seed and the attempt's id, on any clock.

    It keeps no memory that matters: asked about a call of a process that was killed, it finds the call and
    goes on reporting it as if nothing had happened. For one thread: it has no locks.

    `quiet_progress` keeps acceptances, ringing and answers out of `next_event_at`, so that a simulation jumps
    from end to end; they are delivered at the next wake-up with the time at which they happened.
    """

    name = "simulator"
    simulated = True

    def __init__(
        self,
        clock: Clock,
        seed: int = 0,
        behaviour: Behaviour = Behaviour(),  # noqa: B008 - frozen
        *,
        quiet_progress: bool = False,
    ) -> None:
        self._clock = clock
        self._behaviour = behaviour
        self._fates = Fates(behaviour, seed)
        self._misbehaviour = Misbehaviour(behaviour, seed)
        self._agenda: Agenda[_OpenCall] = Agenda(quiet=PROGRESS if quiet_progress else ())
        self._answers: list[GatewayEvent] = []
        self._open: dict[UUID, _OpenCall] = {}
        self._over: dict[UUID, _OpenCall] = {}
        self._second, self._taken = 0, 0

    @classmethod
    def from_environment(
        cls, clock: Clock, environ: Mapping[str, str], *, seed: int = 0, quiet_progress: bool = False
    ) -> Self:
        """Open a carrier that behaves as the JSON file named by `DIALCTL_SIMULATOR` says.

        Raises:
            GatewayUnusable: that file is faulty.
        """
        return cls(clock, seed, behaviour_from_environment(environ), quiet_progress=quiet_progress)

    def submit(self, calls: Sequence[Call]) -> None:
        """Place these calls; one that was submitted before is left alone (R-CRASH-1)."""
        now = self._clock.now()
        for call in calls:
            attempt_id = call.attempt_id
            known = attempt_id in self._open or attempt_id in self._over
            if known or self._misbehaviour.loses_request(attempt_id):
                continue
            if now >= call.not_after:
                fate = _refused(Outcome.RELEASED, now - call.placing_at)
            elif self._over_quota(now):
                fate = _refused(Outcome.QUOTA, now - call.placing_at)
            else:
                fate = self._fates.of(attempt_id, call.number, call.ring_timeout, call.max_call_duration)
            self._place(_OpenCall(attempt_id, call.placing_at, fate, call.custom_metadata))

    def ask(self, inquiries: Sequence[Inquiry]) -> None:
        """Find out what became of these: what has happened comes again, the rest will (R-CRASH-2).

        A call that this process has not seen was placed by another one, so it is found. Fenced are only the
        calls whose submit never arrives (`lost_requests`). Where the answer is CannotTell, nothing follows
        but what was on its way already.
        """
        now = self._clock.now()
        found: dict[UUID, Inquiry] = {}
        for inquiry in inquiries:
            attempt_id = inquiry.attempt_id
            if self._misbehaviour.loses_request(attempt_id):
                self._answers.append(Fenced(attempt_id, now))
            elif self._misbehaviour.cannot_tell(attempt_id):
                self._answers.append(CannotTell(attempt_id, now))
            elif attempt_id not in found:
                self._answers.append(Found(attempt_id, now, _reference(attempt_id)))
                found[attempt_id] = inquiry
        self._agenda.strike(lambda _, call: call.attempt_id in found)
        for attempt_id, inquiry in found.items():
            call = self._open.get(attempt_id) or self._over.pop(attempt_id, None) or self._recall(inquiry)
            self._open[attempt_id] = call
            for stage, at in call.happenings():
                self._agenda.add(at, stage, call)

    def hang_up(self, attempt_ids: Sequence[UUID]) -> None:
        """End these calls: a ringing one as cancelled, an answered one as completed, cut short.

        Calls of another process are not known here before they were asked about, and are left alone.
        """
        now = self._clock.now()
        known = (self._open.get(attempt_id) for attempt_id in attempt_ids)
        calls = {call.attempt_id: call for call in known if call is not None and call.ended_at > now}
        for call in calls.values():
            call.fate = call.fate.cut_short(now - call.placed_at)

        def no_longer_true(stage: Stage, call: _OpenCall) -> bool:
            return call.attempt_id in calls and (stage is Stage.ENDED or call.at(stage) is None)

        self._agenda.strike(no_longer_true)
        for call in calls.values():
            self._agenda.add(now, Stage.ENDED, call)

    def events(self) -> Sequence[GatewayEvent]:
        """Take what has happened, and become known, by now."""
        events, self._answers = self._answers, []
        for stage, call in self._agenda.take_due(self._clock.now()):
            events.append(self._event(stage, call))
            if stage is Stage.ENDED:
                self._remember(call)
        return events

    def next_event_at(self) -> datetime | None:
        """When the next event comes; at once if an answer waits."""
        return self._clock.now() if self._answers else self._agenda.next_due()

    def close(self) -> None:
        """Let go of nothing: there are no connections and no threads."""

    def _place(self, call: _OpenCall) -> None:
        self._open[call.attempt_id] = call
        happenings: Sequence[Happening] = call.happenings()
        if self._behaviour.orderly:
            for stage, at in happenings:
                self._agenda.add(at, stage, call)
        else:
            for stage, arrives in self._misbehaviour.deliveries(call.attempt_id, happenings):
                self._agenda.add(arrives, stage, call)

    def _recall(self, inquiry: Inquiry) -> _OpenCall:
        fate = self._fates.of(
            inquiry.attempt_id, inquiry.number, inquiry.ring_timeout, inquiry.max_call_duration
        )
        return _OpenCall(inquiry.attempt_id, inquiry.placing_at, fate)

    def _remember(self, call: _OpenCall) -> None:
        """Keep the newest calls that are over; one that was forgotten is long past its `not_after`."""
        self._open.pop(call.attempt_id, None)
        self._over[call.attempt_id] = call
        if len(self._over) > REMEMBERED_CALLS:
            del self._over[next(iter(self._over))]

    def _over_quota(self, now: datetime) -> bool:
        limit = self._behaviour.calls_per_second
        if limit is None:
            return False
        second = int(now.timestamp())
        if second != self._second:
            self._second, self._taken = second, 0
        self._taken += 1
        return self._taken > limit

    def _event(self, stage: Stage, call: _OpenCall) -> GatewayEvent:
        if stage is Stage.ENDED:
            return self._end(call)
        at = call.at(stage)
        if at is None:
            raise AssertionError(f"a call that never comes to {stage.name} has it on its agenda")
        if stage is Stage.ACCEPTED:
            return Accepted(call.attempt_id, at, _reference(call.attempt_id))
        return Ringing(call.attempt_id, at) if stage is Stage.RINGING else Answered(call.attempt_id, at)

    def _end(self, call: _OpenCall) -> Ended:
        fate, at = call.fate, call.ended_at
        talk_seconds = fate.talk_time.total_seconds()
        return Ended(
            call.attempt_id,
            at,
            fate.outcome,
            rang=fate.rang,
            disposition=fate.disposition,
            callback_at=None if fate.callback_after is None else at + fate.callback_after,
            carrier_code=CARRIER_CODES.get(fate.outcome),
            reason=REASONS.get(fate.outcome),
            blames="agent" if fate.outcome is Outcome.CONFIG_ERROR else None,
            retry_after=timedelta(seconds=1) if fate.outcome is Outcome.QUOTA else None,
            cost_micros=round(talk_seconds * self._behaviour.cost_per_minute_micros / SECONDS_PER_MINUTE),
            cost_currency=CURRENCY,
            transcript=transcript(fate, call.metadata),
        )


def _refused(outcome: Outcome, after: timedelta) -> Fate:
    return Fate(outcome, ended_after=after, rang=False)


def _reference(attempt_id: UUID) -> str:
    return f"sim-{attempt_id}"
