"""Data files of contact lists: where they may lie, which kinds there are, what a row is (R-MAN-4)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from reconciler.core.suggestions import did_you_mean
from reconciler.errors import Fault
from reconciler.manifests.columns import Layout
from reconciler.manifests.discovery import SourceFile
from reconciler.manifests.mistaken_files import mistaken_for

CSV_SUFFIXES = (".csv", ".tsv", ".txt")
JSONL_SUFFIXES = (".jsonl", ".ndjson")
MAX_ROW = 1024 * 1024
"""Longest row, in characters."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """A data file: its name as the user knows it, and its content."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class DataRow:
    """One row as written: `numbers` are (column, text), `fields` the other known fields, `data` the rest.

    `line` is the physical line, from 1, on which the row starts; `columns` maps fields to their columns.
    `layout` is that of its file, where all rows have the same one; `text_hash` is that of the row.
    """

    line: int
    external_id: str | None
    numbers: Sequence[tuple[str, str]]
    fields: Mapping[str, Any]
    data: Mapping[str, Any]
    columns: Mapping[str, str] = field(default_factory=dict)
    layout: Layout | None = None
    text_hash: int | None = None


class KnownRow(Enum):
    """A row that was not read, because its contact is there as it says."""

    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that cannot be taken apart: not even its id can be read."""

    line: int
    column: str | None
    message: str


Row = DataRow | UnreadableRow | KnownRow


class BrokenDataFile(Exception):
    """A fault of the whole data file; no row of it can be trusted."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def open_data_file(source: SourceFile, reference: str) -> DataFile | str:
    """Read the file that a list names, beside its manifest and inside the root, links followed.

    Gives the reason as a text where that cannot be done.
    """
    if "://" in reference:
        return "from: names a file beside the manifest, not a URL; download it there before"
    name = os.path.normpath(Path(source.name).parent / reference)
    path = source.folder / reference
    if not reference.casefold().endswith((*CSV_SUFFIXES, *JSONL_SUFFIXES)):
        known = ", ".join((*CSV_SUFFIXES, *JSONL_SUFFIXES))
        return f"'{name}' is no kind of data file that is supported; save it as one of {known}"
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(source.root):
            return f"'{name}' is outside the directory of the manifests"
        if not real.is_file():
            return f"'{name}' is no regular file"
        return DataFile(name, real.read_bytes())
    except (OSError, RuntimeError, ValueError) as fault:  # RuntimeError: a loop of links
        reason = fault.strerror if isinstance(fault, OSError) else fault
        missing = isinstance(fault, FileNotFoundError)
        nearest = did_you_mean(reference, _data_files_beside(source, reference)) if missing else ""
        return f"'{name}' cannot be read: {reason}{nearest}"


def _data_files_beside(source: SourceFile, reference: str) -> list[str]:
    """Give the data files in the folder that a list names, written as the list writes its own."""
    written = Path(reference).parent
    try:
        folder = (source.folder / written).resolve(strict=True)
        if not folder.is_relative_to(source.root):
            return []
        names = sorted(entry.name for entry in folder.iterdir())
    except (OSError, RuntimeError):
        return []
    suffixes = (*CSV_SUFFIXES, *JSONL_SUFFIXES)
    return [str(written / name) for name in names if name.casefold().endswith(suffixes)]


def text_of(file: DataFile) -> str:
    """Decode a data file: UTF-8 with or without a byte order mark. Raises BrokenDataFile."""
    if not file.content:
        hint = "to empty the list, leave the header alone in it"
        raise BrokenDataFile(Fault(file.name, None, None, "has 0 bytes", hint))
    if (mistake := mistaken_for(file.content)) is not None:
        line, message, hint = mistake
        raise BrokenDataFile(Fault(file.name, line, None, message, hint))
    if file.content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BrokenDataFile(Fault(file.name, 1, None, "is UTF-16, not UTF-8", "save it as 'CSV UTF-8'"))
    try:
        text = file.content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = file.content.count(b"\n", 0, fault.start) + 1
        message = f"is not UTF-8: byte 0x{file.content[fault.start]:02x}"
        hint = "it looks like Windows-1252 or Latin-1; save it as 'CSV UTF-8'"
        raise BrokenDataFile(Fault(file.name, line, None, message, hint)) from None
    if (nul := text.find("\0")) >= 0:
        line = text.count("\n", 0, nul) + 1
        raise BrokenDataFile(Fault(file.name, line, None, "has a NUL character", "export the file again"))
    return text
