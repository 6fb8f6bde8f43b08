"""One document that a web server gives; each content that it ever has is a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit

import httpx

from reconciler.core.feeds import Arrival
from reconciler.manifests.feeds.places import MAX_BYTES, Arrived, PlaceUnreadable, name_to_keep

PATIENCE_S = 10
"""Seconds without an answer, or another byte of it: a controller that is told to stop waits for so long."""

MOST_REDIRECTS = 5
_CHUNK = 1 << 20


class WebDocument:
    """An `http(s)://` URL. `shown` is the URL as the contract has it, without secrets."""

    def __init__(self, url: str, shown: str, stopping: Callable[[], bool]) -> None:
        self._url = url
        parts = urlsplit(shown)
        self._name = name_to_keep(unquote(parts.path.rpartition("/")[2]) or parts.hostname or "document")
        self._stopping = stopping

    def arrivals(self, now: datetime) -> Sequence[Arrival]:
        """Give the document; whether it is a new one, reading it tells."""
        return [Arrival(self._name, now)]

    def read(self, arrival: Arrival, known_version: str | None) -> Arrived | None:
        """Fetch it, unless the server says that it is as it was."""
        try:
            return self._fetched(arrival, known_version)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError, UnicodeError) as error:
            # its text may hold the URL, and the URL a secret
            raise PlaceUnreadable(f"cannot be fetched: {_words(error)}") from None

    def _fetched(self, arrival: Arrival, known_version: str | None) -> Arrived | None:
        asked = {"If-None-Match": known_version} if known_version else {}
        with (
            httpx.Client(timeout=PATIENCE_S, follow_redirects=True, max_redirects=MOST_REDIRECTS) as client,
            client.stream("GET", self._url, headers=asked) as answer,
        ):
            if answer.status_code == httpx.codes.NOT_MODIFIED:
                return None
            if answer.status_code != httpx.codes.OK:
                raise PlaceUnreadable(f"cannot be fetched: the server answers {answer.status_code}")
            content = bytearray()
            for chunk in answer.iter_bytes(_CHUNK):
                content += chunk
                if len(content) > MAX_BYTES:
                    raise PlaceUnreadable("is larger than 1 GiB; split it")
                if self._stopping():
                    raise PlaceUnreadable("was not read to its end: the controller stops")
            return Arrived(_dated(arrival, answer.headers), bytes(content))


def _dated(arrival: Arrival, headers: httpx.Headers) -> Arrival:
    """Take what the server says of its document; a date that lies ahead is none."""
    arrived_at = arrival.arrived_at
    with suppress(ValueError):  # it says none
        said = parsedate_to_datetime(headers.get("Last-Modified", ""))
        arrived_at = min(arrived_at, said if said.tzinfo else said.replace(tzinfo=UTC))
    return Arrival(arrival.name, arrived_at, headers.get("ETag"))


def _words(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {PATIENCE_S} seconds"
    if isinstance(error, httpx.ConnectError):
        return "no connection to the server"
    if isinstance(error, httpx.TooManyRedirects):
        return "it leads from one address to the next"
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return "its URL makes no sense"
    return type(error).__name__
