"""The simulated carrier: dials no phone, and otherwise does what carriers do, good days and bad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from reconciler.core.outcomes import Outcome
from reconciler.gateways.agenda import Agenda
from reconciler.gateways.behaviour import Behaviour, behaviour_from_environment
from reconciler.gateways.fate import Fate, Fates, Stage
from reconciler.gateways.misbehaviour import Happening, Misbehaviour
from reconciler.gateways.open_call import OpenCall
from reconciler.ports import Call, CannotTell, Clock, Fenced, Found, GatewayEvent, Inquiry

PROGRESS = (Stage.ACCEPTED, Stage.RINGING, Stage.ANSWERED)
REMEMBERED_CALLS = 20_000


class SimulatedCarrier:
    """A gateway whose calls go as `Fates` tells from a seed and the attempt's id, on any clock.

    Asked about a call of a process that was killed, it finds the call and goes on reporting it as if nothing
    had happened. Only what was done to a call dies with the process: that it was hung up, or refused because
    it was late or over the quota. For one thread: it has no locks.

    `quiet_progress` reports acceptance, ringing and answer together with the end, each with the time at which
    it happened, so that a simulation jumps from end to end.
    """

    name = "simulator"
    simulated = True
    hands_over = False

    def __init__(
        self,
        clock: Clock,
        seed: int = 0,
        behaviour: Behaviour = Behaviour(),  # noqa: B008 - frozen
        *,
        quiet_progress: bool = False,
    ) -> None:
        self._clock = clock
        self._seed = seed
        self._behaviour = behaviour
        self._fates = Fates(behaviour, seed)
        self._misbehaviour = Misbehaviour(behaviour, seed)
        self._agenda: Agenda[OpenCall] = Agenda()
        self._quiet_progress = quiet_progress
        self._answers: list[GatewayEvent] = []
        self._open: dict[UUID, OpenCall] = {}
        self._over: dict[UUID, OpenCall] = {}
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
            self._place(OpenCall(attempt_id, call.placing_at, fate, call.custom_metadata))

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
            else:
                found[attempt_id] = inquiry
        self._agenda.strike(lambda _, call: call.attempt_id in found)
        for attempt_id, inquiry in found.items():
            call = self._open.get(attempt_id) or self._over.pop(attempt_id, None) or self._recall(inquiry)
            self._open[attempt_id] = call
            self._answers.append(Found(attempt_id, now, call.reference))
            self._schedule(call)

    def hang_up(self, attempt_ids: Sequence[UUID]) -> None:
        """End these calls: a ringing one as cancelled, an answered one as completed, cut short.

        Calls of another process are not known here before they were asked about, and are left alone.
        """
        now = self._clock.now()
        known = (self._open.get(attempt_id) for attempt_id in attempt_ids)
        calls = {call.attempt_id: call for call in known if call is not None and call.ended_at > now}
        for call in calls.values():
            call.fate = call.fate.cut_short(now - call.placed_at)

        def no_longer_true(stage: Stage, call: OpenCall) -> bool:
            if call.attempt_id not in calls:
                return False
            return self._quiet_progress or stage is Stage.ENDED or call.at(stage) is None

        self._agenda.strike(no_longer_true)
        for call in calls.values():
            if self._quiet_progress:
                self._schedule(call)
            else:
                self._agenda.add(now, Stage.ENDED, call)

    def events(self) -> Sequence[GatewayEvent]:
        """Take what has happened, and become known, by now."""
        events = self.take_answers()
        for stage, call in self._agenda.take_due(self._clock.now()):
            events.append(call.event(stage, self._behaviour.cost_per_minute_micros))
            if stage is Stage.ENDED:
                self._remember(call)
        return events

    def take_answers(self) -> list[GatewayEvent]:
        """Take the answers to `ask` alone."""
        answers, self._answers = self._answers, []
        return answers

    def change(self, behaviour: Behaviour) -> None:
        """Behave in another way from now on; calls that are up go on as they would have."""
        self._behaviour = behaviour
        self._fates = Fates(behaviour, self._seed)
        self._misbehaviour = Misbehaviour(behaviour, self._seed)

    def next_event_at(self) -> datetime | None:
        """When the next event comes; at once if an answer waits."""
        return self._clock.now() if self._answers else self._agenda.next_due()

    def close(self) -> None:
        """Let go of nothing: there are no connections and no threads."""

    def _place(self, call: OpenCall) -> None:
        self._open[call.attempt_id] = call
        happenings: Sequence[Happening] = call.happenings()
        if self._behaviour.orderly:
            self._schedule(call)
        else:
            for stage, arrives in self._misbehaviour.deliveries(call.attempt_id, happenings):
                self._agenda.add(arrives, stage, call)

    def _schedule(self, call: OpenCall) -> None:
        """Have all that happens to a call reported: as it happens, or, quietly, all of it with the end."""
        for stage, at in call.happenings():
            self._agenda.add(call.ended_at if self._quiet_progress else at, stage, call)

    def _recall(self, inquiry: Inquiry) -> OpenCall:
        fate = self._fates.of(
            inquiry.attempt_id, inquiry.number, inquiry.ring_timeout, inquiry.max_call_duration
        )
        return OpenCall(inquiry.attempt_id, inquiry.placing_at, fate)

    def _remember(self, call: OpenCall) -> None:
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


def _refused(outcome: Outcome, after: timedelta) -> Fate:
    return Fate(outcome, ended_after=after, rang=False)
