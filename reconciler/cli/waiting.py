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
def acting_on(session: Session, actor: Actor) -> Iterator[Operation]:
    """Open an operation; says so while somebody else holds the write lock."""
    from reconciler.store.operations.operation import operating

    impatience = Timer(LONG.total_seconds(), note, [BUSY])
    impatience.daemon = True
    impatience.start()
    try:
        with operating(session.database, actor, session.clock, session.ids) as operation:
            impatience.cancel()
            yield operation
    finally:
        impatience.cancel()
