"""Lanes as the dialer sees them: their terms, what covers them, and whether they are open now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from reconciler.core.book import DialBook, Terms
from reconciler.core.gates import FOREVER, call_target, hold_gate, period_gate, zones_never_meet
from reconciler.core.holds import CallTarget, Hold
from reconciler.core.lanes import TIER, LaneClass, LaneKey, zones_of_lane
from reconciler.ports import Ids
from reconciler.store import lanes as lane_rows
from reconciler.store import queue

LOOK_AGAIN = timedelta(days=1)
"""When a lane that never opens within the horizon is judged anew: the horizon has moved on."""

Limit = tuple[str, object, object]
"""Names one limit: its kind, the organization or campaign, and the value."""


class Opening(NamedTuple):
    """Whether a lane may be dialled now, and when that changes at the latest (None: not by time alone)."""

    open: bool
    changes_at: datetime | None


@dataclass(frozen=True, slots=True)
class _WindowMemo:
    """The window state of a lane, good from `since` until before `until`."""

    opening: Opening
    text: str | None
    zones_meet: bool
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, eq=False)
class LaneView:
    """A lane with everything that follows from its key and its campaign's terms."""

    id: UUID
    key: LaneKey
    terms: Terms
    target: CallTarget
    zones: tuple[str, ...]
    zone_source: str
    limits: tuple[Limit, ...]
    _memo: list[_WindowMemo] = field(default_factory=list)

    @property
    def rank(self) -> tuple[int, int]:
        """Its place in the order of dialing: lower first (R-DIAL-2)."""
        return (-self.terms.priority, TIER[LaneClass(self.key.class_)])

    @property
    def scheduled(self) -> bool:
        """Tell whether its contacts are scheduled for the first time (R-WIN-3)."""
        return self.key.class_ == LaneClass.SCHEDULED.value

    @property
    def timezone(self) -> str | None:
        """The zone that an attempt's evidence names."""
        return self.zones[0] if self.key.zone_key or self.terms.windows else None

    def opening(self, holds: Sequence[Hold], now: datetime) -> Opening:
        """Judge period, holds and windows; the first that is shut decides."""
        period = period_gate(self.terms, now)
        if not period.open:
            return Opening(open=False, changes_at=period.changes_at)
        if holds:
            hold = hold_gate(holds, self.target, now)
            if not hold.open:
                return Opening(open=False, changes_at=hold.changes_at)
        window = self.window(now)
        if window.open and self.terms.end_at is not None:
            ends = (
                self.terms.end_at if window.changes_at is None else min(window.changes_at, self.terms.end_at)
            )
            return Opening(open=True, changes_at=ends)
        return window

    def window(self, now: datetime) -> Opening:
        """Judge the windows alone, from memory where nothing can have changed."""
        return self._remember(now).opening

    def window_text(self, now: datetime) -> str | None:
        """Say which window allows a call now, for the attempt's evidence."""
        return self._remember(now).text

    def never_opens(self, now: datetime) -> bool:
        """Tell whether the zones of its numbers have no common window within 370 days (R-TZ-1)."""
        return not self._remember(now).zones_meet

    def _remember(self, now: datetime) -> _WindowMemo:
        if not self._memo or not self._memo[0].since <= now < self._memo[0].until:
            opening, text = self._look(now)
            meet = opening.changes_at is not None or not zones_never_meet(self.terms, self.key, now)
            self._memo[:] = [_WindowMemo(opening, text, meet, now, opening.changes_at or now + LOOK_AGAIN)]
        return self._memo[0]

    def _look(self, now: datetime) -> tuple[Opening, str | None]:
        windows = self.terms.windows
        if windows is None:
            return Opening(open=True, changes_at=now + FOREVER), None
        if windows.is_open(self.zones, now, scheduled=self.scheduled):
            closes = windows.next_close(self.zones, now, scheduled=self.scheduled)
            text = windows.window_at(self.zones, now, scheduled=self.scheduled)
            return Opening(open=True, changes_at=closes or now + FOREVER), text
        return Opening(
            open=False, changes_at=windows.next_open(self.zones, now, scheduled=self.scheduled)
        ), None


class LaneDirectory:
    """Knows lanes by id and by key; views are made anew when the book changes."""

    def __init__(self, gateway: str) -> None:
        self._gateway = gateway
        self._book: DialBook | None = None
        self._keys: dict[UUID, LaneKey] = {}
        self._ids: dict[LaneKey, UUID] = {}
        self._views: dict[UUID, LaneView] = {}

    def views(self, connection: Connection, ids: Collection[UUID], book: DialBook) -> dict[UUID, LaneView]:
        """Give the views of lanes."""
        if self._book is not book:
            self._book, self._views = book, {}
        unknown = [id_ for id_ in ids if id_ not in self._keys]
        if unknown:
            self._learn(queue.lane_keys(connection, unknown))
        for id_ in ids:
            if id_ not in self._views:
                self._views[id_] = self._view(id_, self._keys[id_], book)
        return {id_: self._views[id_] for id_ in ids}

    def ids_of(
        self, connection: Connection, keys: Collection[LaneKey], book: DialBook, ids: Ids, now: datetime
    ) -> dict[LaneKey, UUID]:
        """Give the ids of lanes by key, making those that do not exist."""
        unknown = {key for key in keys if key not in self._ids}
        if unknown:
            org_of = {key.campaign_key: book.terms[key.campaign_key].org_id for key in unknown}
            found = lane_rows.lane_ids(connection, org_of, unknown, ids, now)
            self._learn({id_: key for key, id_ in found.items()})
        return {key: self._ids[key] for key in keys}

    def forget(self) -> None:
        """Know nothing any more: what was learned in a transaction that failed may not exist."""
        self._book, self._keys, self._ids, self._views = None, {}, {}, {}

    def _learn(self, keys: dict[UUID, LaneKey]) -> None:
        self._keys |= keys
        self._ids |= {key: id_ for id_, key in keys.items()}

    def _view(self, id_: UUID, key: LaneKey, book: DialBook) -> LaneView:
        terms = book.terms[key.campaign_key]
        target = call_target(terms, key, self._gateway)
        zones, source = zones_of_lane(
            key.zone_key, infer=terms.infer_timezone, default_timezone=terms.default_timezone
        )
        limits: list[Limit] = [("campaign", terms.key, None)]
        if target.agent_number is not None:
            limits.append(("caller_id", terms.org_id, target.agent_number))
        if target.agent_id is not None:
            limits.append(("agent", terms.org_id, target.agent_id))
        return LaneView(id_, key, terms, target, zones, source, tuple(limits))
