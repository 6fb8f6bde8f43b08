"""The breaker of a gateway or agent (R-RETRY-4), and the back-off of a gateway.

                   half of the recent calls are faults
       ┌────────┐ ────────────────────────────────────▶ ┌────────┐
       │ closed │                                       │  open  │ ◀───────┐
       └────────┘                                       └────────┘         │
            ▲                                                │             │ half of the round
            │ the last round is good             time is up  │             │ are faults:
            │                                                ▼             │ open twice as long
            │                                           ┌─────────┐        │
            └────────────────────────────────────────── │ ramping │ ───────┘
                                                        └─────────┘
                                      rounds of 1 (the probe), 2, 4, 8, 16 calls

In a round of n, n calls may be in flight, and n results are judged before the next round doubles it: the
probe must succeed, a later round must have fewer faults than half. So a carrier that loses one call in ten is
let back in, and one that is still down costs a single call each time. Calls placed before the breaker let
calls through again say nothing about now: neither they nor their results are counted.

The back-off is finer and sooner: from the second fault in a row on that used no attempt, the gateway is left
alone for a second, then two, four, up to a minute, whatever the breaker thinks. One fault among successes
pauses nothing, unless the gateway itself asked for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

RECENT_CALLS = 20
"""How many finished calls are looked back on: enough to tell bad luck from an outage, soon forgotten."""

FEWEST_CALLS = 10
"""Below this, nothing is concluded: the first call of the morning may fail."""

FIRST_OPEN = timedelta(seconds=30)
"""Most carrier faults are over by then, and a campaign hardly notices."""

LONGEST_OPEN = timedelta(minutes=10)
"""A carrier that comes back is noticed within this; until then it costs six calls an hour."""

LAST_ROUND = 16
"""After a good round of this size the breaker closes: as many calls as it would look back on anyway."""

FIRST_BACK_OFF = timedelta(seconds=1)
LONGEST_BACK_OFF = timedelta(seconds=60)
"""Bounds of the wait after unused faults; the longest is what rate limits commonly reset within."""

LONGEST_STREAK = 8
"""Unused faults that are counted: after the second, one second doubled so often is past the longest wait."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is remembered of one gateway or agent; a fresh one is closed.

    `recent` are the last finished calls while closed, oldest first, True for a fault. `open_until` is None
    while closed; once it has passed, `round` is the size of the round, `finished` and `faults` count its
    results. `open_for` is how long it was last open. `unused_streak` counts faults since the last success
    that used no attempt; from the second on, those of one moment count as one.
    """

    recent: tuple[bool, ...] = ()
    open_until: datetime | None = None
    open_for: timedelta | None = None
    round: int = 1
    finished: int = 0
    faults: int = 0
    unused_streak: int = 0
    alone_until: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Write the state as JSON; instants in ISO 8601, lengths in seconds."""
        return {
            "recent": list(self.recent),
            "open_until": _text(self.open_until),
            "open_for": None if self.open_for is None else self.open_for.total_seconds(),
            "round": self.round,
            "finished": self.finished,
            "faults": self.faults,
            "unused_streak": self.unused_streak,
            "alone_until": _text(self.alone_until),
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote; raises KeyError if a part is missing."""
        open_for = state["open_for"]
        return cls(
            recent=tuple(state["recent"]),
            open_until=_instant(state["open_until"]),
            open_for=None if open_for is None else timedelta(seconds=open_for),
            round=state["round"],
            finished=state["finished"],
            faults=state["faults"],
            unused_streak=state["unused_streak"],
            alone_until=_instant(state["alone_until"]),
        )


def record(
    breaker: Breaker,
    fault: bool,  # noqa: FBT001 - `record(b, True, at)` is all it says
    at: datetime,
    placed_at: datetime | None = None,
) -> Breaker:
    """Count a call that finished at `at`, and open, ramp up or close accordingly (R-RETRY-4).

    `placed_at` (default: `at`) tells calls that say something about now from those of before the outage.

    `fault`: the gateway or agent failed, whether or not an attempt was used. A success also ends the streak
    of the back-off; the wait that has begun goes on.
    """
    if not fault and breaker.unused_streak:
        breaker = replace(breaker, unused_streak=0)
    if breaker.open_until is None:
        return _record_closed(breaker, fault=fault, at=at)
    if (placed_at or at) < breaker.open_until:
        return breaker
    return _record_ramping(breaker, fault=fault, at=at)


def allowance(breaker: Breaker, at: datetime) -> int | None:
    """Give how many calls may be in flight: None (any number) while closed, 0 while open, then 1 to 16."""
    if breaker.open_until is None:
        return None
    return 0 if at < breaker.open_until else breaker.round


def next_change(breaker: Breaker, at: datetime) -> datetime | None:
    """Give when the allowance changes by time alone: when an open breaker starts to probe; else None."""
    if breaker.open_until is None or at >= breaker.open_until:
        return None
    return breaker.open_until


def back_off(breaker: Breaker, at: datetime, retry_after: timedelta | None) -> Breaker:
    """Leave a gateway alone after faults that used no attempt; `retry_after`: at least so long, as it asked.

    The first fault after a success starts no wait of its own; the second in a row does. Faults that arrive
    while it is already left alone come from calls of the same moment: however many, they double the wait only
    once. The wait never gets shorter.
    """
    told = at + (retry_after or timedelta(0))
    until = breaker.alone_until
    if until is not None and at < until:
        return replace(breaker, alone_until=max(until, told))
    streak = min(breaker.unused_streak + 1, LONGEST_STREAK)
    if streak > 1:
        told = max(told, at + min(FIRST_BACK_OFF * 2 ** (streak - 2), LONGEST_BACK_OFF))
    return replace(breaker, unused_streak=streak, alone_until=told if told > at else until)


def leave_alone_until(breaker: Breaker) -> datetime | None:
    """Give the instant before which the gateway gets no call; None, or one in the past: it may."""
    return breaker.alone_until


def _record_closed(breaker: Breaker, *, fault: bool, at: datetime) -> Breaker:
    recent = (*breaker.recent, fault)[-RECENT_CALLS:]
    if len(recent) >= FEWEST_CALLS and 2 * sum(recent) >= len(recent):
        return _opened(breaker, FIRST_OPEN, at)
    return replace(breaker, recent=recent)


def _record_ramping(breaker: Breaker, *, fault: bool, at: datetime) -> Breaker:
    finished, faults = breaker.finished + 1, breaker.faults + fault
    if 2 * faults >= breaker.round:
        return _opened(breaker, min(2 * (breaker.open_for or FIRST_OPEN), LONGEST_OPEN), at)
    if finished < breaker.round:
        return replace(breaker, finished=finished, faults=faults)
    if breaker.round >= LAST_ROUND:
        return replace(breaker, recent=(), open_until=None, open_for=None, round=1, finished=0, faults=0)
    return replace(breaker, round=2 * breaker.round, finished=0, faults=0)


def _opened(breaker: Breaker, length: timedelta, at: datetime) -> Breaker:
    return replace(breaker, recent=(), open_until=at + length, open_for=length, round=1, finished=0, faults=0)


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
