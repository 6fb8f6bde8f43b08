"""How far campaigns have come: from tallies and open calls, in a millisecond at any size."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, select

from reconciler.core.book import DialBook, Terms
from reconciler.core.gates import call_target
from reconciler.core.holds import Hold, first_covering
from reconciler.core.lanes import LaneKey
from reconciler.core.settlement import ContactStatus
from reconciler.store.book import standing_holds
from reconciler.store.identity import OrganizationRef
from reconciler.store.open_attempts import open_counts
from reconciler.store.reads.contacts import Record
from reconciler.store.reads.installations import running_gateway
from reconciler.store.reads.sync import Ownership, campaign_rows, ownerships
from reconciler.store.tables import tally
from reconciler.store.tallies import USED_ATTEMPTS

BUCKETS = ("pending", "in_progress", "completed", "exhausted", "expired", "error", "withdrawn", "unknown")
"""How interface.md counts contacts; `in_progress` includes `locked`."""

NOT_YET = ("pending", "in_progress", "error", "unknown")
"""Buckets in which a campaign is not `Complete` (R-LIFE-7); who was withdrawn is not in it any more."""


class Sync(StrEnum):
    """What stands between a campaign and its manifest; the first of held, unmanaged, out_of_sync is told."""

    IN_SYNC = "in_sync"
    OUT_OF_SYNC = "out_of_sync"
    UNMANAGED = "unmanaged"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class CampaignProgress:
    """One campaign, or the contacts in none (`campaign` is None), in numbers."""

    key: UUID
    org: str
    campaign: str | None
    status: str
    sync: Sync
    priority: int
    contacts: Mapping[str, int]
    attempts: int
    active_calls: int
    concurrency_limit: int
    own_limit: int | None = None

    @property
    def calls_at_most(self) -> int:
        """The narrower one of its organization's limit and its own."""
        own = self.own_limit
        return self.concurrency_limit if own is None else min(own, self.concurrency_limit)

    @property
    def total(self) -> int:
        """All contacts, whatever their status."""
        return sum(self.contacts.values())

    @property
    def complete(self) -> bool:
        """Tell whether it has contacts, and each of them is in a final status (R-LIFE-7)."""
        return self.total > 0 and not any(self.contacts[bucket] for bucket in NOT_YET)

    @property
    def average(self) -> float:
        """Used attempts per contact."""
        return round(self.attempts / self.total, 2) if self.total else 0.0

    def record(self) -> Record:
        """Give the shape of interface.md."""
        return {
            "org": self.org,
            "campaign": self.campaign,
            "status": self.status,
            "sync": self.sync.value,
            "priority": self.priority,
            "contacts": {"total": self.total, **self.contacts},
            "attempts": {"total": self.attempts, "average_per_contact": self.average},
            "active_calls": self.active_calls,
            "concurrency_limit": self.concurrency_limit,
        }


def campaigns_progress(
    connection: Connection, book: DialBook, now: datetime, org: OrganizationRef | None = None
) -> list[CampaignProgress]:
    """Give the progress of every campaign, by organization and name; ad hoc contacts last, if any."""
    counts = _counts(connection)
    active = _active(connection, now)
    owners = ownerships(connection, campaign_rows(connection))
    holds = standing_holds(connection)
    gateway = running_gateway(connection, now) or ""
    found = []
    for terms in book.terms.values():
        count = counts[terms.key]
        buckets = {bucket: count[bucket] for bucket in BUCKETS}
        tenancy = book.organizations[terms.org_id]
        if (org and org.id != terms.org_id) or (terms.name is None and not any(buckets.values())):
            continue
        found.append(
            CampaignProgress(
                key=terms.key,
                org=tenancy.name,
                campaign=terms.name,
                status=terms.status,
                sync=sync_of(owners.get(terms.key, Ownership()), holds_over(terms, holds, gateway, now)),
                priority=terms.priority,
                contacts=buckets,
                attempts=count[USED_ATTEMPTS],
                active_calls=active[terms.key],
                concurrency_limit=tenancy.concurrency_limit,
                own_limit=terms.policy.max_concurrent_calls,
            )
        )
    return sorted(found, key=lambda one: (one.org, one.campaign is None, one.campaign or ""))


def holds_over(terms: Terms, holds: Sequence[Hold], gateway: str, now: datetime) -> list[Hold]:
    """Give the standing holds that cover a campaign's calls, whomever they are to."""
    target = call_target(terms, LaneKey(terms.key, "", "", "", "", ""), gateway)
    return [hold for hold in holds if first_covering([hold], target, now)]


def sync_of(owner: Ownership, holds: Sequence[Hold]) -> Sync:
    """Sum up what stands between a campaign and its manifest."""
    if holds:
        return Sync.HELD
    if owner.source is None:
        return Sync.UNMANAGED
    return Sync.OUT_OF_SYNC if owner.drift else Sync.IN_SYNC


def _counts(connection: Connection) -> Mapping[UUID, Mapping[str, int]]:
    counts: dict[UUID, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for key, name, count in connection.execute(select(tally.c.campaign_key, tally.c.name, tally.c.count)):
        bucket = ContactStatus.IN_PROGRESS.value if name == ContactStatus.LOCKED.value else name
        counts[key][bucket] += count
    return counts


def _active(connection: Connection, now: datetime) -> Mapping[UUID, int]:
    active: dict[UUID, int] = defaultdict(int)
    for row in open_counts(connection, now):
        active[row.campaign_key] += row.calls
    return active
