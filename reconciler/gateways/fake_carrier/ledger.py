"""The ledger: one line of JSON per order and per ring, by a single write, before anybody hears of it.

    {"what": "order" | "ring" | "end" | "fence", "id", "number", "organization", "at", …}

`order` lines carry what the carrier needs to go on with a call after it was killed. The ledger is evidence
for whoever looks at it: the carrier itself reads it only when it starts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Self


class Ledger:
    """A file that is only appended to. `path` None: a ledger in memory, for tests."""

    def __init__(self, path: Path | None) -> None:
        self._lines: list[dict[str, Any]] = []
        self._file: int | None = None
        if path is not None:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            self._lines = list(_read(path, self._file))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            os.close(self._file)

    @property
    def past(self) -> list[dict[str, Any]]:
        """The lines that were there at the start; in memory, all lines."""
        return self._lines

    def write(self, what: str, id_: str, at: datetime, **more: object) -> None:
        """Write a line down."""
        line = {"what": what, "id": id_, "at": at.isoformat(), **more}
        if self._file is None:
            self._lines.append(line)
        else:
            os.write(self._file, json.dumps(line).encode() + b"\n")


def _read(path: Path, file: int) -> Iterator[dict[str, Any]]:
    """Read the lines; a last one that a full disk or a power cut has cut off is taken away."""
    text = path.read_bytes()
    whole = text[: text.rfind(b"\n") + 1]
    os.ftruncate(file, len(whole))
    for line in whole.splitlines():
        yield json.loads(line)
