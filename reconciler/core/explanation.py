"""Explanation: every gate between one contact and its next call, as the dialer judges them (R-DIAL-1).

    Situation ─▶ gates: open or shut, why, when each next changes ─▶ core/answers.py: the one that matters

Pure: the store gathers the situation, and the dialer's own gates are asked wherever it has one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.core.agents import NO_AGENT
from reconciler.core.book import Terms
from reconciler.core.breaker import Breaker, allowance, leave_alone_until, next_change
from reconciler.core.candidacy import Waiting, home_lane
from reconciler.core.gates import (
    Gate,
    call_target,
    hold_gate,
    period_gate,
    status_gate,
    window_gate,
)
from reconciler.core.holds import Hold, plain
from reconciler.core.lanes import NEVER, LaneKey, zones_of_lane
from reconciler.core.pacing import bounded_start, may_start
from reconciler.core.settlement import ContactStatus


@dataclass(frozen=True, slots=True)
class Room:
    """One limit: how many calls are active under it, and how many may be (None: any number)."""

    active: int = 0
    most: int | None = None

    @property
    def free(self) -> int | None:
        """How many more calls may be active; None is any number."""
        return None if self.most is None else max(0, self.most - self.active)


@dataclass(frozen=True, slots=True)
class Rooms:
    """Every limit that a call of this contact would count against (R-DIAL-3)."""

    everything: Room = Room()
    organization: Room = Room()
    campaign: Room = Room()
    caller_id: Room = Room()


@dataclass(frozen=True, slots=True)
class Watched:
    """A breaker, and the active calls placed since it lets calls through again (R-RETRY-4)."""

    what: str
    breaker: Breaker
    active: int


@dataclass(frozen=True, slots=True)
class Line:
    """Due contacts of the organization's open lanes that go first (R-DIAL-2).

    `higher` are those of a higher priority, or of a class that goes first; `before` those of the same rank
    that are due longer.
    """

    higher: int = 0
    before: int = 0


@dataclass(frozen=True, slots=True)
class LastAttempt:
    """The newest attempt of the contact; `at` is when it was placed, else when it was meant to be."""

    at: datetime
    state: str
    attempt: int | None
    outcome: str | None
    disposition: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """One contact and everything around it that decides whether it is called now.

    `suppressed` and `busy` are about its own numbers in its organization. `gateway` is that of a dialer that
    runs, None where none does.
    """

    now: datetime
    status: ContactStatus
    reason: str | None
    due_at: datetime
    expires_at: datetime | None
    waiting: Waiting
    terms: Terms
    suppressed: Mapping[str, datetime | None]
    busy: Collection[str]
    holds: Sequence[Hold]
    gateway: str | None
    rooms: Rooms
    watched: Sequence[Watched]
    next_start_at: datetime | None
    line: Line
    last_attempt: LastAttempt | None

    @property
    def numbers(self) -> tuple[str, ...]:
        """Numbers that may still be dialled, the next one first (R-CONTACT-2)."""
        return self.waiting.progress.numbers_to_dial()

    @property
    def next_number(self) -> str | None:
        """The number that is dialled next: the first that is not suppressed (R-SUP-1)."""
        return next((number for number in self.numbers if number not in self.suppressed), None)

    @property
    def lane(self) -> LaneKey:
        """The lane in which the contact waits, or would wait for its first number if it had one left."""
        number = self.next_number or next(iter(self.numbers), self.waiting.progress.phone_numbers[0])
        return home_lane(self.waiting, self.terms.key, number)

    @property
    def zone(self) -> str:
        """The contact's time zone, for showing times in."""
        zones, _ = zones_of_lane(
            self.lane.zone_key,
            infer=self.terms.infer_timezone,
            default_timezone=self.terms.default_timezone,
        )
        return zones[0]


def gates(situation: Situation) -> tuple[Gate, ...]:
    """Judge every gate, in the order in which people look for the reason of a call that was not made."""
    target = call_target(situation.terms, situation.lane, situation.gateway or "")
    rooms = situation.rooms
    return (
        _contact_gate(situation),
        status_gate(situation.terms),
        period_gate(situation.terms, situation.now),
        _due_gate(situation),
        _expiry_gate(situation),
        window_gate(situation.terms, situation.lane, situation.now),
        hold_gate(plain(situation.holds), target, situation.now),
        _breaker_gate(situation),
        _suppression_gate(situation),
        _busy_gate(situation),
        _agent_gate(situation),
        _dialer_gate(situation),
        _room_gate("global limit", rooms.everything),
        _room_gate("organization limit", rooms.organization),
        _room_gate("campaign limit", rooms.campaign),
        _room_gate("caller ID limit", rooms.caller_id),
        _pacing_gate(situation),
        _order_gate(situation),
    )


