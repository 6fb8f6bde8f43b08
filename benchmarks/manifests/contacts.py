"""Our side: contacts in a CSV file, applied to a SQLite file before; the others get the same rows."""

from __future__ import annotations

import csv
from pathlib import Path

from benchmarks.diff import MANIFEST, dialctl
from benchmarks.diff import csv as write_contacts
from benchmarks.manifests.process import Contender, prepare

ROWS = "contacts.csv"
BESIDE_CONTACTS = 3
"""Their configuration, their campaign and their list."""


def contacts(folder: Path, count: int) -> list[Contender]:
    """Apply them; gives `dialctl diff` as it is, and reading every row again as the others do."""
    write(folder, count)
    prepare(folder, dialctl(), "apply", MANIFEST, "--yes")
    says = (f"No changes: {count + BESIDE_CONTACTS:,} unchanged",)
    diff = (dialctl(), "diff", MANIFEST)
    return [
        Contender("dialctl diff", folder, diff, says, ours=True),
        Contender("dialctl diff --no-cache", folder, (*diff, "--no-cache"), says, ours=True),
    ]


def write(folder: Path, count: int) -> None:
    """Write the manifest and its rows: two numbers and three data fields each."""
    folder.mkdir()
    write_contacts(folder, count, 0)


def rows(folder: Path) -> list[dict[str, str]]:
    """Give the rows as they stand in the file."""
    with (folder / ROWS).open(newline="") as file:
        return list(csv.DictReader(file))
