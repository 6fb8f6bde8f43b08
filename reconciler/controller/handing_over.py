"""The hand-over: a dialer that stops gives its running calls to others of its gateway, and its lease up.

    knock at the others ─▶ whoever renews its lease is alive ─▶ the calls become theirs, this lease ends

A lease may belong to a process that was killed a moment ago, so a valid one is not enough for an heir. All
heirs get a share; each asks the gateway about its own, and hears of what happened in between (R-CRASH-2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from reconciler.store import leases, open_attempts
from reconciler.store.leases import Lease
from reconciler.store.open_attempts import HANDED_OVER

ANSWERS_WITHIN = timedelta(seconds=1.5)
"""So long all peers may take to answer the knock, and the gateway to take orders that are on their way.
Later, the calls go to the peers that have answered, as soon as there is one."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """What came of a hand-over: `calls` went to so many `dialers`; or answers are waited for; or neither."""

    calls: int = 0
    dialers: int = 0
    pending: bool = False


class Succession:
    """What a dialer that stops knows of possible heirs."""

    def __init__(self, gateway: str) -> None:
        self._gateway = gateway
        self._knocked: dict[UUID, datetime] = {}
        self._knocked_at: datetime | None = None

    def hand_over(self, connection: Connection, lease: Lease, now: datetime) -> HandOver:
        """Give all running calls to heirs, if there are any; knocks first. One writing transaction.

        It is one, so that of several dialers that are stopped together the last one finds that it is.
        """
        peers = leases.peers(connection, lease, self._gateway, now)
        if self._knocked_at is None:
            self._knocked, self._knocked_at = leases.knock(connection, peers), now
            return HandOver(pending=bool(peers))
        heirs = [id_ for id_, until in peers.items() if until > self._knocked.get(id_, now)]
        running = open_attempts.running(connection, lease.dialer_id)
        is_complete = len(heirs) == len(peers) and all(row.state != "placing" for row in running)
        if peers and not is_complete and now < self._knocked_at + ANSWERS_WITHIN:
            return HandOver(pending=True)
        if not heirs or not running:
            return HandOver()
        _share(connection, sorted(row.id for row in running), heirs)
        leases.resign(connection, lease, now)
        leases.knock(connection, {heir: peers[heir] for heir in heirs})
        return HandOver(len(running), min(len(heirs), len(running)))


def _share(connection: Connection, calls: Sequence[UUID], heirs: Sequence[UUID]) -> None:
    for place, heir in enumerate(heirs):
        open_attempts.adopt(connection, calls[place :: len(heirs)], heir, HANDED_OVER)
