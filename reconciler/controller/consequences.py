"""What the end of a call means beyond its contact: suppression, holds, breakers, freed numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from reconciler.controller.blame import blamed_fields, is_own_fault
from reconciler.controller.breaking import watch_faults
from reconciler.controller.cycle import Cycle
from reconciler.core.holds import Hold, HoldCause, HoldScope
from reconciler.core.outcomes import Disposition, Outcome
from reconciler.core.phones import mask_numbers_in
from reconciler.ports import Ended
from reconciler.store import ledger, numbers
from reconciler.store.book import standing_holds
from reconciler.store.columns import AnyRow
from reconciler.store.events import DIALER
from reconciler.store.holds import place_hold


class CallEnd(NamedTuple):
    """An attempt and its contact as they were, and how the call ended."""

    row: AnyRow
    contact: AnyRow
    ended: Ended


def draw_consequences(cycle: Cycle, ends: Sequence[CallEnd]) -> None:
    """Act on ended calls, in the transaction that settles them."""
    if not ends:
        return
    _free_numbers(cycle, ends)
    _suppress(cycle, [end for end in ends if end.ended.disposition is Disposition.OPT_OUT])
    _hold_campaigns(
        cycle,
        [
            (row, ended)
            for row, contact, ended in ends
            if ended.outcome is Outcome.CONFIG_ERROR and not is_own_fault(cycle, row, contact, ended)
        ],
    )
    watch_faults(cycle, [(row, ended) for row, _, ended in ends])


def _suppress(cycle: Cycle, opted_out: Sequence[CallEnd]) -> None:
    """Suppress all numbers of contacts that opted out, and the one dialled, edited away or not (R-SUP-2)."""
    by_org: dict[UUID, set[str]] = defaultdict(set)
    for row, contact, _ in opted_out:
        by_org[row.org_id] |= {*contact.phone_numbers, row.number}
    for org_id, refused in sorted(by_org.items()):
        ledger.suppress(
            cycle.connection,
            org_id,
            refused,
            DIALER,
            ids=cycle.ids,
            now=cycle.now,
            reason="asked on the phone not to be called",
        )


def _free_numbers(cycle: Cycle, ends: Sequence[CallEnd]) -> None:
    """Make contacts due again that waited for one of these numbers (R-CONTACT-4)."""
    by_org: dict[UUID, set[str]] = defaultdict(set)
    for row, _, _ in ends:
        by_org[row.org_id].add(row.number)
    for org_id, freed in sorted(by_org.items()):
        numbers.unpark(cycle.connection, org_id, freed, numbers.PARKED_ON_CALL)


def _hold_campaigns(cycle: Cycle, refused: Sequence[tuple[AnyRow, Ended]]) -> None:
    """Hold campaigns whose agent or caller ID the gateway refuses, each once."""
    if not refused:
        return
    held = {(hold.value, hold.blamed) for hold in standing_holds(cycle.connection)}
    for row, ended in refused:
        key, blamed = str(row.campaign_key), blamed_fields(row, ended)
        if (key, blamed) not in held:
            held.add((key, blamed))
            place_hold(cycle.connection, _hold(cycle, row, ended), DIALER)


def _hold(cycle: Cycle, row: AnyRow, ended: Ended) -> Hold:
    return Hold(
        id=cycle.ids(cycle.now),
        seq=0,
        scope=HoldScope.CAMPAIGN,
        value=str(row.campaign_key),
        cause=HoldCause.CONFIG_ERROR,
        reason=mask_numbers_in(ended.reason or "the gateway refuses its agent or caller ID"),
        actor=DIALER.name,
        created_at=cycle.now,
        org_id=row.org_id,
        blamed=blamed_fields(row, ended),
    )
