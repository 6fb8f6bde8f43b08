"""Several lanes read as one: the contact that is due longest comes first, whatever lane it waits in."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from sqlalchemy import Connection

from reconciler.controller.lane_views import LaneView
from reconciler.core.rooms import Rooms
from reconciler.store import queue
from reconciler.store.queue import BEGINNING, Due

SMALLEST_CHUNK = 8
LANES_AT_A_TIME = 500


class _Next(IntEnum):
    """What comes next of a lane: a contact, or, where nothing more of it has been read, something unread.

    A contact goes first where both are at one place: what is unread of its lane lies behind it.
    """

    CONTACT = 0
    UNREAD = 1


class MergedLanes:
    """Lanes of one tier, merged by due time and id.

    A lane is read once it has the next contact, as far as heads are known: many lanes at a time, and a chunk
    of each. One whose limits are full is left at once, so nobody behind it waits for it (R-DIAL-3).
    """

    def __init__(
        self,
        connection: Connection,
        now: datetime,
        lanes: Sequence[LaneView],
        heads: Mapping[UUID, Due],
        rooms: Rooms,
    ) -> None:
        self._connection = connection
        self._now = now
        self._rooms = rooms
        self._lanes = lanes
        self._read: list[deque[Due]] = [deque() for _ in lanes]
        self._read_to: list[Due | None] = [BEGINNING for _ in lanes]
        self._order = [
            (heads.get(view.id, BEGINNING), _Next.UNREAD, number) for number, view in enumerate(lanes)
        ]
        heapq.heapify(self._order)

    def take(self, need: int) -> list[tuple[UUID, LaneView]]:
        """Take up to `need` contacts out, each with its lane, and a place for each under all its limits."""
        chunk = need if len(self._lanes) == 1 else max(SMALLEST_CHUNK, 2 * need // len(self._lanes))
        taken: list[tuple[UUID, LaneView]] = []
        while self._order and len(taken) < need:
            due, what, number = self._order[0]
            view = self._lanes[number]
            if what is _Next.UNREAD:
                self._read_on(need - len(taken), chunk)
                continue
            heapq.heappop(self._order)
            if not self._rooms.have_place(view.limits):
                continue
            self._rooms.take(view.limits)
            taken.append((due.id, view))
            self._line_up(number)
        return taken

    def _read_on(self, need: int, chunk: int) -> None:
        """Read what comes next of the lanes that have nothing but unread contacts next."""
        numbers = {self._lanes[number].id: number for number in self._unread(min(need, LANES_AT_A_TIME))}
        after = {lane_id: self._read_to[number] or BEGINNING for lane_id, number in numbers.items()}
        found, read_to = queue.due_contacts(self._connection, after, self._now, chunk, need)
        for lane_id, number in numbers.items():
            rows = found.get(lane_id, [])
            self._read[number].extend(rows)
            self._read_to[number] = rows[-1] if len(rows) == chunk else read_to
            self._line_up(number)

    def _unread(self, most: int) -> Iterator[int]:
        """Take out the lanes that are to be read next and have a place under all their limits."""
        while most and self._order and self._order[0][1] is _Next.UNREAD:
            _, _, number = heapq.heappop(self._order)
            if self._rooms.have_place(self._lanes[number].limits):
                most -= 1
                yield number

    def _line_up(self, number: int) -> None:
        """Have the lane wait its turn with what comes next of it, if there is more."""
        read_to = self._read_to[number]
        if self._read[number]:
            heapq.heappush(self._order, (self._read[number].popleft(), _Next.CONTACT, number))
        elif read_to is not None:
            heapq.heappush(self._order, (read_to, _Next.UNREAD, number))
