"""Data files of contact lists: where they may lie, which kinds there are, what a row is (R-MAN-4)."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol, TextIO

from reconciler.core.suggestions import did_you_mean
from reconciler.errors import Fault
from reconciler.manifests.age_format import is_encrypted, unencrypted_name
from reconciler.manifests.columns import Layout
from reconciler.manifests.discovery import SourceFile
from reconciler.manifests.encrypted_files import Undecryptable, decrypted

CSV_SUFFIXES = (".csv", ".tsv", ".txt")
JSONL_SUFFIXES = (".jsonl", ".ndjson")
PARQUET_SUFFIXES = (".parquet",)
SUFFIXES = (*CSV_SUFFIXES, *JSONL_SUFFIXES, *PARQUET_SUFFIXES)
MAX_ROW = 1024 * 1024
"""Longest row, in characters."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """A data file: its name as the user knows it, and where it is, or what it holds.

    What was decrypted, or fetched from elsewhere, is in memory, and on no disk.
    """

    name: str
    at: Path | bytes

    @property
    def is_json_lines(self) -> bool:
        """Tell whether it holds JSON Lines, and not CSV."""
        return unencrypted_name(self.name).casefold().endswith(JSONL_SUFFIXES)

    @property
    def is_parquet(self) -> bool:
        """Tell whether it holds Parquet."""
        return unencrypted_name(self.name).casefold().endswith(PARQUET_SUFFIXES)

    def open(self) -> BinaryIO:
        """Open it at its beginning: a large file is read as it is needed, and never held as a whole."""
        return io.BytesIO(self.at) if isinstance(self.at, bytes) else self.at.open("rb")

    def lines(self, newline: str = "") -> TextIO:
        """Open it as text."""
        return io.TextIOWrapper(self.open(), encoding="utf-8-sig", newline=newline)


class DataRow(NamedTuple):
    """One row as written: `numbers` are (column, text), `fields` the other known fields, `data` the rest.

    `line` is the physical line, from 1, on which the row starts; `columns` maps fields to their columns.
    `layout` is that of its file, where all rows have the same one; `text_hash` is that of the row.
    """

    line: int
    external_id: str | None
    numbers: Sequence[tuple[str, str]]
    fields: Mapping[str, Any]
    data: Mapping[str, Any]
    columns: Mapping[str, str]
    layout: Layout | None = None
    text_hash: int | None = None

    def read(self) -> DataRow:
        """Give it as it is."""
        return self

    @property
    def is_plain(self) -> bool:
        """Tell whether it says nothing but an id, numbers and texts, in a file that is checked text."""
        return self.layout is not None and not self.fields


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that cannot be taken apart: not even its id can be read."""

    line: int
    column: str | None
    message: str

    def read(self) -> UnreadableRow:
        """Give it as it is."""
        return self


class Row(Protocol):
    """A row as its file has it."""

    def read(self) -> DataRow | UnreadableRow:
        """Take it apart; raises BrokenDataFile."""
        ...


class BrokenDataFile(Exception):
    """A fault of the whole data file; no row of it can be trusted."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault

    def __reduce__(self) -> tuple[type[BrokenDataFile], tuple[Fault]]:
        """Let it be raised in one process and caught in another."""
        return type(self), (self.fault,)


def is_data_file(name: str) -> bool:
    """Tell whether a list can be read from a file of this name, encrypted or not."""
    return unencrypted_name(name).casefold().endswith(SUFFIXES)


def open_data_file(source: SourceFile, reference: str) -> DataFile | str:
    """Read the file that a list names, beside its manifest and inside the root, links followed.

    What is encrypted is decrypted with the keys of the environment. Gives the reason as a text where that
    cannot be done.
    """
    if source.data is not None:
        return _in_hand(*source.data)
    if "://" in reference:
        return "from: names a file beside the manifest, not a URL; download it there before"
    name = os.path.normpath(Path(source.name).parent / reference)
    path = source.folder / reference
    if not is_data_file(reference):
        save = "encrypt" if is_encrypted(reference) else "save it as"
        return f"'{name}' is no kind of data file that is supported; {save} one of {', '.join(SUFFIXES)}"
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(source.root):
            return f"'{name}' is outside the directory of the manifests"
        if not real.is_file():
            return f"'{name}' is no regular file"
        if is_encrypted(reference):
            return DataFile(name, decrypted(real.read_bytes(), os.environ))
        with real.open("rb"):  # a file that cannot be read is told here, and not amid its rows
            return DataFile(name, real)
    except Undecryptable as why:
        return f"'{name}' {why}"
    except (OSError, RuntimeError, ValueError) as fault:  # RuntimeError: a loop of links
        reason = fault.strerror if isinstance(fault, OSError) else fault
        missing = isinstance(fault, FileNotFoundError)
        nearest = did_you_mean(reference, _data_files_beside(source, reference)) if missing else ""
        return f"'{name}' cannot be read: {reason}{nearest}"


def _in_hand(name: str, content: bytes) -> DataFile | str:
    """Open what was read already, and decrypt it where its name says that it is encrypted."""
    if not is_data_file(name):
        return f"'{name}' is no kind of data file that is supported: {', '.join(SUFFIXES)}"
    try:
        return DataFile(name, decrypted(content, os.environ) if is_encrypted(name) else content)
    except Undecryptable as why:
        return f"'{name}' {why}"


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
    return [str(written / name) for name in names if is_data_file(name)]
