"""Watches what a hold achieves, until every dialer obeys it (R-HOLD-3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from reconciler.ports import Clock
from reconciler.store.engine import Database
from reconciler.store.operations.receipts import Receipt, read_receipt
from reconciler.store.operations.stopping import Stopped

LOOK_EVERY = timedelta(milliseconds=100)


def follow(
    database: Database,
    clock: Clock,
    stopped: Stopped,
    *,
    at_most: timedelta,
    pause: Callable[[float], None],
) -> Iterator[Receipt]:
    """Yield receipts, one at least, until one is complete or `at_most` has passed.

    `pause` waits for so many seconds.
    """
    deadline = clock.now() + at_most
    while True:
        with database.read() as connection:
            receipt = read_receipt(connection, stopped, clock.now())
        yield receipt
        if receipt.is_complete or clock.now() >= deadline:
            return
        pause(LOOK_EVERY.total_seconds())
