"""All lanes of the database, remembered: who asks which are open asks memory, not a thousand rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from reconciler.controller.lane_states import LaneStates, judge_lanes
from reconciler.controller.lane_views import LaneView, Limit
from reconciler.core.book import DialBook
from reconciler.core.gates import call_target
from reconciler.core.holds import Hold, plain
from reconciler.core.lanes import TIER, LaneClass, LaneKey, zones_of_lane
from reconciler.ports import Ids
from reconciler.store import lanes


class LaneDirectory:
    """Knows lanes by id and by key; views are made anew when the book changes.

    `only`: dial these campaigns only; None means all.
    """

    def __init__(self, gateway: str, only: frozenset[UUID] | None = None) -> None:
        self._gateway = gateway
        self._only = only
        self.forget()

    def forget(self) -> None:
        """Know nothing any more: what was learned in a transaction that failed may not exist."""
        self._book: DialBook | None = None
        self._holds: Sequence[Hold] = ()
        self._keys: dict[UUID, LaneKey] = {}
        self._ids: dict[LaneKey, UUID] = {}
        self._views: dict[UUID, LaneView] = {}
        self._present: Collection[UUID] | None = None
        self._states: LaneStates | None = None

    def states(
        self, connection: Connection, book: DialBook, holds: Sequence[Hold], now: datetime
    ) -> LaneStates:
        """Tell which lanes are open, of campaigns that are active, and of contacts in none.

        One small statement where nothing has changed: lanes are made at any time, so they are counted, but
        are dropped only by what changes the book, too.
        """
        self._open_book(book)
        if self._present is None or len(self._present) != lanes.count(connection):
            found = lanes.keys(connection)
            self._learn(found)
            self._present, self._states = found.keys(), None
        known = self._states
        if known is None or self._holds is not holds or not known.since <= now < known.until:
            dialable = self._dialable(book)
            known = judge_lanes(
                [self._view(id_) for id_ in self._present if self._keys[id_].campaign_key in dialable],
                plain(holds),
                now,
            )
            self._holds, self._states = holds, known
        return known

    def views(self, connection: Connection, ids: Collection[UUID], book: DialBook) -> dict[UUID, LaneView]:
        """Give the views of lanes, also of those that were dropped since they were last asked for."""
        self._open_book(book)
        unknown = [id_ for id_ in ids if id_ not in self._keys]
        if unknown:
            self._learn(lanes.keys_of(connection, unknown))
        return {id_: self._view(id_) for id_ in ids}

    def ids_of(
        self, connection: Connection, keys: Collection[LaneKey], book: DialBook, ids: Ids, now: datetime
    ) -> dict[LaneKey, UUID]:
        """Give the ids of lanes by key, making those that do not exist."""
        unknown = {key for key in keys if key not in self._ids}
        if unknown:
            org_of = {key.campaign_key: book.terms[key.campaign_key].org_id for key in unknown}
            found = lanes.lane_ids(connection, org_of, unknown, ids, now)
            self._learn({id_: key for key, id_ in found.items()})
        return {key: self._ids[key] for key in keys}

    def _open_book(self, book: DialBook) -> None:
        if self._book is not book:
            self._book, self._views, self._present, self._states = book, {}, None, None

    def _dialable(self, book: DialBook) -> set[UUID]:
        return {
            terms.key
            for terms in book.terms.values()
            if terms.status == "active" and (self._only is None or terms.key in self._only)
        }

    def _learn(self, keys: dict[UUID, LaneKey]) -> None:
        self._keys |= keys
        self._ids |= {key: id_ for id_, key in keys.items()}

    def _view(self, id_: UUID) -> LaneView:
        if id_ not in self._views:
            self._views[id_] = self._look_up(id_, self._keys[id_])
        return self._views[id_]

    def _look_up(self, id_: UUID, key: LaneKey) -> LaneView:
        assert self._book is not None  # noqa: S101 - opened by whoever asks
        terms = self._book.terms[key.campaign_key]
        target = call_target(terms, key, self._gateway)
        zones, source = zones_of_lane(
            key.zone_key, infer=terms.infer_timezone, default_timezone=terms.default_timezone
        )
        limits: list[Limit] = [("campaign", terms.key, None)]
        if target.agent_number is not None:
            limits.append(("caller_id", terms.org_id, target.agent_number))
        if target.agent_id is not None:
            limits.append(("agent", terms.org_id, target.agent_id))
        rank = (-terms.priority, TIER[LaneClass(key.class_)])
        return LaneView(id_, key, terms, target, zones, source, tuple(limits), rank)