def _contact_gate(situation: Situation) -> Gate:
    pending = situation.status is ContactStatus.PENDING
    reason = f": {situation.reason}" if situation.reason else ""
    return Gate("contact status", open=pending, detail=f"{situation.status.value}{reason}")


def _due_gate(situation: Situation) -> Gate:
    if situation.due_at <= situation.now:
        return Gate("due", open=True, detail=f"due as {situation.lane.class_}")
    if situation.due_at >= NEVER:
        return Gate("due", open=False, detail=situation.reason or "parked until what it waits for is gone")
    detail = f"waits as {situation.lane.class_}"
    return Gate("due", open=False, detail=detail, changes_at=situation.due_at)


def _expiry_gate(situation: Situation) -> Gate:
    if situation.expires_at is None:
        return Gate("expiry", open=True, detail="never expires")
    if situation.expires_at <= situation.now:
        return Gate("expiry", open=False, detail="expires_at has passed")
    return Gate("expiry", open=True, detail="expires_at is to come", changes_at=situation.expires_at)


def _breaker_gate(situation: Situation) -> Gate:
    """A breaker lets calls through one by one, as a limit; a gateway may also ask to be left alone."""
    for watched in situation.watched:
        alone_until = leave_alone_until(watched.breaker)
        if alone_until is not None and situation.now < alone_until:
            return Gate("breaker", open=False, detail=f"{watched.what} backs off", changes_at=alone_until)
        allowed = allowance(watched.breaker, situation.now)
        if allowed is not None and watched.active >= allowed:
            detail = f"{watched.what}: {watched.active} of {allowed} calls while it is being tried again"
            opens = next_change(watched.breaker, situation.now)
            return Gate("breaker", open=False, detail=detail, changes_at=opens)
    return Gate("breaker", open=True, detail="no breaker in the way")


def _suppression_gate(situation: Situation) -> Gate:
    if not situation.numbers:
        return Gate("suppression", open=False, detail="no number left in the rotation")
    if situation.next_number is not None:
        skipped = sum(number in situation.suppressed for number in situation.numbers)
        detail = f"{skipped} of {len(situation.numbers)} numbers suppressed" if skipped else "not suppressed"
        return Gate("suppression", open=True, detail=detail)
    ends = [at for at in situation.suppressed.values() if at is not None]
    return Gate(
        "suppression", open=False, detail="every number is suppressed", changes_at=min(ends, default=None)
    )


def _busy_gate(situation: Situation) -> Gate:
    busy = situation.next_number in situation.busy
    detail = "the number is on another call" if busy else "the number is on no other call"
    return Gate("number free", open=not busy, detail=detail)


def _agent_gate(situation: Situation) -> Gate:
    if situation.waiting.has_inline_agent:
        return Gate("agent", open=True, detail="agent_config of its own")
    agent = situation.waiting.agent.over(situation.terms.agent)
    return Gate("agent", open=agent.agent_id is not None, detail=agent.agent_id or NO_AGENT)


def _dialer_gate(situation: Situation) -> Gate:
    if situation.gateway is None:
        return Gate("dialer", open=False, detail="no dialer runs; start one with `dialctl run`")
    return Gate("dialer", open=True, detail=f"runs on gateway {situation.gateway}")


def _room_gate(name: str, room: Room) -> Gate:
    if room.most is None:
        return Gate(name, open=True, detail="no limit")
    return Gate(name, open=room.active < room.most, detail=f"{room.active} of {room.most} calls active")


def _pacing_gate(situation: Situation) -> Gate:
    rate = situation.terms.policy.calls_per_second
    if rate is None:
        return Gate("pacing", open=True, detail="no limit")
    starts = bounded_start(rate, situation.next_start_at, situation.now)
    is_open = may_start(starts, situation.now)
    return Gate("pacing", open=is_open, detail=f"{rate:g} calls per second",
                changes_at=None if is_open else starts)  # fmt: skip


def _order_gate(situation: Situation) -> Gate:
    """Who goes first takes the places that are free; what is left is for this contact (R-DIAL-2)."""
    line, rooms = situation.line, situation.rooms
    ahead = line.higher + line.before
    if not ahead:
        return Gate("order", open=True, detail="first in line")
    free = [room.free for room in (rooms.everything, rooms.organization) if room.free is not None]
    detail = f"{ahead:,} due contacts go first: {line.higher:,} rank higher, {line.before:,} are due longer"
    return Gate("order", open=ahead < min(free, default=ahead + 1), detail=detail)
