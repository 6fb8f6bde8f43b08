"""Holds: what they cover (R-HOLD-1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class HoldScope(StrEnum):
    """What a hold stops."""

    ALL = "all"
    ORG = "org"
    CAMPAIGN = "campaign"
    AGENT = "agent"
    CALLER_ID = "caller_id"
    GATEWAY = "gateway"
    COUNTRY = "country"


class HoldCause(StrEnum):
    """Who set a hold: a person, the breaker (R-RETRY-4), or a configuration that the gateway refused."""

    PERSON = "person"
    BREAKER = "breaker"
    CONFIG_ERROR = "config_error"


@dataclass(frozen=True, slots=True)
class Blamed:
    """What a config_error blames: the hold covers only calls that still use all of it; None is not blamed."""

    agent_id: str | None
    agent_version: str | None
    agent_number: str | None


@dataclass(frozen=True, slots=True)
class Hold:
    """A standing hold. `value` names what is held: a campaign's key, an agent's id, a number, a country.

    `hang_up` says which running calls in its scope the dialers end: none, unanswered or all.
    """

    id: UUID
    seq: int
    scope: HoldScope
    value: str
    cause: HoldCause
    reason: str
    actor: str
    created_at: datetime
    expires_at: datetime | None = None
    org_id: UUID | None = None
    blamed: Blamed | None = None
    hang_up: str = "none"

    def __str__(self) -> str:
        return f"held by {self.actor} since {self.created_at:%Y-%m-%d %H:%M} UTC: {self.reason}"

    def stands(self, now: datetime) -> bool:
        """Tell whether it has not run out yet."""
        return self.expires_at is None or now < self.expires_at


def plain(holds: Iterable[Hold]) -> list[Hold]:
    """Give the holds that stop everything they cover; a breaker's lets single calls through, as a limit."""
    return [hold for hold in holds if hold.cause is not HoldCause.BREAKER]


@dataclass(frozen=True, slots=True)
class CallTarget:
    """What of a call a hold may cover: all that a lane, its campaign and the dialer's gateway decide."""

    org_id: UUID
    campaign_key: UUID
    agent_id: str | None
    agent_version: str | None
    agent_number: str | None
    gateway: str
    country: str


def covers(hold: Hold, target: CallTarget) -> bool:
    """Tell whether a hold covers a call."""
    if hold.org_id is not None and hold.org_id != target.org_id:
        return False
    match hold.scope:
        case HoldScope.ALL | HoldScope.ORG:
            return True
        case HoldScope.CAMPAIGN:
            return hold.value == str(target.campaign_key) and _still_to_blame(hold.blamed, target)
        case HoldScope.AGENT:
            return hold.value == target.agent_id
        case HoldScope.CALLER_ID:
            return hold.value == target.agent_number
        case HoldScope.GATEWAY:
            return hold.value == target.gateway
        case HoldScope.COUNTRY:
            return hold.value == target.country


def first_covering(holds: Iterable[Hold], target: CallTarget, now: datetime) -> Hold | None:
    """Give the first standing hold that covers a call."""
    return next((hold for hold in holds if hold.stands(now) and covers(hold, target)), None)


def _still_to_blame(blamed: Blamed | None, target: CallTarget) -> bool:
    if blamed is None:
        return True
    pairs = (
        (blamed.agent_id, target.agent_id),
        (blamed.agent_version, target.agent_version),
        (blamed.agent_number, target.agent_number),
    )
    return all(fault is None or fault == used for fault, used in pairs)
