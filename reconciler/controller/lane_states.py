"""Which lanes are open, judged for all of them at once and remembered until that changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from reconciler.controller.lane_views import LaneView
from reconciler.core.holds import Hold

JUDGE_AGAIN = timedelta(days=1)
"""When lanes are judged anew at the latest: the horizon within which windows must meet has moved on."""


@dataclass(frozen=True, slots=True)
class LaneStates:
    """Lanes by whether they may be dialled, good from `since` until before `until`.

    `hopeless`: its numbers are in zones whose windows never meet (R-TZ-1). `shut`: the others that time alone
    will open, by when it does, the nearest first.
    """

    open: Sequence[LaneView]
    hopeless: Sequence[LaneView]
    shut: Sequence[tuple[datetime, Sequence[UUID]]]
    since: datetime
    until: datetime


def judge_lanes(views: Iterable[LaneView], holds: Sequence[Hold], now: datetime) -> LaneStates:
    """Judge period, holds and windows of lanes."""
    open_, hopeless = [], []
    shut: dict[datetime, list[UUID]] = {}
    until = now + JUDGE_AGAIN
    for view in views:
        opening = view.opening(holds, now)
        if opening.open:
            open_.append(view)
        elif view.never_opens(now):
            hopeless.append(view)
        elif opening.changes_at is not None:
            shut.setdefault(opening.changes_at, []).append(view.id)
        if opening.changes_at is not None:
            until = min(until, opening.changes_at)
    return LaneStates(open_, hopeless, sorted(shut.items()), now, until)
