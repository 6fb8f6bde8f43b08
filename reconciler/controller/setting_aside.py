"""Contacts that turned out not to be callable now: each is moved, once, to where it waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from reconciler.controller.candidates import Candidate
from reconciler.controller.cycle import Cycle
from reconciler.core.candidacy import Candidacy, Dial, MoveLane, Unfit, WaitOnCall, WaitSuppressed
from reconciler.core.lanes import NEVER
from reconciler.store import waiting_room
from reconciler.store.numbers import PARKED_ON_CALL, PARKED_SUPPRESSED
from reconciler.store.tallies import TallyChange


def set_aside(cycle: Cycle, judged: Sequence[tuple[Candidate, Candidacy]]) -> set[UUID]:
    """Write down what each contact waits for that cannot be called; gives the organizations concerned."""
    aside = [(candidate, verdict) for candidate, verdict in judged if not isinstance(verdict, Dial)]
    if not aside:
        return set()
    keys = {verdict.lane for _, verdict in aside if isinstance(verdict, MoveLane)}
    lane_ids = cycle.lanes.ids_of(cycle.connection, keys, cycle.book, cycle.ids, cycle.now)
    tallies = TallyChange()
    rows = []
    for candidate, verdict in aside:
        row = candidate.row
        change = {"status": "pending", "reason": None, "lane_id": row.lane_id, "due_at": row.due_at}
        match verdict:
            case MoveLane(lane):
                change["lane_id"] = lane_ids[lane]
            case WaitSuppressed(until):
                change |= {"parked": PARKED_SUPPRESSED, "due_at": until or NEVER}
                change["reason"] = "every number is suppressed"
            case WaitOnCall():
                change |= {"parked": PARKED_ON_CALL, "due_at": NEVER}
                change["reason"] = "the number is on another call"
            case Unfit(status, reason):
                change |= {"status": status.value, "reason": reason}
                tallies.move(row.org_id, row.campaign_key, "pending", status.value)
        rows.append(_parameters(row.id, change))
    waiting_room.set_aside(cycle.connection, rows)
    tallies.write(cycle.connection)
    return {candidate.row.org_id for candidate, _ in aside}


def _parameters(id_: UUID, change: dict[str, Any]) -> dict[str, Any]:
    return {"id_": id_, "new_parked": None} | {f"new_{name}": value for name, value in change.items()}
