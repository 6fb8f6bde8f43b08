"""How the events of a simulated call go astray: lost, late, twice, backwards. The same way for each seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from reconciler.gateways.behaviour import Behaviour
from reconciler.gateways.fate import Stage

Happening = tuple[Stage, datetime]
"""A stage of a call, and when it happens, or when word of it arrives."""

LOSABLE = (Stage.ACCEPTED, Stage.ENDED)
APART = timedelta(milliseconds=1)


class Misbehaviour:
    """Decides for one seed and one behaviour what reaches the dialer, and when."""

    def __init__(self, behaviour: Behaviour, seed: int) -> None:
        self._behaviour = behaviour
        self._seed = seed

    def loses_request(self, attempt_id: UUID) -> bool:
        """Tell whether the submit of this attempt never reaches the carrier."""
        share = self._behaviour.lost_requests
        return bool(share) and self._random(attempt_id, "request").random() < share

    def cannot_tell(self, attempt_id: UUID) -> bool:
        """Tell whether the carrier has no answer to an inquiry about this attempt."""
        share = self._behaviour.cannot_tell
        return bool(share) and self._random(attempt_id, "inquiry").random() < share

    def deliveries(self, attempt_id: UUID, happenings: Sequence[Happening]) -> Iterator[Happening]:
        """Give the times at which word of these happenings arrives; `happenings` stand in order of time."""
        behaviour = self._behaviour
        random = self._random(attempt_id, "events")
        if random.random() < behaviour.reordered_calls:
            end = happenings[-1][1]
            backwards = reversed(happenings)
            happenings = [(stage, end + count * APART) for count, (stage, _) in enumerate(backwards)]
        for stage, at in happenings:
            lost, late, twice = random.random(), random.random(), random.random()
            if stage in LOSABLE and lost < behaviour.lost_events:
                continue
            arrives = at + self._lateness(random) if late < behaviour.late_events else at
            yield stage, arrives
            if twice < behaviour.repeated_events:
                yield stage, arrives + self._lateness(random)

    def _lateness(self, random: Random) -> timedelta:
        return timedelta(seconds=random.uniform(*self._behaviour.late_seconds))

    def _random(self, attempt_id: UUID, subject: str) -> Random:
        return Random(f"{self._seed}/{subject}/{attempt_id}")  # noqa: S311 - a simulation needs no secrecy
