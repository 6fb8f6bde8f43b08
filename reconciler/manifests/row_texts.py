"""Rows and documents whose text the database knows: they are not parsed, validated or normalised again.

A row's text hash stands for its text and for everything that says how it is read: columns, country, zones,
release, metadata of phone numbers. A contact carries the hash of the row that it was applied from, for as
long as nobody edits it; so a row whose hash is among those of its list's contacts changes nothing. What
cannot be told from changed rows alone (a number that two contacts share, an id on two rows) is asked of the
database, and where it says yes, everything is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from struct import Struct

import phonenumbers

from reconciler import __version__
from reconciler.core.canonical import canonical_json
from reconciler.core.desired import Json, Place
from reconciler.core.text_hashes import KnownTexts, Met, TextHashes, TextSum
from reconciler.core.zones import edition
from reconciler.manifests.data_file import DataFile

ALWAYS_READ = 50
"""So many rows at the top of a file are always read: they say what its columns hold."""

_HASH = Struct(">q")
_DIGEST_BYTES = 16
_BLOCK = 1024 * 1024
_BETWEEN_CELLS = "\x1f"


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
        [text_hash] = _HASH.unpack(digest.digest())
        return int(text_hash)

    def recognises(self, text_hash: int) -> bool:
        """Tell whether a document need not be read; one that stands there twice is read the second time."""
        return any(known.first_time(text_hash) for known in self._known.values())

    def known(self) -> Mapping[Place, KnownTexts]:
        """Give the known ones of every place where any was met."""
        known = {place: met.known() for place, met in self._known.items()}
        return {place: hashes for place, hashes in known.items() if len(hashes.met)}


class RowTexts:
    """The rows of one data file: hashes their texts, and tells those that are known.

    `how` is what says how they are read, apart from the file's own header; `key` (at most 64 bytes) keys the
    hashes, so that they tell nobody what a row says. `met` counts the known rows that the file has.
    """

    def __init__(self, known: TextHashes, key: bytes, how: Json) -> None:
        self.met = 0
        self._known = Met(known)
        self._hashed = self._total = 0
        self._hash = _hash_of_how(key, how)

    def below(self, headers: Iterable[str]) -> None:
        """Have all rows stand below these headers."""
        self._hash.update(_BETWEEN_CELLS.join(headers).encode("utf-8", "surrogatepass"))

    def unknown(self, cells: Iterable[str]) -> int | None:
        """Give the text hash of a row that must be read; None: it is known, and stands there once so far."""
        digest = self._hash.copy()
        digest.update(_BETWEEN_CELLS.join(cells).encode("utf-8", "surrogatepass"))
        [text_hash] = _HASH.unpack(digest.digest())
        self._hashed += 1
        self._total += text_hash
        if self._hashed <= ALWAYS_READ or not self._known.first_time(text_hash):
            return int(text_hash)
        self.met += 1
        return None

    @property
    def is_at_the_top(self) -> bool:
        """Tell whether the row that was asked for last is one of those that are always read."""
        return self._hashed <= ALWAYS_READ

    def sum(self) -> TextSum:
        """Sum up all rows that were asked for."""
        return TextSum(self._hashed, self._total)

    def known(self) -> KnownTexts:
        """Give the known rows: those that the file has, and the others."""
        return self._known.known()


def digest_of(file: DataFile, key: bytes, how: Json) -> tuple[str, int]:
    """Give the keyed digest of a whole file with all that says what it means, and the number of its lines."""
    digest, lines = _hash_of_how(key, how, _DIGEST_BYTES), 0
    with file.open() as content:
        while block := content.read(_BLOCK):
            digest.update(block)
            lines += block.count(b"\n")
    return digest.hexdigest(), lines


def digest_of_text(text: str, key: bytes, how: Json) -> str:
    """Give the keyed digest of a text with all that says what it means."""
    digest = _hash_of_how(key, how, _DIGEST_BYTES)
    digest.update(text.encode())
    return digest.hexdigest()


def _hash_of_how(key: bytes, how: Json, size: int = _HASH.size) -> blake2b:
    """Begin hashes with everything beside a text that says what it means."""
    begun = blake2b(key=key, digest_size=size)
    begun.update(canonical_json([how, __version__, phonenumbers.__version__, edition()]).encode())
    return begun
