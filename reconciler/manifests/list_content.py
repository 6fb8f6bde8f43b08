"""What is read of a ContactList, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from reconciler.core.desired import Json, ListRows, ObjectKey
from reconciler.errors import Fault
from reconciler.manifests.abbreviated_zones import AbbreviatedZones
from reconciler.manifests.campaign_rules import CampaignRules
from reconciler.manifests.columns import Layout
from reconciler.manifests.load import Document
from reconciler.spec.contact_list import ContactListSpec

_KEY_HEX = 20
_DERIVED = "phone-"


Progressing = Callable[[int, int], None]
"""Told how many rows or documents have been read, and of how many; 0 where nobody knows."""


def unwatched(_done: int, _total: int) -> None:
    """Nobody watches."""


class ListToRead(NamedTuple):
    """A declared list, and the rules that its rows are read by.

    `hash_key` (at most 64 bytes) derives ids under `key: phone` (R-ID-4), and keys the hashes of rows.
    """

    document: Document
    spec: ContactListSpec
    key: ObjectKey
    rules: CampaignRules
    hash_key: bytes
    progressing: Progressing = unwatched

    def how_it_is_read(self) -> Json:
        """Give everything in the manifests that says what the rows mean, and what is said of them."""
        return [str(self.key), self.spec.key, self.spec.columns.model_dump(mode="json"), asdict(self.rules)]

    def id_from_number(self, number: str) -> str:
        """Derive a contact's external id from its first number, so that it is not the number (R-ID-4)."""
        digest = blake2b(number.encode(), key=self.hash_key).hexdigest()
        return f"{_DERIVED}{digest[:_KEY_HEX]}"

    @staticmethod
    def is_derived(external_id: str) -> bool:
        """Tell whether an id looks like one of those."""
        return external_id.startswith(_DERIVED) and len(external_id) == len(_DERIVED) + _KEY_HEX


class ColumnsRead(NamedTuple):
    """A CSV file, and the role that each of its columns was given."""

    file: str
    layout: Layout


@dataclass(slots=True)
class ListContent:
    """What became of a list beside its contacts: faults that stop the plan, rows that do not.

    `columns` says how a CSV file was read; None where there is none, or no row in it.
    """

    faults: list[Fault] = field(default_factory=list)
    bad_rows: list[Fault] = field(default_factory=list)
    partly_bad: list[Fault] = field(default_factory=list)
    rows: ListRows = field(default_factory=ListRows)
    columns: ColumnsRead | None = None
    warnings: list[str] = field(default_factory=list)
    zones: AbbreviatedZones = field(default_factory=AbbreviatedZones)

    @property
    def says_something(self) -> bool:
        """Tell whether anything is to be said of it with every plan."""
        return bool(self.faults or self.bad_rows or self.partly_bad or self.warnings or self.zones.counts)
