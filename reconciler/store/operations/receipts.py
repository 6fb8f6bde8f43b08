"""The receipt of a hold: what it has achieved so far (R-HOLD-3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from reconciler.core.holds import CallTarget, Hold, covers
from reconciler.core.phones import country_of
from reconciler.store.attempts import RUNNING_AND_PAST
from reconciler.store.columns import AnyRow
from reconciler.store.operations.stopping import Stopped
from reconciler.store.portions import chunks
from reconciler.store.tables import dialer

LOOKED_BACK = 1000
"""Newest attempts among which the last call that started is looked for: none can be older and later."""

_LIVE = (
    select(dialer.c.id, dialer.c.host, dialer.c.pid, dialer.c.confirmed_hold)
    .where(dialer.c.lease_until > bindparam("now"), dialer.c.stopped_at.is_(None))
    .order_by(dialer.c.started_at, dialer.c.id)
)
_NEWEST = [
    select(
        source.c.org_id,
        source.c.campaign_key,
        source.c.agent_id,
        source.c.agent_version,
        source.c.agent_number,
        source.c.gateway,
        source.c.number,
        source.c.placing_at,
    )
    .order_by(source.c.id.desc())
    .limit(LOOKED_BACK)
    for source in RUNNING_AND_PAST
]
_FATES = [
    select(source.c.state, source.c.outcome).where(source.c.id.in_(bindparam("ids", expanding=True)))
    for source in RUNNING_AND_PAST
]


@dataclass(frozen=True, slots=True, order=True)
class LiveDialer:
    """A dialing process with a live lease, and whether it has said that it obeys the hold."""

    host: str
    pid: int
    confirmed: bool


@dataclass(frozen=True, slots=True)
class CallCounts:
    """What has become of the calls in scope that were open when the hold was set.

    `unsent` were claimed and never sent, `cancelled` ended before anybody answered, `ended` otherwise;
    `ringing` includes calls on their way to the phone; `unknown` are those that a crash made so.
    """

    unsent: int = 0
    cancelled: int = 0
    ended: int = 0
    ringing: int = 0
    talking: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a hold has achieved by now. `last_started_at` is None if no recent call was in its scope."""

    hold: Hold
    dialers: Sequence[LiveDialer]
    calls: CallCounts
    last_started_at: datetime | None

    @property
    def is_complete(self) -> bool:
        """Tell whether every live dialer obeys, and every call that was to end has ended."""
        ending = {
            "none": 0,
            "unanswered": self.calls.ringing,
            "all": self.calls.ringing + self.calls.talking,
        }
        return all(one.confirmed for one in self.dialers) and not ending[self.hold.hang_up]


def read_receipt(connection: Connection, stopped: Stopped, now: datetime) -> Receipt:
    """See what a hold has achieved by now."""
    live = [
        LiveDialer(row.host, row.pid, row.confirmed_hold >= stopped.hold.seq)
        for row in connection.execute(_LIVE, {"now": now})
    ]
    calls = _count(connection, stopped.open_then)
    return Receipt(stopped.hold, live, calls, _last_started(connection, stopped.hold))


def _count(connection: Connection, ids: Iterable[UUID]) -> CallCounts:
    counts: Counter[str] = Counter()
    for chunk in chunks(sorted(ids)):
        for statement in _FATES:
            for state, outcome in connection.execute(statement, {"ids": chunk}):
                counts[_fate(state, outcome)] += 1
    return CallCounts(**counts)


def _fate(state: str, outcome: str | None) -> str:
    """Name the count that an attempt belongs to; an intent is not sent any more once a hold covers it."""
    if state == "ended":
        return {"cancelled": "cancelled", "released": "unsent"}.get(outcome or "", "ended")
    return {"intent": "unsent", "answered": "talking", "unknown": "unknown"}.get(state, "ringing")


def _last_started(connection: Connection, hold: Hold) -> datetime | None:
    rows = (row for statement in _NEWEST for row in connection.execute(statement))
    return max(
        (row.placing_at for row in rows if row.placing_at and covers(hold, _target(row))), default=None
    )


def _target(row: AnyRow) -> CallTarget:
    return CallTarget(
        org_id=row.org_id,
        campaign_key=row.campaign_key,
        agent_id=row.agent_id,
        agent_version=row.agent_version,
        agent_number=row.agent_number,
        gateway=row.gateway,
        country=country_of(row.number),
    )
