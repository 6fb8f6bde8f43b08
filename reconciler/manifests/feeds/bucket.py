"""Batches that arrive in a bucket, or wherever else fsspec can look: s3://, gs://, sftp://, file://, ….

fsspec is an extra, and each sort of bucket has a package of its own; both are imported when one is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any

from reconciler.core.feeds import Arrival
from reconciler.manifests.feeds.places import MAX_BYTES, Arrived, PlaceUnreadable, is_taken, name_to_keep

INSTALL = "pip install 'dialctl[feeds]'"
_WRITTEN_AT = ("LastModified", "last_modified", "updated", "mtime", "created")
"""What filesystems call the instant at which a file was written, the most telling first."""

_ETAG = ("ETag", "etag")
_CHUNK = 1 << 20


class Bucket:
    """A URL of fsspec: a folder or prefix, or one file. `shown` is the URL as the contract has it."""

    def __init__(self, url: str, shown: str, format_: str | None, stopping: Callable[[], bool]) -> None:
        if find_spec("fsspec") is None:
            raise PlaceUnreadable(f"what reads it is not installed: {INSTALL}")
        self._url = url
        self._scheme = shown.partition("://")[0]
        self._format = format_
        self._stopping = stopping
        self._files: dict[str, str] = {}

    def arrivals(self, now: datetime) -> Sequence[Arrival]:
        """Give the files that are batches; those in folders inside are not looked at."""
        try:
            return list(self._arrivals(now))
        except Exception as error:  # noqa: BLE001 - a filesystem raises whatever its library does
            raise PlaceUnreadable(f"cannot be read: {self._words(error)}") from None

    def read(self, arrival: Arrival, known_version: str | None) -> Arrived | None:
        """Read a file."""
        del known_version
        content = bytearray()
        try:
            files, _ = self._opened()
            with files.open(self._files[arrival.name], "rb") as stream:
                while len(content) <= MAX_BYTES and not self._stopping() and (chunk := stream.read(_CHUNK)):
                    content += chunk
        except Exception as error:  # noqa: BLE001 - as above
            raise PlaceUnreadable(f"{arrival.name} cannot be read: {self._words(error)}") from None
        if len(content) > MAX_BYTES:
            raise PlaceUnreadable(f"{arrival.name} is larger than 1 GiB; split it")
        if self._stopping():
            raise PlaceUnreadable(f"{arrival.name} was not read to its end: the controller stops")
        return Arrived(arrival, bytes(content))

    def _opened(self) -> tuple[Any, str]:
        from fsspec.core import url_to_fs  # noqa: PLC0415 - the extra

        files, path = url_to_fs(self._url)
        files.invalidate_cache()
        return files, path

    def _arrivals(self, now: datetime) -> Iterator[Arrival]:
        files, path = self._opened()
        if files.isfile(path):
            yield self._arrival(files.info(path), now)
            return
        for info in files.ls(path, detail=True):
            if info["type"] == "file" and is_taken(_name(info), self._format):
                yield self._arrival(info, now)

    def _arrival(self, info: Mapping[str, Any], now: datetime) -> Arrival:
        """Describe a file; where its filesystem does not say when it was written, it arrives now."""
        name = name_to_keep(_name(info))
        self._files[name] = str(info["name"])
        written_at = next((_instant(info[one]) for one in _WRITTEN_AT if info.get(one)), None)
        etag = next((str(info[one]) for one in _ETAG if info.get(one)), None)
        said = written_at.isoformat() if written_at else None
        version = etag or (f"{said}-{info.get('size')}" if said else None)
        return Arrival(name, min(written_at or now, now), version)

    def _words(self, error: Exception) -> str:
        """Say what is wrong without the library's own words, which may hold the URL, and that a secret."""
        if isinstance(error, ImportError):
            return f"no package for {self._scheme}:// is installed, such as s3fs for s3://"
        if isinstance(error, FileNotFoundError):
            return "there is no such file or folder"
        if isinstance(error, ValueError) and "Protocol not known" in str(error):
            return f"fsspec knows no {self._scheme}://"
        return type(error).__name__


def _name(info: Mapping[str, Any]) -> str:
    return str(info["name"]).rstrip("/").rpartition("/")[2]


def _instant(value: object) -> datetime | None:
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
