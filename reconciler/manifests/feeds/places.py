"""What every place where batches arrive has in common, and which one a contract names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from reconciler.core.feeds import Arrival
from reconciler.manifests.age_format import is_encrypted, looks_encrypted
from reconciler.manifests.data_file import CSV_SUFFIXES, JSONL_SUFFIXES, PARQUET_SUFFIXES, is_data_file
from reconciler.spec.contact_feed import VARIABLE, ContactFeedSpec, is_url, is_web

MAX_BYTES = 1024 * 1024 * 1024
"""A batch is held in memory while it is read."""

UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload", ".swp")
"""Ends of names of files that are being written."""

_SUFFIXES = {"csv": CSV_SUFFIXES, "jsonl": JSONL_SUFFIXES, "parquet": PARQUET_SUFFIXES}


class PlaceUnreadable(Exception):
    """What arrives cannot be looked at, or one file of it not be read. The text holds no secret."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """An arrival that was read whole, with what reading it told about it."""

    arrival: Arrival
    content: bytes


class Place(Protocol):
    """Where batches arrive."""

    def arrivals(self, now: datetime) -> Sequence[Arrival]:
        """Say what lies there. Raises PlaceUnreadable."""
        ...

    def read(self, arrival: Arrival, known_version: str | None) -> Arrived | None:
        """Read one whole; None where it is as it was in the version that is known. Raises PlaceUnreadable."""
        ...


def open_place(spec: ContactFeedSpec, environ: Mapping[str, str], stopping: Callable[[], bool]) -> Place:
    """Give the place that a contract names; reading ends early once `stopping` says so.

    Raises PlaceUnreadable where a variable is not set, or what reads the place is not installed.
    """
    address = _expanded(spec.from_, environ)
    if is_web(address):
        from reconciler.manifests.feeds.web import WebDocument  # noqa: PLC0415 - loads an HTTP client

        return WebDocument(address, spec.from_, stopping)
    if is_url(address):
        from reconciler.manifests.feeds.bucket import Bucket  # noqa: PLC0415 - loads the extra

        return Bucket(address, spec.from_, spec.format, stopping)
    from reconciler.manifests.feeds.folder import Folder  # noqa: PLC0415 - as the others

    return Folder(address, spec.format)


def _expanded(text: str, environ: Mapping[str, str]) -> str:
    for name in VARIABLE.findall(text):
        if not environ.get(name):
            raise PlaceUnreadable(f"the variable {name} is not set where the controller runs")
    return VARIABLE.sub(lambda found: environ[found[1]], text)


def is_taken(name: str, format_: str | None) -> bool:
    """Tell whether a file of this name is a batch: what is hidden or unfinished is none.

    Without a format, its name has to say what it holds.
    """
    if name.startswith((".", "~")) or name.casefold().endswith(UNFINISHED):
        return False
    return format_ is not None or is_data_file(name)


def name_to_keep(name: str) -> str:
    """Write a file's name so that it can be kept and printed, whatever bytes it has on its disk."""
    plain = name.encode("utf-8", "backslashreplace").decode()
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in plain)


def named_by_format(name: str, content: bytes, format_: str | None) -> str:
    """Give the name by which a batch is read: its end says what the contract says that it holds."""
    if format_ is None:
        return name
    plain = name[: -len(".age")] if is_encrypted(name) else name
    if not plain.casefold().endswith(_SUFFIXES[format_]):
        plain = f"{plain}.{format_}"
    return f"{plain}.age" if is_encrypted(name) or looks_encrypted(content) else plain
