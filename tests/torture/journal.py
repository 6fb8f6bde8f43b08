"""The journal: what was done to the system, and when it began and was over, by a clock that is right."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Entry:
    """One thing that was done. `done` None: it is not known whether it came about."""

    what: str
    begun: float
    done: float | None = None
    facts: dict = field(default_factory=dict)


class Journal:
    """Everything that was done, in order; also a file, for people who look into a failed run."""

    def __init__(self, path: Path) -> None:
        self.entries: list[Entry] = []
        self._file = path.open("a", encoding="utf-8")

    def begin(self, what: str, **facts: object) -> Entry:
        """Note that something begins."""
        entry = Entry(what, time.time(), facts=facts)
        self.entries.append(entry)
        return entry

    def end(self, entry: Entry) -> None:
        """Note that it has come about."""
        entry.done = time.time()
        self._write(entry)

    def fail(self, entry: Entry, why: str) -> None:
        """Note that nobody knows whether it came about."""
        entry.facts["failed"] = why
        self._write(entry)

    def note(self, what: str, **facts: object) -> None:
        """Note what took no time."""
        self.end(self.begin(what, **facts))

    def counted(self) -> Counter:
        """Count what was done, by name."""
        return Counter(entry.what for entry in self.entries)

    def close(self) -> None:
        self._file.close()

    def _write(self, entry):
        facts = {name: value for name, value in entry.facts.items() if name != "terms"}
        line = {"what": entry.what, "begun": entry.begun, "done": entry.done, **facts}
        self._file.write(json.dumps(line, default=str) + "\n")
        self._file.flush()
