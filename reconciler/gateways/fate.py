"""The fate of a simulated call: a pure function of the seed and the attempt's id.

Because nothing but these decides, a carrier that was restarted tells the same story of a call as the one
that placed it: that is what makes `ask` honest without any memory (R-CRASH-2).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from datetime import timedelta
from enum import IntEnum
from fnmatch import translate
from hashlib import blake2b
from itertools import accumulate
from struct import Struct
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from reconciler.core.outcomes import Disposition, Outcome
from reconciler.gateways.behaviour import Behaviour, Range

DRAWS = Struct("<16I")
DRAW_RANGE = 1 << 32
SEED_RANGE = 1 << 64
MICROS_PER_SECOND = 1_000_000
NO_TIME = timedelta(0)

CONVERSES = frozenset({Outcome.COMPLETED, Outcome.TRANSFERRED})
ANSWERS = CONVERSES | {Outcome.MACHINE, Outcome.AGENT_FAULT}
REFUSED_AT_ONCE = frozenset({Outcome.PROVIDER_FAULT, Outcome.QUOTA, Outcome.CONFIG_ERROR})
NEVER_RINGS = frozenset({Outcome.BUSY, Outcome.INVALID_NUMBER, Outcome.BLOCKED})


class Stage(IntEnum):
    """How far a call has come."""

    ACCEPTED = 1
    RINGING = 2
    ANSWERED = 3
    ENDED = 4


Ending = tuple[Outcome, Disposition | None]
STAGES = tuple(Stage)
T = TypeVar("T")


class Fate(NamedTuple):
    """What becomes of one call. The `…_after` are counted from `placing_at`; None: it never comes to that.

    `rang` False is a promise that the phone never rang. `variant` picks among equally good transcripts.
    `callback_after` is counted from the end.
    """

    outcome: Outcome
    ended_after: timedelta
    rang: bool
    accepted_after: timedelta | None = None
    ringing_after: timedelta | None = None
    answered_after: timedelta | None = None
    disposition: Disposition | None = None
    callback_after: timedelta | None = None
    variant: int = 0

    @property
    def talk_time(self) -> timedelta:
        """How long somebody, or something, was on the line."""
        return NO_TIME if self.answered_after is None else self.ended_after - self.answered_after

    def after(self, stage: Stage) -> timedelta | None:
        """When the call comes to a stage, counted from `placing_at`; None: it does not."""
        if stage is Stage.ENDED:
            return self.ended_after
        if stage is Stage.ACCEPTED:
            return self.accepted_after
        return self.ringing_after if stage is Stage.RINGING else self.answered_after

    def cut_short(self, after: timedelta) -> Fate:
        """Give the fate of this call where our side hangs up before its end.

        Before it rings: cancelled, and it provably never rang. While it rings: cancelled. Once answered: a
        completed call, or still a voicemail, that came to no disposition.
        """
        answered = self.answered_after is not None and self.answered_after <= after
        ringing = self.ringing_after is not None and self.ringing_after <= after
        accepted = self.accepted_after is not None and self.accepted_after <= after
        if answered:
            outcome = Outcome.MACHINE if self.outcome is Outcome.MACHINE else Outcome.COMPLETED
        else:
            outcome = Outcome.CANCELLED
        return self._replace(
            outcome=outcome,
            ended_after=after,
            rang=ringing,
            accepted_after=self.accepted_after if accepted else None,
            ringing_after=self.ringing_after if ringing else None,
            answered_after=self.answered_after if answered else None,
            disposition=None,
            callback_after=None,
        )


class Fates:
    """Tells fates for one seed and one behaviour: the tables are made once, each call takes one hash."""

    def __init__(self, behaviour: Behaviour, seed: int) -> None:
        self._behaviour = behaviour
        self._salt = (seed % SEED_RANGE).to_bytes(8, "little")
        self._endings = _endings(behaviour.outcomes)
        self._by_number = [
            (re.compile(translate(glob)), _endings(weights)) for glob, weights in behaviour.numbers.items()
        ]
        self._dispositions: _Table[Disposition | None] = _Table(
            {None if key == "none" else Disposition(key): w for key, w in behaviour.dispositions.items()}
        )

    def of(
        self, attempt_id: UUID, number: str, ring_timeout: timedelta, max_call_duration: timedelta
    ) -> Fate:
        """Tell what becomes of an attempt; the same arguments always give the same fate."""
        behaviour = self._behaviour
        draws = DRAWS.unpack(blake2b(attempt_id.bytes, digest_size=64, salt=self._salt).digest())
        (outcome, disposition), rings = self._ending(draws, number)
        accepted = _between(behaviour.accept_seconds, draws[4])
        if outcome in REFUSED_AT_ONCE and not rings:
            return Fate(outcome, ended_after=accepted, rang=False)
        ringing = accepted + _between(behaviour.dial_seconds, draws[5])
        if outcome in NEVER_RINGS:
            # A busy phone may have sounded a call-waiting tone: only the other two promise silence.
            return Fate(outcome, ended_after=ringing, rang=outcome is Outcome.BUSY, accepted_after=accepted)
        unanswered = outcome is Outcome.NO_ANSWER
        ring_time = _between(behaviour.no_answer_seconds if unanswered else behaviour.ring_seconds, draws[6])
        if unanswered or ring_time > ring_timeout:
            ended = ringing + min(ring_time, ring_timeout)
            return Fate(Outcome.NO_ANSWER, ended, rang=True, accepted_after=accepted, ringing_after=ringing)
        answered = ringing + ring_time
        if outcome not in ANSWERS:
            return Fate(outcome, answered, rang=True, accepted_after=accepted, ringing_after=ringing)
        conversed = outcome in CONVERSES
        talk = _between(behaviour.talk_seconds if conversed else behaviour.machine_seconds, draws[7])
        if talk > max_call_duration:
            talk, disposition = max_call_duration, None
        callback = _between(behaviour.callback_seconds, draws[8])
        return Fate(
            outcome,
            ended_after=answered + talk,
            rang=True,
            accepted_after=accepted,
            ringing_after=ringing,
            answered_after=answered,
            disposition=disposition,
            callback_after=callback if disposition is Disposition.CALLBACK else None,
            variant=draws[9],
        )

    def _ending(self, draws: tuple[int, ...], number: str) -> tuple[Ending, bool]:
        """Draw outcome and disposition, and whether a call that could be refused at once rings instead."""
        behaviour = self._behaviour
        fault = draws[3] / DRAW_RANGE
        if fault < behaviour.faults:
            return (Outcome.PROVIDER_FAULT, None), False
        if fault < behaviour.faults + behaviour.faults_after_ringing:
            return (Outcome.PROVIDER_FAULT, None), True
        table = next((t for glob, t in self._by_number if glob.match(number)), self._endings)
        outcome, disposition = table.draw(draws[0])
        if outcome is Outcome.COMPLETED and disposition is None:
            disposition = self._dispositions.draw(draws[1])
        return (outcome, disposition), False


class _Table(Generic[T]):
    """Values to be drawn by weight."""

    __slots__ = ("_steps", "_values")

    def __init__(self, weights: Mapping[T, float]) -> None:
        possible = {value: weight for value, weight in weights.items() if weight}
        total = sum(possible.values())
        self._values = tuple(possible)
        self._steps = [step / total * DRAW_RANGE for step in accumulate(possible.values())][:-1]

    def draw(self, number: int) -> T:
        """Pick the value on which a number from 0 to 2³² - 1 falls."""
        return self._values[bisect_right(self._steps, number)]


def _endings(weights: Mapping[Outcome | Disposition, float]) -> _Table[Ending]:
    return _Table({_ending(key): weight for key, weight in weights.items()})


def _ending(key: Outcome | Disposition) -> Ending:
    """Read a key of the weights: a disposition stands for a completed call that comes to it."""
    return (Outcome.COMPLETED, key) if isinstance(key, Disposition) else (key, None)


def _between(range_: Range, draw: int) -> timedelta:
    low, high = range_
    return timedelta(microseconds=int((low + (high - low) * (draw / DRAW_RANGE)) * MICROS_PER_SECOND))
