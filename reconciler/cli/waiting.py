"""Tells a person who waits what for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Timer
from typing import TYPE_CHECKING

from reconciler.cli.terminal import note

if TYPE_CHECKING:
    from reconciler.cli.session import Session
    from reconciler.store.events import Actor
    from reconciler.store.operations.operation import Operation

PAUSE_SECONDS = 0.1
LONG = timedelta(seconds=1)
BUSY = "waiting: another process is writing to the database (an apply?)"


def short_pause() -> None:
    """Let whoever waits for the database have it, between two transactions of one command."""
    time.sleep(PAUSE_SECONDS)


@contextmanager
def acting_on(session: Session, actor: Actor, *, only_holds: bool = False) -> Iterator[Operation]:
    """Open an operation; says so while somebody else holds its locks.

    `only_holds`: it touches nothing that an apply locks.
    """
    from reconciler.store.operations.operation import operating, operating_on_holds

    opened = operating_on_holds if only_holds else operating
    impatience = Timer(LONG.total_seconds(), note, [BUSY])
    impatience.daemon = True
    impatience.start()
    try:
        with opened(session.database, actor, session.clock, session.ids) as operation:
            impatience.cancel()
            yield operation
    finally:
        impatience.cancel()
