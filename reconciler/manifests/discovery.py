"""PATHs → manifest files: a file, a directory that is searched, or `-` for standard input (R-MAN-2)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from reconciler.errors import Fault

SUFFIXES = (".yaml", ".yml")
MAX_BYTES = 64 * 1024 * 1024
STDIN = "-"
STDIN_NAME = "<stdin>"


class DataInHand(NamedTuple):
    """A data file that was read already: its name, whose end says what it holds, and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One manifest file: `name` as the user knows it, its bytes, its folder, and the root that bounds it.

    Data files are looked up from `folder` and never outside `root`; both are absolute, `root` free of links.
    Where there is `data`, it is taken for any data file that a list names: the batch of a feed.
    """

    name: str
    content: bytes
    folder: Path
    root: Path
    data: DataInHand | None = None


def discover(paths: Sequence[str], stdin: BinaryIO) -> tuple[list[SourceFile], list[Fault]]:
    """Read every manifest that the paths name, each once, directories in sorted order.

    Hidden directories and hidden files are skipped. What cannot be read, a link that leaves its root, and a
    path with nothing in it are faults: an empty source is never an empty desired state (R-MAN-2).
    """
    finder = _Finder(stdin)
    for path in paths:
        finder.add(path)
    if not paths:
        finder.fault("manifests", "nothing declared here: no path was given")
    return finder.files, finder.faults


class _Finder:
    """Collects files and faults over several paths."""

    def __init__(self, stdin: BinaryIO) -> None:
        self.files: list[SourceFile] = []
        self.faults: list[Fault] = []
        self._stdin = stdin
        self._seen: set[Path] = set()

    def fault(self, name: str, message: str, hint: str | None = None) -> None:
        self.faults.append(Fault(name, None, None, message, hint))

    def add(self, path: str) -> None:
        if path == STDIN:
            self._take_stdin()
            return
        if not path:  # an unset variable of a script would otherwise stand for the working directory
            self.fault("manifests", "nothing declared here: the path is empty")
            return
        target = Path(path)
        try:
            if target.is_dir():
                self._take_directory(target)
            else:
                real = target.resolve(strict=True)
                self._take_file(os.path.normpath(path), real, real.parent, real.parent)
        except (
            OSError,
            RuntimeError,
            ValueError,
        ) as fault:  # RuntimeError: a loop of links; ValueError: a NUL
            self.fault(path, f"cannot be read: {_reason(fault)}")

    def _take_stdin(self) -> None:
        folder = Path.cwd()
        content = self._stdin.read(MAX_BYTES + 1)
        if self._small_enough(STDIN_NAME, len(content)):
            self.files.append(SourceFile(STDIN_NAME, content, folder, folder.resolve()))

    def _take_directory(self, directory: Path) -> None:
        faults_before = len(self.faults)
        root = directory.resolve(strict=True)
        found = list(self._walk(os.path.normpath(directory), root, root, frozenset()))
        for name, path in found:
            self._take_linked_file(name, path, root)
        if not found and len(self.faults) == faults_before:
            self.fault(
                str(directory),
                "nothing declared here: no *.yaml or *.yml file",
                "an empty directory is never taken for 'everything was removed'",
            )

    def _walk(
        self, name: str, directory: Path, root: Path, above: frozenset[Path]
    ) -> Iterator[tuple[str, Path]]:
        """Yield (name, path) of the manifests below a directory, in sorted order."""
        real = directory.resolve()
        if real in above:
            self.fault(name, "is a link to a directory above it", "remove the link")
            return
        try:
            entries = sorted(entry.name for entry in directory.iterdir())
        except OSError as fault:
            self.fault(name, f"cannot be read: {_reason(fault)}")
            return
        for entry in (e for e in entries if not e.startswith(".")):
            path, entry_name = directory / entry, os.path.normpath(Path(name) / entry)
            if path.is_dir():
                if self._inside(entry_name, path, root):
                    yield from self._walk(entry_name, path, root, above | {real})
            elif entry.endswith(SUFFIXES):
                yield entry_name, path

    def _take_linked_file(self, name: str, path: Path, root: Path) -> None:
        try:
            if not self._inside(name, path, root):
                return
            real = path.resolve(strict=True)
            if not real.is_file():
                self.fault(name, "is no regular file")
            else:
                self._take_file(name, real, path.parent, root)
        except (OSError, RuntimeError) as fault:
            self.fault(name, f"cannot be read: {_reason(fault)}")

    def _take_file(self, name: str, real: Path, folder: Path, root: Path) -> None:
        if real in self._seen:
            return
        self._seen.add(real)
        with real.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if self._small_enough(name, len(content)):
            self.files.append(SourceFile(name, content, folder, root))

    def _inside(self, name: str, path: Path, root: Path) -> bool:
        if path.resolve().is_relative_to(root):
            return True
        self.fault(name, "is a link that leaves the directory of the manifests", "copy what it points at")
        return False

    def _small_enough(self, name: str, size: int) -> bool:
        if size > MAX_BYTES:
            self.fault(name, "is larger than 64 MiB", "put contacts into a data file (`from:`), or split it")
        return size <= MAX_BYTES


def _reason(fault: Exception) -> str:
    if isinstance(fault, ValueError):
        return "its name holds a NUL character"  # Python words it anew with each release
    return (fault.strerror or str(fault)) if isinstance(fault, OSError) else str(fault)
