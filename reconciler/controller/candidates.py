"""The contacts at the heads of open lanes, in the order in which they are dialled (R-DIAL-2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from reconciler.controller.cycle import Cycle
from reconciler.controller.lane_views import LaneView
from reconciler.controller.merged_lanes import MergedLanes
from reconciler.core.candidacy import Waiting
from reconciler.core.rooms import Rooms
from reconciler.store import queue
from reconciler.store.columns import AnyRow
from reconciler.store.queue import Due


class Candidate(NamedTuple):
    """A due contact, as read from its lane."""

    row: AnyRow
    view: LaneView
    waiting: Waiting


def candidates(
    cycle: Cycle, lanes: Sequence[LaneView], heads: Mapping[UUID, Due], rooms: Rooms, need: int
) -> list[Candidate]:
    """Give the first `need` due contacts of these lanes for which all limits have a place.

    Tier by tier: priority, then callbacks, first attempts, retries. `heads`: the first contacts of lanes, as
    far as they are known.
    """
    taken: list[tuple[UUID, LaneView]] = []
    for _, tier in groupby(sorted(lanes, key=lambda view: view.rank), key=lambda view: view.rank):
        if len(taken) < need:
            merged = MergedLanes(cycle.connection, cycle.now, list(tier), heads, rooms)
            taken += merged.take(need - len(taken))
    rows = queue.contacts(cycle.connection, [id_ for id_, _ in taken])
    return [Candidate(rows[id_], view, queue.waiting(rows[id_])) for id_, view in taken]
