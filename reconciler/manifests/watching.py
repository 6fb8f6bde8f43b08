"""Watching manifests: says when to look again, never what changed (level, not edge)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from watchfiles import DefaultFilter, watch

STDIN = "-"
DEBOUNCE_MS = 400
"""An editor or a git checkout writes many files; they are looked at together."""


def looks(paths: Sequence[str], stop: threading.Event, resync: timedelta) -> Iterator[None]:
    """Yield whenever the manifests should be looked at: at first, after changes, and every `resync`.

    Ends when `stop` is set. A path that is gone is not watched, but looked at with every resync.
    """
    yield
    watched = [path for path in paths if path != STDIN and Path(path).exists()]
    if not watched:
        while not stop.wait(resync.total_seconds()):
            yield
        return
    changes = watch(
        *watched,
        watch_filter=DefaultFilter(),
        debounce=DEBOUNCE_MS,
        stop_event=stop,
        rust_timeout=int(resync.total_seconds() * 1000),
        yield_on_timeout=True,
        raise_interrupt=False,
    )
    for _ in changes:
        if not stop.is_set():
            yield
