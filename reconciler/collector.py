"""The garbage collector, kept out of the way of work that makes objects by the million."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = 100_000
"""So many more objects made than freed, before the collector looks at the youngest."""


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the collector off: nodes and contacts form no cycles, and looking for some takes longest."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def collector_rare() -> Iterator[None]:
    """Let the collector look at new objects only, and seldom: for long work in a process that holds much."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(RARELY, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
