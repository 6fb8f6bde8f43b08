"""The contacts at the heads of open lanes, in the order in which they are dialled (R-DIAL-2)."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from reconciler.controller.cycle import Cycle
from reconciler.controller.lane_views import LaneView
from reconciler.core.candidacy import Waiting
from reconciler.core.rooms import Rooms
from reconciler.store import queue
from reconciler.store.columns import AnyRow

SMALLEST_CHUNK = 8


class Candidate(NamedTuple):
    """A due contact, as read from its lane."""

    row: AnyRow
    view: LaneView
    waiting: Waiting


def candidates(cycle: Cycle, lanes: Sequence[LaneView], rooms: Rooms, need: int) -> list[Candidate]:
    """Give the first `need` due contacts of these lanes for which all limits have a place.

    Tier by tier: priority, then callbacks, first attempts, retries. Within a tier the lanes are merged by
    due time and id; a lane whose limits are full is left at once, so that nobody behind it waits for it.
    """
    picked: list[Candidate] = []
    for _, tier in groupby(sorted(lanes, key=lambda view: view.rank), key=lambda view: view.rank):
        if len(picked) < need:
            picked += _merge(cycle, list(tier), rooms, need - len(picked))
    return picked


def _merge(cycle: Cycle, lanes: Sequence[LaneView], rooms: Rooms, need: int) -> list[Candidate]:
    chunk = max(SMALLEST_CHUNK, 2 * need // len(lanes)) if len(lanes) > 1 else need
    picked: list[Candidate] = []
    heads: list[tuple[datetime, UUID, int, AnyRow]] = []
    readers: list[Iterator[AnyRow]] = []
    for number, view in enumerate(lanes):
        reader = queue.due_in_lane(cycle.connection, view.id, cycle.now, chunk)
        readers.append(reader)
        if rooms.have_place(view.limits):
            _push(heads, number, reader)
    while heads and len(picked) < need:
        _, _, number, row = heapq.heappop(heads)
        view = lanes[number]
        if rooms.have_place(view.limits):
            rooms.take(view.limits)
            picked.append(Candidate(row, view, queue.waiting(row)))
            if len(picked) < need:
                _push(heads, number, readers[number])
    return picked


def _push(heads: list[tuple[datetime, UUID, int, AnyRow]], number: int, reader: Iterator[AnyRow]) -> None:
    row = next(reader, None)
    if row is not None:
        heapq.heappush(heads, (row.due_at, row.id, number, row))
