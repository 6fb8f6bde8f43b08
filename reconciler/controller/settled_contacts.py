"""What verdicts make of contacts: status, next due time, and the lane in which they wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from reconciler.controller.cycle import Cycle
from reconciler.core.lanes import LaneKey, due_at, lane_class, lane_key
from reconciler.core.settlement import ContactStatus, Verdict
from reconciler.ports import Ended
from reconciler.store import waiting_room
from reconciler.store.columns import AnyRow
from reconciler.store.numbers import suppressed_until
from reconciler.store.rehoming import first_free
from reconciler.store.tallies import TallyChange

CALLED = frozenset({"locked", "in_progress", "unknown"})
"""Statuses in which a contact still waits for its attempt; a person may have settled it meanwhile."""


def settle_contacts(
    cycle: Cycle, verdicts: Sequence[tuple[AnyRow, Verdict, Ended | None]], tallies: TallyChange
) -> None:
    """Write what verdicts make of contacts: their rows as they were, and how the calls ended."""
    concerned = [(row, verdict, ended) for row, verdict, ended in verdicts if row.status in CALLED]
    homes = _homes(cycle, [(row, verdict) for row, verdict, _ in concerned])
    lane_ids = cycle.lanes.ids_of(cycle.connection, set(homes.values()), cycle.book, cycle.ids, cycle.now)
    rows = []
    for row, verdict, ended in concerned:
        status = _status(row, verdict)
        home = homes.get(row.id)
        rows.append(_columns(row, verdict, status, lane_ids[home] if home else row.lane_id, ended))
        tallies.move(row.org_id, row.campaign_key, row.status, status.value)
    waiting_room.settle(cycle.connection, rows)


def _status(row: AnyRow, verdict: Verdict) -> ContactStatus:
    """A withdrawal during the call leaves `completed` as it is; all else is withdrawn (R-CONTACT-3)."""
    if row.withdraw_requested and verdict.status not in {ContactStatus.COMPLETED, ContactStatus.UNKNOWN}:
        return ContactStatus.WITHDRAWN
    return verdict.status


def _homes(cycle: Cycle, verdicts: Sequence[tuple[AnyRow, Verdict]]) -> dict[UUID, LaneKey]:
    """Give the lanes in which contacts that are pending again wait for their next number (R-SUP-1)."""
    waiting = [(row, verdict) for row, verdict in verdicts if verdict.status is ContactStatus.PENDING]
    asked = {
        number
        for _, verdict in waiting
        if len(verdict.progress.phone_numbers) > 1
        for number in verdict.progress.phone_numbers
    }
    suppressed = suppressed_until(cycle.connection, asked, cycle.now) if asked else {}
    homes = {}
    for row, verdict in waiting:
        number = first_free(row.org_id, verdict.progress.numbers_to_dial(), suppressed)
        if number is not None:
            homes[row.id] = _home(row, verdict, number)
    return homes


def _home(row: AnyRow, verdict: Verdict, number: str) -> LaneKey:
    class_ = lane_class(
        attempts=verdict.progress.attempts,
        callback=verdict.progress.callback,
        scheduled_at=row.scheduled_at,
    )
    return lane_key(
        row.campaign_key,
        class_,
        number=number,
        timezone=row.timezone,
        agent_id=row.agent_id,
        agent_number=row.agent_number,
    )


def _columns(
    row: AnyRow, verdict: Verdict, status: ContactStatus, lane_id: object, ended: Ended | None
) -> dict[str, Any]:
    retry_at = verdict.retry_at or row.retry_at
    return {
        "id_": row.id,
        "new_status": status.value,
        "new_reason": "withdrawn while on the phone" if status is ContactStatus.WITHDRAWN else verdict.reason,
        "new_lane_id": lane_id,
        "new_retry_at": retry_at,
        "new_due_at": due_at(row.created_at, row.scheduled_at, retry_at),
        "new_withdraw_requested": row.withdraw_requested and status is ContactStatus.UNKNOWN,
        "new_last_outcome": ended.outcome.value if ended else None,
        **waiting_room.progress_columns(verdict.progress),
    }
