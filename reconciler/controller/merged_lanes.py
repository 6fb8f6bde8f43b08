"""Several lanes read as one: the contact that is due longest comes first, whatever lane it waits in."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection

from reconciler.controller.lane_views import LaneView
from reconciler.core.rooms import Rooms
from reconciler.store import queue
from reconciler.store.queue import Due

SMALLEST_CHUNK = 8
LANES_AT_A_TIME = 500
UNKNOWN_HEAD = datetime.min.replace(tzinfo=UTC)


class MergedLanes:
    """Lanes of one tier, merged by due time and id.

    A lane is opened once its head is the next to come, as far as heads are known, and read a chunk at a time;
    one whose limits are full is left at once, so that nobody behind it waits for it (R-DIAL-3).
    """

    def __init__(
        self,
        connection: Connection,
        now: datetime,
        lanes: Sequence[LaneView],
        heads: Mapping[UUID, datetime],
        rooms: Rooms,
    ) -> None:
        self._connection = connection
        self._now = now
        self._rooms = rooms
        in_order = sorted((heads.get(view.id, UNKNOWN_HEAD), number) for number, view in enumerate(lanes))
        self._lanes = lanes
        self._unopened = deque(in_order)
        self._read: dict[int, deque[Due]] = {}
        self._first: list[tuple[Due, int]] = []

    def take(self, need: int) -> list[tuple[UUID, LaneView]]:
        """Take up to `need` contacts out, each with its lane, and a place for each under all its limits."""
        chunk = need if len(self._lanes) == 1 else max(SMALLEST_CHUNK, 2 * need // len(self._lanes))
        taken: list[tuple[UUID, LaneView]] = []
        while len(taken) < need:
            self._open(need - len(taken), chunk)
            if not self._first:
                break
            due, number = heapq.heappop(self._first)
            view = self._lanes[number]
            if self._rooms.have_place(view.limits):
                self._rooms.take(view.limits)
                taken.append((due.id, view))
                self._advance(number, due, chunk)
        return taken

    def _open(self, need: int, chunk: int) -> None:
        """Open the lanes whose heads come before all contacts that are known."""
        while self._unopened and (not self._first or self._unopened[0][0] <= self._first[0][0].due_at):
            several = [
                self._unopened.popleft()[1] for _ in range(min(len(self._unopened), need, LANES_AT_A_TIME))
            ]
            roomy = {
                self._lanes[number].id: number
                for number in several
                if self._rooms.have_place(self._lanes[number].limits)
            }
            for lane_id, found in queue.first_due(self._connection, list(roomy), self._now, chunk).items():
                number = roomy[lane_id]
                self._read[number] = deque(found)
                self._push(number)

    def _advance(self, number: int, last: Due, chunk: int) -> None:
        """Have the lane's next contact wait its turn."""
        if not self._read[number]:
            lane_id = self._lanes[number].id
            self._read[number].extend(queue.further_due(self._connection, lane_id, last, self._now, chunk))
        self._push(number)

    def _push(self, number: int) -> None:
        if self._read[number]:
            heapq.heappush(self._first, (self._read[number].popleft(), number))
