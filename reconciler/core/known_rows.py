"""What a database remembers of the texts that its contacts were applied from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

from reconciler.core.desired import ObjectKey, Place, WholeFile
from reconciler.core.text_hashes import TextHashes


class KnownContact(NamedTuple):
    """A contact that the database knows: the list that it is on, if any, and its text hash."""

    list: ObjectKey | None
    text_hash: int


class KnownRows(Protocol):
    """What a database remembers of rows."""

    def whole_list(self, key: ObjectKey, digest: str) -> WholeFile | None:
        """Give the file of this digest if its rows are the list's contacts, all of them and nobody else."""
        ...

    def of_list(self, key: ObjectKey) -> TextHashes:
        """Give the text hashes of a list's contacts."""
        ...

    def of_documents(self) -> Mapping[Place, TextHashes]:
        """Give the text hashes of contacts that are documents of their own, by place."""
        ...

    def of_ids(self, place: Place, ids: Iterable[str]) -> Iterator[KnownContact]:
        """Give the contacts of a place that have one of these external ids."""
        ...

    def of_numbers(self, place: Place, numbers: Iterable[str]) -> Iterator[KnownContact]:
        """Give the contacts of a place that have one of these numbers (E.164)."""
        ...


class NothingKnown:
    """A database that remembers no row, or is not asked: every row is read."""

    def whole_list(self, _key: ObjectKey, _digest: str) -> None:
        """Give none."""

    def of_list(self, _key: ObjectKey) -> TextHashes:
        """Give none."""
        return TextHashes()

    def of_documents(self) -> Mapping[Place, TextHashes]:
        """Give none."""
        return {}

    def of_ids(self, _place: Place, _ids: Iterable[str]) -> Iterator[KnownContact]:
        """Give none."""
        return iter(())

    def of_numbers(self, _place: Place, _numbers: Iterable[str]) -> Iterator[KnownContact]:
        """Give none."""
        return iter(())
