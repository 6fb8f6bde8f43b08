"""Sharing free call slots among organizations (R-DIAL-4)."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organization in one cycle.

    `limit` is its `concurrency_limit`, `active` counts its contacts `locked` or `in_progress`, `claimable`
    those that it could claim now (counting further than the free slots changes nothing).
    """

    name: str
    limit: int
    active: int
    claimable: int

    @property
    def room(self) -> int:
        """How many more calls it could take, if it were alone."""
        return max(0, min(self.limit - self.active, self.claimable))


def share_slots(global_limit: int, tenants: Sequence[Tenant]) -> dict[str, int]:
    """Give each organization its number of new calls for this cycle; every name is in the result (R-DIAL-4).

    `tenants` are all organizations that have an active call or something to claim, in any order: names are
    unique. First the whole slots of everybody's proportional part; then one slot at a time to whoever is
    furthest below its share, until none is left or nobody has room.
    """
    free = max(0, global_limit - sum(tenant.active for tenant in tenants))
    sharers = [tenant for tenant in tenants if tenant.claimable > 0]
    all_limits = sum(tenant.limit for tenant in sharers)
    given = dict.fromkeys((tenant.name for tenant in tenants), 0)
    for tenant in sharers:
        given[tenant.name] = min(tenant.room, free * tenant.limit // max(1, all_limits))

    left = free - sum(given.values())
    # A share is global_limit * limit / all_limits. Kept times all_limits, all of this stays in whole numbers;
    # the heap wants the neediest first, so it holds how far above its share an organization is.
    queue = [
        (
            (tenant.active + given[tenant.name]) * all_limits - global_limit * tenant.limit,
            tenant.name,
            tenant.room - given[tenant.name],
        )
        for tenant in sharers
        if tenant.room > given[tenant.name]
    ]
    heapq.heapify(queue)
    while left > 0 and queue:
        above_share, name, room = queue[0]
        given[name] += 1
        left -= 1
        if room > 1:
            heapq.heapreplace(queue, (above_share + all_limits, name, room - 1))
        else:
            heapq.heappop(queue)
    return given
