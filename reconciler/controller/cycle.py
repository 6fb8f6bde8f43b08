"""One cycle of the dialer: what it sees, in one transaction, at one instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from reconciler.controller.lane_views import LaneDirectory
from reconciler.core.book import DialBook, Terms
from reconciler.core.holds import Hold, HoldCause
from reconciler.errors import GatewayUnusable
from reconciler.ports import Ids
from reconciler.store.breakers import Shelf
from reconciler.store.leases import Lease


@dataclass(frozen=True, slots=True)
class Cycle:
    """Everything that a step's parts work with.

    `only`: dial these campaigns only; None means all. `barred`: why the gateway may start no call at all on
    this database, by its stamp (R-ENV-1).
    """

    connection: Connection
    now: datetime
    book: DialBook
    holds: Sequence[Hold]
    lanes: LaneDirectory
    gateway: str
    lease: Lease
    ids: Ids
    breakers: Shelf
    only: frozenset[UUID] | None = None
    barred: GatewayUnusable | None = None

    @property
    def plain_holds(self) -> list[Hold]:
        """Holds that stop everything they cover; a breaker's lets single calls through, as a limit."""
        return [hold for hold in self.holds if hold.cause is not HoldCause.BREAKER]

    def dialable_terms(self) -> list[Terms]:
        """Terms of what may be dialled at all: active campaigns, and contacts in none."""
        return [
            terms
            for terms in self.book.terms.values()
            if terms.status == "active" and (self.only is None or terms.key in self.only)
        ]
