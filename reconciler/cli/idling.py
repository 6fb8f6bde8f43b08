"""The last words of `run --until-idle`: why it ends, and what is left."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from reconciler.cli.telling import LogFormat, teller

if TYPE_CHECKING:
    from datetime import timedelta
    from uuid import UUID

    from reconciler.cli.session import Session


def tell_idle(
    session: Session,
    gateway: str,
    only: Collection[UUID] | None,
    idle_after: timedelta,
    log_format: LogFormat,
) -> None:
    """Say how many contacts are left, and what they wait for; `only`: of these campaigns, None means all."""
    from reconciler.spec.scalars import format_duration
    from reconciler.store.book import BookReader
    from reconciler.store.reads.leftovers import leftovers

    with session.database.read() as connection:
        book, _ = BookReader().read(connection)
        left = leftovers(connection, book, session.clock.now(), gateway, only)
    tell, soon = teller(log_format), format_duration(idle_after)
    if log_format == "json":
        tell("idle", within=soon, waiting={reason.name.lower(): count for reason, count in left.items()})
        return
    waiting = ", ".join(f"{count:,} {reason}" for reason, count in left.items())
    tell(
        f"idle: nothing becomes callable within {soon}; waiting: {waiting}"
        if waiting
        else "idle: nobody is left to call"
    )
