"""Leases: one row per dialing process, renewed by its heartbeat (R-CRASH-2).

A process that let its lease expire may have been recovered by others. It comes back under a new epoch, so
that nothing it still held counts as its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update

from reconciler.store.prepared import Prepared
from reconciler.store.tables import dialer

MARGIN_SHARE = 12
"""A call is void a twelfth of the lease before that expires (5 s of 60): clocks may differ a little."""

_VALID = Prepared(
    select(dialer.c.lease_until).where(
        dialer.c.id == bindparam("dialer_id"),
        dialer.c.epoch == bindparam("held_epoch"),
        dialer.c.lease_until > bindparam("now"),
    )
)
_RUNNING = Prepared(
    select(dialer.c.id, dialer.c.lease_until)
    .where(
        dialer.c.gateway == bindparam("gateway"),
        dialer.c.lease_until > bindparam("now"),
        dialer.c.stopped_at.is_(None),
    )
    .order_by(dialer.c.id)
    .with_for_update(key_share=True)
)
_KNOCK = Prepared(
    update(dialer).where(dialer.c.id == bindparam("peer_id")).values(lease_until=bindparam("until"))
)
_RENEW = (
    update(dialer)
    .where(
        dialer.c.id == bindparam("dialer_id"),
        dialer.c.epoch == bindparam("held_epoch"),
        dialer.c.lease_until > bindparam("now"),
    )
    .values(lease_until=bindparam("until"))
)
_REJOIN = (
    update(dialer)
    .where(dialer.c.id == bindparam("dialer_id"))
    .values(lease_until=bindparam("until"), epoch=dialer.c.epoch + 1, stopped_at=None)
    .returning(dialer.c.epoch)
)


@dataclass(frozen=True, slots=True)
class Lease:
    """A dialer's right to place calls until an instant, under an epoch; `length` is that of a renewal."""

    dialer_id: UUID
    epoch: int
    until: datetime
    length: timedelta

    @property
    def calls_until(self) -> datetime:
        """When calls placed under it are void, a little before it can expire (R-CRASH-3)."""
        return self.until - self.length / MARGIN_SHARE


@dataclass(frozen=True, slots=True)
class Process:
    """The dialing process, as `status` shows it."""

    dialer_id: UUID
    gateway: str
    host: str
    pid: int


def join(
    connection: Connection, process: Process, now: datetime, length: timedelta, newest_hold: int
) -> Lease:
    """Enter a new dialer; it obeys every hold that is already set."""
    row = {
        "id": process.dialer_id,
        "epoch": 1,
        "lease_until": now + length,
        "started_at": now,
        "gateway": process.gateway,
        "host": process.host,
        "pid": process.pid,
        "confirmed_hold": newest_hold,
    }
    connection.execute(insert(dialer), row)
    return Lease(process.dialer_id, 1, now + length, length)


def renew(connection: Connection, lease: Lease, now: datetime, length: timedelta) -> Lease:
    """Extend a lease; one that has expired comes back under a new epoch."""
    until = now + length
    held = {"dialer_id": lease.dialer_id, "held_epoch": lease.epoch, "now": now, "until": until}
    if connection.execute(_RENEW, held).rowcount:
        return Lease(lease.dialer_id, lease.epoch, until, length)
    epoch = connection.execute(_REJOIN, {"dialer_id": lease.dialer_id, "until": until}).scalar_one()
    return Lease(lease.dialer_id, epoch, until, length)


def is_valid(connection: Connection, lease: Lease, now: datetime) -> bool:
    """Tell whether a lease still holds in the database."""
    held = {"dialer_id": lease.dialer_id, "held_epoch": lease.epoch, "now": now}
    return _VALID.first(connection, held) is not None


def resign(connection: Connection, lease: Lease, now: datetime) -> None:
    """Let a lease go, so that others may recover what it still holds at once."""
    connection.execute(
        update(dialer)
        .where(dialer.c.id == lease.dialer_id, dialer.c.epoch == lease.epoch)
        .values(lease_until=now, stopped_at=now)
    )


def peers(connection: Connection, lease: Lease, gateway: str, now: datetime) -> dict[UUID, datetime]:
    """Give the other dialers of a gateway whose leases are valid, with the end of each lease.

    Nobody else writes these rows, or one's own, until the transaction is over. To be called before any of
    them is written: two that leave at once, and each knock at the other, would wait in a circle otherwise.
    """
    rows = _RUNNING.rows(connection, {"gateway": gateway, "now": now})
    return {row.id: row.lease_until for row in rows if row.id != lease.dialer_id}


def knock(connection: Connection, found: Mapping[UUID, datetime]) -> dict[UUID, datetime]:
    """Have these peers renew their leases and look after what others left with their next step.

    Each lease then ends the least bit earlier, and its dialer, which sees its own row with every step
    (BookReader), finds that somebody was there: no step costs a statement more for that. Gives the new ends;
    a lease that later ends after that was renewed by a dialer that is alive.
    """
    knocked = {peer_id: until - timedelta.resolution for peer_id, until in found.items()}
    rows = [{"peer_id": peer_id, "until": until} for peer_id, until in knocked.items()]
    _KNOCK.run_many(connection, rows)
    return knocked


def confirm_hold(connection: Connection, lease: Lease, seq: int) -> None:
    """Say that this dialer obeys all holds up to this one (R-HOLD-3)."""
    connection.execute(update(dialer).where(dialer.c.id == lease.dialer_id).values(confirmed_hold=seq))
