"""Rows and documents whose text the database knows: they are not parsed, validated or normalised again.

A row's text hash stands for its text and for everything that says how it is read: columns, country, zones,
release, metadata of phone numbers. A contact carries the hash of the row that it was applied from, for as
long as nobody edits it; so a row whose hash is among those of its list's contacts changes nothing. What
cannot be told from changed rows alone (a number that two contacts share, an id on two rows) is asked of the
database, and where it says yes, everything is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Protocol

import phonenumbers

from reconciler import __version__
from reconciler.core.canonical import canonical_json
from reconciler.core.desired import Json, ObjectKey, Place
from reconciler.core.text_hashes import Met, TextHashes
from reconciler.core.zones import edition

ALWAYS_READ = 50
"""So many rows at the top of a file are always read: they say what its columns hold."""

_HASH_BYTES = 8
_BETWEEN_CELLS = "\x1f"


class KnownRows(Protocol):
    """What a database remembers of rows."""

    def of_list(self, key: ObjectKey) -> TextHashes:
        """Give the text hashes of a list's contacts."""
        ...

    def of_documents(self) -> Mapping[Place, TextHashes]:
        """Give the text hashes of contacts that are documents of their own, by place."""
        ...

    def of_ids(self, place: Place, ids: Iterable[str]) -> Iterator[int]:
        """Give the text hashes of the contacts of a place that have one of these external ids."""
        ...

    def of_numbers(self, place: Place, numbers: Iterable[str]) -> Iterator[int]:
        """Give the text hashes of the contacts of a place that have one of these numbers (E.164)."""
        ...


class NothingKnown:
    """A database that remembers no row, or is not asked: every row is read."""

    def of_list(self, _key: ObjectKey) -> TextHashes:
        """Give none."""
        return TextHashes()

    def of_documents(self) -> Mapping[Place, TextHashes]:
        """Give none."""
        return {}

    def of_ids(self, _place: Place, _ids: Iterable[str]) -> Iterator[int]:
        """Give none."""
        return iter(())

    def of_numbers(self, _place: Place, _numbers: Iterable[str]) -> Iterator[int]:
        """Give none."""
        return iter(())


class DocumentTexts:
    """Contacts that are documents of their own: hashes their texts, and recognises those that are known.

    `known` are hashes by place; otherwise as RowTexts.
    """

    def __init__(self, known: Mapping[Place, TextHashes], key: bytes, how: Json) -> None:
        self._known = {place: Met(hashes) for place, hashes in known.items()}
        self._hash = _hash_of_how(key, how)

    def hash_of(self, text: str) -> int:
        """Give the text hash of a document."""
        digest = self._hash.copy()
        digest.update(text.encode())
        return int.from_bytes(digest.digest(), "big", signed=True)

    def recognises(self, text_hash: int) -> bool:
        """Tell whether a document need not be read; one that stands there twice is read the second time."""
        return any(known.first_time(text_hash) for known in self._known.values())

    def known(self) -> Mapping[Place, TextHashes]:
        """Give those that were met, by place."""
        met = {place: known.all() for place, known in self._known.items()}
        return {place: hashes for place, hashes in met.items() if len(hashes)}


class RowTexts:
    """The rows of one data file: hashes their texts, and recognises those that are known.

    `how` is what says how they are read, apart from the file's own header; `key` (at most 64 bytes) keys the
    hashes, so that they tell nobody what a row says. `met` counts the known rows that the file has.
    """

    def __init__(self, known: TextHashes, key: bytes, how: Json) -> None:
        self.met = 0
        self._known = Met(known)
        self._read = 0
        self._hash = _hash_of_how(key, how)

    def below(self, headers: Iterable[str]) -> None:
        """Have all rows stand below these headers."""
        self._hash.update(_BETWEEN_CELLS.join(headers).encode("utf-8", "surrogatepass"))

    def hash_of(self, cells: Iterable[str]) -> int:
        """Give the text hash of a row."""
        digest = self._hash.copy()
        digest.update(_BETWEEN_CELLS.join(cells).encode("utf-8", "surrogatepass"))
        return int.from_bytes(digest.digest(), "big", signed=True)

    def recognises(self, text_hash: int) -> bool:
        """Tell whether a row need not be read; one that stands there twice is read the second time."""
        self._read += 1
        if self._read <= ALWAYS_READ or not self._known.first_time(text_hash):
            return False
        self.met += 1
        return True

    def known(self) -> TextHashes:
        """Give the known rows that the file has."""
        return self._known.all()


def _hash_of_how(key: bytes, how: Json) -> blake2b:
    """Begin hashes with everything beside a text that says what it means."""
    begun = blake2b(key=key, digest_size=_HASH_BYTES)
    begun.update(canonical_json([how, __version__, phonenumbers.__version__, edition()]).encode())
    return begun
