"""The desired state: what all manifests together say, resolved, normalised, with the place of everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from reconciler.core.text_hashes import KnownTexts, TextSum

Json = Any
"""A JSON value: what `json.loads` may return."""


class Origin(NamedTuple):
    """Where something is declared: `line` counts from 1 (in a CSV file: the line where the row starts)."""

    file: str
    line: int | None = None


class ObjectKey(NamedTuple):
    """The identity of a declared object (R-ID-1).

    `campaign` is None where the kind lives in none, and for ad hoc contacts; Dialer and Organization live in
    no organization: their `org` is ''.
    """

    kind: str
    org: str
    campaign: str | None
    name: str

    def __str__(self) -> str:
        inside = [part for part in (self.org, self.campaign) if part]
        return f"{self.kind} {'/'.join([*inside, self.name])}"


class Place(NamedTuple):
    """Where contacts are, by name: an organization, and a campaign of it; '' is no campaign."""

    org: str
    campaign: str

    @classmethod
    def of(cls, key: ObjectKey) -> Place:
        """Give the place of what lives in a campaign, or in none."""
        return cls(key.org, key.campaign or "")


@dataclass(frozen=True, slots=True)
class DesiredObject:
    """A declared object that is no contact.

    `spec` is the canonical JSON of its spec (defaults filled in) plus `labels`. A ContactList's spec holds
    `mode`, `key`, `from`, `columns`, `expect_rows`, never its rows; a SuppressionList's holds `numbers`, a
    list of `{number, expires_at, reason}` in E.164, sorted by number.
    `document` is `file#n` (n-th document, from 1) and `text_hash` the BLAKE2b-128 hex of its text.
    """

    key: ObjectKey
    spec: Mapping[str, Json]
    origin: Origin
    document: str
    text_hash: str


class DesiredContact(NamedTuple):
    """A declared contact. A tuple, because there may be a million of them.

    `fields` is canonical JSON and holds set fields only: `phone_numbers` (E.164, de-duplicated), `timezone`
    (link resolved), `scheduled_at` and `expires_at` (UTC, `YYYY-MM-DDTHH:MM:SSZ`, microseconds if any),
    `data`, `agent_id`, `agent_version`, `agent_number`, `agent_config`, `initial_context`, `labels`.
    `fields_hash` is their content hash.
    `source_hash` is the hash of the row as written, before normalising: while it stays the same, stored
    numbers are never read anew (R-CONF-1). `list` names the ContactList that the contact comes from.
    `text_hash` stands for what is written of the contact, with all that says how it is read; None where the
    contact has to be looked at with every plan, because something is said of it.
    """

    org: str
    campaign: str | None
    external_id: str
    fields: Mapping[str, Json]
    fields_hash: str
    source_hash: str
    origin: Origin
    list: ObjectKey | None = None
    text_hash: int | None = None

    @property
    def key(self) -> ObjectKey:
        """The contact's identity."""
        return ObjectKey("Contact", self.org, self.campaign, self.external_id)

    @property
    def place(self) -> Place:
        """Where the contact is."""
        return Place(self.org, self.campaign or "")


class DesiredContacts(Protocol):
    """Declared contacts, be it a million: to be read as often as one likes, and never held all at once."""

    def __len__(self) -> int:
        """Count them."""
        ...

    def __iter__(self) -> Iterator[DesiredContact]:
        """Give them in file order, which is dialing order (R-DIAL-2)."""
        ...

    def by_key(self) -> Iterator[tuple[int, DesiredContact]]:
        """Give them in the order of place and external id, each with its position in file order."""
        ...

    def places(self) -> Mapping[Place, int]:
        """Count them by place."""
        ...

    @property
    def end(self) -> int:
        """Give a position behind all of them."""
        ...


class FewContacts:
    """Declared contacts that memory may hold."""

    def __init__(self, contacts: Iterable[DesiredContact] = ()) -> None:
        self._contacts = tuple(contacts)

    def __len__(self) -> int:
        return len(self._contacts)

    def __iter__(self) -> Iterator[DesiredContact]:
        return iter(self._contacts)

    def by_key(self) -> Iterator[tuple[int, DesiredContact]]:
        """Sort them."""
        return iter(sorted(enumerate(self._contacts), key=key_order))

    def places(self) -> Mapping[Place, int]:
        """Count them."""
        return Counter(contact.place for contact in self._contacts)

    @property
    def end(self) -> int:
        """Give how many there are."""
        return len(self._contacts)


def key_order(placed: tuple[int, DesiredContact]) -> tuple[str, str, str, int]:
    """Give what contacts with positions are sorted by: place, external id, position."""
    position, contact = placed
    return contact.org, contact.campaign or "", contact.external_id, position


@dataclass(frozen=True, slots=True)
class Cases:
    """What a notice is about, one by one: how many there are, and the first few as they are told."""

    headline: str
    total: int
    first: Sequence[str]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know that is no change: `orphan`, `held`, `bad-rows` or `warning`.

    `detail` says all of it in one line; `cases` says the same for a terminal, where several lines are read
    more easily.
    """

    notice: str
    key: ObjectKey | None
    detail: str
    origin: Origin | None = None
    cases: Cases | None = None


class WholeFile(NamedTuple):
    """A data file as a whole, or a manifest that holds its list's contacts: known by its digest.

    `digest` covers all that says how it is read, too; `texts` is the sum over its rows.
    """

    digest: str
    texts: TextSum


@dataclass(frozen=True, slots=True)
class ListRows:
    """What the rows of one ContactList came to.

    `kept` are ids of bad rows: the contacts that they name stay as they are (R-PHONE-2). `unreadable_ids`
    counts bad rows whose id cannot be read: above 0, nothing is withdrawn from the list in this plan.
    `known` are the text hashes of its contacts, and which of them rows have that were not read therefore.
    `file` is one of which nothing is to be said; `unread` counts its rows where the database knows it as a
    whole, so that none was read.
    `frozen` tells that nothing is read any more: whoever is on the list stays on it (core/plan/redial.py).
    """

    rows: int = 0
    bad: int = 0
    kept: frozenset[str] = frozenset()
    unreadable_ids: int = 0
    known: KnownTexts = field(default_factory=KnownTexts)
    frozen: bool = False
    file: WholeFile | None = None
    unread: int = 0


@dataclass(frozen=True, slots=True)
class RedialList:
    """A ContactList that calls contacts of another campaign again, those that this chooses.

    `statuses` and `outcomes` are words of R-CONTACT-1 and of the table of outcomes; no outcome means any.
    Only contacts count that were there at `as_of`, and whose last attempt had ended by then. `least` and
    `most` bound how many there may be (`expect_rows`). The origins are those of the fields in the manifest.
    """

    key: ObjectKey
    campaign: ObjectKey
    statuses: Sequence[str]
    outcomes: Sequence[str]
    as_of: datetime
    origin: Origin
    least: int | None = None
    most: int | None = None
    bounds_origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class DesiredState:
    """Everything that one source declares.

    `known` are text hashes of contacts that are documents of their own and were not read, because they are
    there as they say. `redials` are the lists whose contacts stand in no file: a plan finds them in the
    database.
    """

    objects: Sequence[DesiredObject] = ()
    contacts: DesiredContacts = field(default_factory=FewContacts)
    lists: Mapping[ObjectKey, ListRows] = field(default_factory=dict)
    notices: Sequence[Notice] = ()
    redials: Mapping[ObjectKey, RedialList] = field(default_factory=dict)
    known: Mapping[Place, KnownTexts] = field(default_factory=dict)
