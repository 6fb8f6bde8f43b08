"""The dial book: everything about organizations and campaigns that the dialer needs to decide, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from reconciler.core.agents import Agent
from reconciler.core.windows import CallingWindows
from reconciler.spec.dialing import DialingPolicy

ADHOC_PRIORITY = 1_000_000
"""Priority of contacts in no campaign (R-LIFE-5)."""

ADHOC_POLICY = DialingPolicy(max_attempts=1)
"""Dialing policy of contacts in no campaign (R-ADHOC-1)."""


@dataclass(frozen=True, slots=True)
class Tenancy:
    """An organization as the dialer sees it."""

    id: UUID
    name: str
    concurrency_limit: int
    adhoc_key: UUID
    caller_id_limits: Mapping[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """The terms on which the contacts of one campaign, or of none, are called.

    `name` and `windows` are None for contacts in no campaign: no windows, no campaign status (R-ADHOC-1).
    """

    key: UUID
    org_id: UUID
    name: str | None
    status: str
    priority: int
    agent: Agent
    start_at: datetime | None
    end_at: datetime | None
    policy: DialingPolicy
    windows: CallingWindows | None
    infer_timezone: bool
    default_timezone: str
    revision: str | None
    source_revision: str | None = None


@dataclass(frozen=True, slots=True)
class DialBook:
    """A snapshot of all specifications, as of `serial`, and of the stamp `environment`: sandbox or live."""

    serial: int
    environment: str
    global_limit: int
    hash_key: bytes
    organizations: Mapping[UUID, Tenancy]
    terms: Mapping[UUID, Terms]


def adhoc_terms(org: Tenancy) -> Terms:
    """Give the terms of an organization's contacts that belong to no campaign (R-ADHOC-1)."""
    return Terms(
        key=org.adhoc_key,
        org_id=org.id,
        name=None,
        status="active",
        priority=ADHOC_PRIORITY,
        agent=Agent(),
        start_at=None,
        end_at=None,
        policy=ADHOC_POLICY,
        windows=None,
        infer_timezone=False,
        default_timezone="UTC",
        revision=None,
    )
