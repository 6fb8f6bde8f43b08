"""Which running calls end because of a new hold: none, those not answered yet, or all (R-LIFE-4)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from reconciler.controller.cycle import Cycle
from reconciler.core.holds import CallTarget, Hold, covers
from reconciler.store import open_attempts
from reconciler.store.columns import AnyRow


def calls_to_end(cycle: Cycle, holds: Sequence[Hold]) -> list[UUID]:
    """Give the calls of this dialer that these holds want ended."""
    ending = [hold for hold in holds if hold.hang_up != "none" and hold.stands(cycle.now)]
    if not ending:
        return []
    running = open_attempts.running(cycle.connection, cycle.lease.dialer_id)
    return [row.id for row in running if any(_ends(hold, row) for hold in ending)]


def _ends(hold: Hold, row: AnyRow) -> bool:
    target = CallTarget(
        org_id=row.org_id,
        campaign_key=row.campaign_key,
        agent_id=row.agent_id,
        agent_version=None,
        agent_number=row.agent_number,
        gateway=row.gateway,
        country=row.country,
    )
    return covers(hold, target) and (hold.hang_up == "all" or row.state != "answered")
