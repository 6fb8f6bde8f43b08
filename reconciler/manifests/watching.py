"""Watching manifests: says when to look again, never what changed (level, not edge)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from math import inf
from pathlib import Path
from time import monotonic

from watchfiles import Change, DefaultFilter, watch
from watchfiles._rust_notify import WatchfilesRustInternalError

from reconciler.manifests.data_file import is_data_file
from reconciler.manifests.discovery import STDIN, SUFFIXES

DEBOUNCE_MS = 400
"""An editor or a git checkout writes many files; they are looked at together."""

BEAT_MS = 100
UNWATCHED_S = 30
"""Where files cannot be watched, that is tried again so often."""


def looks(
    paths: Sequence[str], stop: threading.Event, resync: timedelta, unwatched: Callable[[str], None]
) -> Iterator[None]:
    """Yield whenever the manifests should be looked at: at first, after changes, and every `resync`.

    Ends when `stop` is set. Each look comes after its watch has begun, so that no change falls between them.
    Where the system lets nobody watch, `unwatched` is told why whenever that was tried; only `resync` and
    those tries call for looks then.
    """
    while not stop.is_set():
        folders = _folders(paths)
        due = monotonic()
        for changes in _changes(folders, stop, unwatched):
            if changes or monotonic() >= due:
                yield
                due = monotonic() + resync.total_seconds()
            if _folders(paths) != folders:  # gone, back again, or another in its place
                break


def _folders(paths: Sequence[str]) -> dict[Path, int]:
    """Give the folders to watch, each with its inode; what cannot be reached is not watched.

    A path that is no folder is watched by the one it lies in: an editor that saves puts a new file in the
    place of the old one, its data files lie there too, and what is gone comes back there.
    """
    found = {}
    for path in (Path(one) for one in paths if one != STDIN):
        with suppress(OSError):
            folder = path if path.is_dir() else path.parent
            found[folder] = folder.stat().st_ino
    return found


def _changes(
    folders: Mapping[Path, int], stop: threading.Event, unwatched: Callable[[str], None]
) -> Iterator[Collection[object]]:
    """Yield changes that may matter, and with every beat that there are none."""
    if not folders:
        yield from _beats(stop)
        return
    watched = {folder.absolute() for folder in folders}
    try:
        for changes in watch(
            *folders,
            watch_filter=None,  # a filter of its own keeps it from ever yielding beside a busy database
            debounce=DEBOUNCE_MS,
            stop_event=stop,
            rust_timeout=BEAT_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            ignore_permission_denied=True,
        ):
            yield [change for change in changes if may_matter(*change)]
            if any(change is Change.deleted and Path(path) in watched for change, path in changes):
                return  # its watch is gone with it, even where a new folder has its name and inode by now
    except FileNotFoundError:
        return  # gone since: the caller finds out what there is now
    except (OSError, WatchfilesRustInternalError) as error:  # most often no inotify watch is left
        unwatched(str(error))
    yield from _beats(stop, UNWATCHED_S)


def _beats(stop: threading.Event, seconds: float = inf) -> Iterator[Collection[object]]:
    """Yield that there is no change, with every beat, for so long."""
    until = monotonic() + seconds
    while not stop.wait(BEAT_MS / 1000) and monotonic() < until:
        yield ()


def may_matter(change: Change, path: str) -> bool:
    """Tell whether a change is one of what manifests are made of: their files, data files, and folders.

    Everything else is none of ours; above all the database, which often lies beside the manifests: each look
    writes to it, and would call for the next one.
    """
    suffix = Path(path).suffix.lower()
    is_read = suffix in SUFFIXES or is_data_file(path) or not suffix or Path(path).is_dir()
    return is_read and _NOT_IGNORED(change, path)


_NOT_IGNORED = DefaultFilter()
"""Leaves out what git, editors and operating systems write for themselves."""
