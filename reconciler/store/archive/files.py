"""Files of an archive: gzip of JSON lines, which stand under their name only once they are complete.

`attempts-2026-03.jsonl.gz`, or `attempts-2026-03-2.jsonl.gz` where there is one with other rows already: what
was written once is never written again.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import Path
from typing import IO

from reconciler.errors import DialctlError

SUFFIX = ".jsonl.gz"
PART = ".part"
_ONLY_OWNER = 0o700


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """A complete file: how many rows it holds, and the SHA-256 of its bytes."""

    path: Path
    rows: int
    sha256: str


def find(folder: Path, stem: str, wanted: Iterable[bytes]) -> ArchiveFile | None:
    """Give the newest file of this stem if it holds all these lines: an archive was cut short after it."""
    stands = list(takewhile(Path.exists, _names(folder, stem)))
    if not stands or not holds(stands[-1], wanted):
        return None
    return _file(stands[-1], sum(1 for _ in lines_of(stands[-1])))


def write(folder: Path, stem: str, lines: Iterable[bytes]) -> ArchiveFile:
    """Write lines into a new file that only its owner may read, and have them safe on the disk.

    Raises DialctlError where that is not possible. A process that is killed leaves a file that ends in
    `.part`, and that nothing reads.
    """
    try:
        folder.mkdir(mode=_ONLY_OWNER, parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(prefix=f"{stem}.", suffix=PART, dir=folder)
        try:
            with open(handle, "wb") as raw:  # noqa: PTH123 - it is open already
                rows = _compress(raw, lines)
                raw.flush()
                os.fsync(raw.fileno())
            path = _named(folder, stem, Path(part))
        finally:
            with suppress(FileNotFoundError):
                Path(part).unlink()
        _sync_folder(folder)
    except OSError as error:
        told = f"{folder}: {error.strerror or error}"
        raise DialctlError(told, hint="its rows are still in the database") from None
    return _file(path, rows)


def holds(path: Path, wanted: Iterable[bytes]) -> bool:
    """Tell whether a file holds all these lines, in this order; it may hold others between them."""
    return follow(lines_of(path), wanted)


def follow(stands: Iterator[bytes], wanted: Iterable[bytes]) -> bool:
    """Tell whether the next lines of a file hold all these, and read on behind the last of them."""
    try:
        return all(line in stands for line in wanted)
    except (EOFError, OSError, zlib.error):  # cut off, or no gzip at all
        return False


def lines_of(path: Path) -> Iterator[bytes]:
    """Give the lines of a file, as they stand on the disk."""
    with gzip.open(path, "rb") as lines:
        yield from lines


def _compress(raw: IO[bytes], lines: Iterable[bytes]) -> int:
    rows = 0
    with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
        for rows, line in enumerate(lines, start=1):  # noqa: B007 - the last number is their count
            packed.write(line)
    return rows


def _named(folder: Path, stem: str, part: Path) -> Path:
    """Give a complete file the first name that is free; one that is taken is never replaced."""
    for path in _names(folder, stem):
        with suppress(FileExistsError):
            os.link(part, path)
            return path
    raise AssertionError("there is always a next name")


def _names(folder: Path, stem: str) -> Iterator[Path]:
    yield folder / f"{stem}{SUFFIX}"
    for number in count(2):
        yield folder / f"{stem}-{number}{SUFFIX}"


def _file(path: Path, rows: int) -> ArchiveFile:
    with path.open("rb") as raw:
        return ArchiveFile(path, rows, hashlib.file_digest(raw, "sha256").hexdigest())


def _sync_folder(folder: Path) -> None:
    """Have the name itself survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
