"""One cycle of the dialer: what it sees, in one transaction, at one instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from reconciler.controller.lane_directory import LaneDirectory
from reconciler.controller.lane_states import LaneStates
from reconciler.core.book import DialBook
from reconciler.core.holds import Hold, plain
from reconciler.errors import GatewayUnusable
from reconciler.ports import Ids
from reconciler.store.breakers import Shelf
from reconciler.store.leases import Lease


@dataclass(frozen=True, slots=True)
class Cycle:
    """Everything that a step's parts work with.

    `barred`: why the gateway may start no call at all on
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
    barred: GatewayUnusable | None = None

    @property
    def plain_holds(self) -> list[Hold]:
        """Holds that stop everything they cover."""
        return plain(self.holds)

    def lane_states(self) -> LaneStates:
        """Tell which lanes may be dialled."""
        return self.lanes.states(self.connection, self.book, self.holds, self.now)
