"""What the end of a call means beyond its contact: suppression, holds, breakers, freed numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from reconciler.controller.blame import blamed_fields, is_own_fault
from reconciler.controller.breaking import watch_faults
from reconciler.controller.cycle import Cycle
from reconciler.core.holds import Hold, HoldCause, HoldScope
from reconciler.core.outcomes import Disposition, Outcome
from reconciler.ports import Ended
from reconciler.store import ledger, numbers
from reconciler.store.book import standing_holds
from reconciler.store.columns import AnyRow
from reconciler.store.events import DIALER
from reconciler.store.holds import place_hold


def draw_consequences(cycle: Cycle, ends: Sequence[tuple[AnyRow, Ended]]) -> None:
    """Act on ended calls, in the transaction that settles them."""
    if not ends:
        return
    _free_numbers(cycle, ends)
    for row, ended in ends:
        if ended.disposition is Disposition.OPT_OUT:
            ledger.suppress(
                cycle.connection,
                row.org_id,
                row.phone_numbers,
                DIALER,
                ids=cycle.ids,
                now=cycle.now,
                reason="asked on the phone not to be called",
            )
        if ended.outcome is Outcome.CONFIG_ERROR and not is_own_fault(cycle, row, ended):
            _hold_campaign(cycle, row, ended)
    watch_faults(cycle, ends)


def _free_numbers(cycle: Cycle, ends: Sequence[tuple[AnyRow, Ended]]) -> None:
    """Make contacts due again that waited for one of these numbers (R-CONTACT-4)."""
    by_org: dict[UUID, set[str]] = defaultdict(set)
    for row, _ in ends:
        by_org[row.org_id].add(row.number)
    for org_id, freed in sorted(by_org.items()):
        numbers.unpark(cycle.connection, org_id, freed, numbers.PARKED_ON_CALL)


def _hold_campaign(cycle: Cycle, row: AnyRow, ended: Ended) -> None:
    """Hold a campaign whose agent or caller ID the gateway refuses, once."""
    blamed = blamed_fields(row, ended)
    key = str(row.campaign_key)
    if any(h.value == key and h.blamed == blamed for h in standing_holds(cycle.connection)):
        return
    reason = ended.reason or "the gateway refuses its agent or caller ID"
    hold = Hold(
        id=cycle.ids(cycle.now),
        seq=0,
        scope=HoldScope.CAMPAIGN,
        value=key,
        cause=HoldCause.CONFIG_ERROR,
        reason=reason,
        actor=DIALER.name,
        created_at=cycle.now,
        org_id=row.org_id,
        blamed=blamed,
    )
    place_hold(cycle.connection, hold, DIALER)
