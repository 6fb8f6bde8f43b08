"""Lanes as the dialer sees them: their terms, what covers them, and whether they are open now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from reconciler.core.book import Terms
from reconciler.core.gates import FOREVER, hold_gate, period_gate, zones_never_meet
from reconciler.core.holds import CallTarget, Hold
from reconciler.core.lanes import LaneClass, LaneKey

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
    rank: tuple[int, int]
    """Its place in the order of dialing: lower first (R-DIAL-2)."""
    _memo: list[_WindowMemo] = field(default_factory=list)

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
