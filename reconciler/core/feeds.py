"""Which batches of a feed are taken next: what is new, what is still being written, what comes too late.

A batch is one file with one content. Batches stand in the order in which they arrived; one that is older than
the one that was applied last says what is known better by now, and is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

QUIET = timedelta(seconds=5)
"""A file that was written so lately may still be written."""


class BatchState(StrEnum):
    """What became of a batch."""

    APPLIED = "applied"
    QUARANTINED = "quarantined"
    PASSED_OVER = "passed_over"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that lies where batches arrive.

    `arrived_at` is when it was written last, as far as anybody can tell. `version` changes with its content,
    without its being read; None where only the content tells. `settles`: it may be written still.
    """

    name: str
    arrived_at: datetime
    version: str | None = None
    settles: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that was looked at: the `number` counts the batches of its source, from 1.

    `digest` is the keyed one of its content, None where nobody read it; `contract` that of the contract that
    it was judged by.
    """

    number: int
    name: str
    arrived_at: datetime
    state: BatchState
    version: str | None
    digest: str | None
    contract: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What to do about the arrivals: `take` in this order, note that some are `late`, `wait` for some."""

    take: Sequence[Arrival] = ()
    late: Sequence[Arrival] = ()
    wait: Sequence[Arrival] = ()


@dataclass(frozen=True, slots=True)
class History:
    """What is known of the batches of one feed: of each name the `latest`, and which was `applied` last.

    The last is the one of the applied ones that arrived last: what the database says comes from it.
    """

    latest: Mapping[str, Batch] = field(default_factory=dict)
    applied: Batch | None = None
    next_number: int = 1

    @property
    def quarantined(self) -> Batch | None:
        """Give the batch that arrived last of those in quarantine that nothing newer has replaced."""
        waiting = (
            one
            for one in self.latest.values()
            if one.state is BatchState.QUARANTINED and not self.is_late(one)
        )
        return max(waiting, key=_place, default=None)

    def is_late(self, one: Arrival | Batch) -> bool:
        """Tell whether a newer one was applied."""
        return self.applied is not None and _place(one) < _place(self.applied)

    def is_decided(self, batch: Batch, contract: str) -> bool:
        """Tell whether a batch need not be judged again: a changed contract may let one out of quarantine."""
        return batch.state is not BatchState.QUARANTINED or batch.contract == contract or self.is_late(batch)


def choose(
    arrivals: Iterable[Arrival], history: History, contract: str, now: datetime, *, mirror: bool
) -> Choice:
    """Say which arrivals to take: under `mirror` the newest first, for it replaces the others; else in order.

    A name that comes again with the same version was decided about. `contract` is the digest of the present
    one.
    """
    take, late, wait = [], [], []
    for arrival in arrivals:
        known = history.latest.get(arrival.name)
        same = known is not None and arrival.version is not None and known.version == arrival.version
        if same and known is not None and history.is_decided(known, contract):
            continue
        if history.is_late(arrival):
            late += [arrival] * (not same)
        elif arrival.settles and now - arrival.arrived_at < QUIET:
            wait.append(arrival)
        else:
            take.append(arrival)
    return Choice(sorted(take, key=_place, reverse=mirror), sorted(late, key=_place), wait)


def _place(one: Arrival | Batch) -> tuple[datetime, str]:
    return one.arrived_at, one.name
