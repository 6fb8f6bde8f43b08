"""Batches that arrive in a folder of the controller's machine, or as one file that is written anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reconciler.core.feeds import Arrival
from reconciler.manifests.feeds.places import MAX_BYTES, Arrived, PlaceUnreadable, is_taken, name_to_keep

CLOCKS_DIFFER = timedelta(hours=1)
"""A file server's clock may be ahead by so much, and what was written lately look as if it were to come."""


class Folder:
    """A folder, seen from the working directory; what lies in folders inside it is not looked at."""

    def __init__(self, path: str, format_: str | None) -> None:
        self._path = Path(path)
        self._format = format_
        self._files: dict[str, Path] = {}

    def arrivals(self, now: datetime) -> Sequence[Arrival]:
        """Give the files that are batches; links that leave the folder are none."""
        try:
            return list(self._arrivals(now))
        except (
            OSError,
            RuntimeError,
            ValueError,
        ) as fault:  # RuntimeError: a loop of links; ValueError: a NUL
            raise PlaceUnreadable(f"cannot be read: {_reason(fault)}") from None

    def read(self, arrival: Arrival, known_version: str | None) -> Arrived | None:
        """Read a file, and see that it was not written meanwhile."""
        del known_version
        path = self._files[arrival.name]
        try:
            if path.stat().st_size > MAX_BYTES:
                raise PlaceUnreadable(f"{arrival.name} is larger than 1 GiB; split it")
            content = path.read_bytes()
            if _version(path) != arrival.version:
                raise PlaceUnreadable(f"{arrival.name} is being written; it is read when it is done")
        except OSError as fault:
            raise PlaceUnreadable(f"{arrival.name} cannot be read: {_reason(fault)}") from None
        return Arrived(arrival, content)

    def _arrivals(self, now: datetime) -> Iterator[Arrival]:
        if not self._path.is_dir():
            self._path.stat()  # says why, where there is nothing
            yield self._arrival(self._path, now)
            return
        root = self._path.resolve(strict=True)
        for path in self._path.iterdir():
            real = path.resolve()
            if is_taken(path.name, self._format) and real.is_relative_to(root) and real.is_file():
                yield self._arrival(path, now)

    def _arrival(self, path: Path, now: datetime) -> Arrival:
        """Describe a file; one from further ahead than clocks disagree has a date that says nothing."""
        name = name_to_keep(path.name)
        self._files[name] = path
        written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        ahead = written_at - now > CLOCKS_DIFFER
        return Arrival(name, now if ahead else written_at, _version(path), settles=not ahead)


def _version(path: Path) -> str:
    found = path.stat()
    return f"{found.st_mtime_ns}-{found.st_size}"


def _reason(fault: Exception) -> str:
    return (fault.strerror or str(fault)) if isinstance(fault, OSError) else str(fault)
