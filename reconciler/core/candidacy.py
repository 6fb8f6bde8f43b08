"""Whether a contact at the head of its lane can be called now, at which number, or what it waits for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from reconciler.core.agents import NO_AGENT, Agent
from reconciler.core.lanes import LaneKey, lane_class, lane_key
from reconciler.core.settlement import ContactStatus, Progress


class Waiting(NamedTuple):
    """A pending contact as the claim reads it. `agent` is the contact's own level."""

    id: UUID
    org_id: UUID
    progress: Progress
    timezone: str | None
    agent: Agent
    has_inline_agent: bool
    scheduled_at: datetime | None


class Dial(NamedTuple):
    """Call this number."""

    number: str


@dataclass(frozen=True, slots=True)
class MoveLane:
    """The number to dial belongs to another lane: wait there."""

    lane: LaneKey


@dataclass(frozen=True, slots=True)
class WaitSuppressed:
    """All numbers are suppressed; due again at the earliest expiry, if there is one (R-SUP-1)."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class WaitOnCall:
    """The number is on another call of the organization (R-CONTACT-4)."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """The contact cannot be called at all."""

    status: ContactStatus
    reason: str


Candidacy = Dial | MoveLane | WaitSuppressed | WaitOnCall | Unfit


def judge(
    waiting: Waiting,
    lane: LaneKey,
    campaign_agent: Agent,
    suppressed: Mapping[tuple[UUID, str], datetime | None],
    busy: Collection[tuple[UUID, str]],
) -> Candidacy:
    """Decide about one contact; `suppressed` and `busy` are keyed by organization and number."""
    numbers = waiting.progress.numbers_to_dial()
    if not numbers:
        return Unfit(ContactStatus.EXHAUSTED, "no number left")
    if not waiting.has_inline_agent and waiting.agent.over(campaign_agent).agent_id is None:
        return Unfit(ContactStatus.ERROR, NO_AGENT)
    number = next((n for n in numbers if (waiting.org_id, n) not in suppressed), None)
    if number is None:
        expiries = [suppressed[waiting.org_id, n] for n in numbers]
        return WaitSuppressed(min((at for at in expiries if at is not None), default=None))
    home = home_lane(waiting, lane.campaign_key, number)
    if home != lane:
        return MoveLane(home)
    return WaitOnCall() if (waiting.org_id, number) in busy else Dial(number)


def home_lane(waiting: Waiting, campaign_key: UUID, number: str) -> LaneKey:
    """Give the lane in which a contact waits to be called at a number."""
    class_ = lane_class(
        attempts=waiting.progress.attempts,
        callback=waiting.progress.callback,
        scheduled_at=waiting.scheduled_at,
    )
    return lane_key(
        campaign_key,
        class_,
        number=number,
        timezone=waiting.timezone,
        agent_id=waiting.agent.agent_id,
        agent_number=waiting.agent.agent_number,
    )
