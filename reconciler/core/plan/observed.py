"""The observed state: what a plan needs to know of the database, read in a few statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeVar
from uuid import UUID

from reconciler.core.desired import Json, ObjectKey
from reconciler.core.holds import Hold
from reconciler.core.plan.change import Attribution
from reconciler.core.plan.rules import campaign_key
from reconciler.core.settlement import ContactStatus
from reconciler.spec.dialer import DialerSpec
from reconciler.spec.model import DEFAULT
from reconciler.spec.organization import OrganizationSpec

_Key_contra = TypeVar("_Key_contra", contravariant=True)
_Value_co = TypeVar("_Value_co", covariant=True)


class Lookup(Protocol[_Key_contra, _Value_co]):
    """Answers when asked: a mapping, or something that looks in the database. Most plans ask nothing."""

    def get(self, key: _Key_contra, /) -> _Value_co | None:
        """Give what is known, None where nothing is."""
        ...


@dataclass(frozen=True, slots=True)
class ObservedObject:
    """A live object that is no contact.

    `spec` is its live canonical spec with `labels`; `owner` the source that applied it last, if any, and
    `applied` what that source applied (three-way comparison, R-PLAN-3). `object_id` is None for the Dialer.
    """

    key: ObjectKey
    spec: Mapping[str, Json]
    object_id: UUID | None = None
    owner: str | None = None
    applied: Mapping[str, Json] | None = None
    document: str | None = None
    text_hash: str | None = None

    @property
    def status(self) -> str | None:
        """Give the status, if the object is a campaign."""
        return self.spec.get("status")


class ObservedContact(NamedTuple):
    """A live contact. A tuple, because there may be a million of them.

    `fields` are canonical contact fields as in `DesiredContact.fields`. `applied_hash` is the hash of the
    fields that an apply wrote last; None means that no apply stands behind the row: it came by API, or an
    apply withdrew it. `used` counts the attempts that count toward the cap. `text_hash` is that of the row
    that it was applied from, while nobody has edited it since.
    """

    contact_id: UUID
    org: str
    campaign: str | None
    external_id: str
    fields: Mapping[str, Json]
    source: str | None = None
    list: ObjectKey | None = None
    source_hash: str | None = None
    applied_hash: str | None = None
    status: ContactStatus = ContactStatus.PENDING
    reason: str | None = None
    used: int = 0
    callback: str | None = None
    last_outcome: str | None = None
    withdraw_requested: bool = False
    text_hash: int | None = None

    @property
    def key(self) -> ObjectKey:
        """The contact's identity."""
        return ObjectKey("Contact", self.org, self.campaign, self.external_id)

    @property
    def group(self) -> ObjectKey:
        """What the contact is counted under: its list, else its campaign."""
        return self.list or campaign_key(self.org, self.campaign)


class SelectedContact(NamedTuple):
    """A contact of another campaign that a list calls again, with the fields that it takes along."""

    external_id: str
    fields: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Selection:
    """Whom a RedialList chooses, in dialing order of their campaign; `left_out` counts others by reason."""

    contacts: Sequence[SelectedContact] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)


class RecentCalls(Protocol):
    """Tells which numbers were called within `recontact.WITHIN`, many at a time: there may be a million."""

    def called_among(self, org: str, numbers: Collection[str]) -> Mapping[str, str]:
        """Give those of an organization's numbers (E.164) that were called, each with the campaign's name."""
        ...


class NoCalls:
    """A database in which nobody has been called."""

    def called_among(self, org: str, numbers: Collection[str]) -> Mapping[str, str]:  # noqa: ARG002 - the port's
        """Give none."""
        return {}


@dataclass(frozen=True, slots=True)
class WaitingContacts:
    """What a lowered cap or a changed agent meets in one campaign.

    `by_used_attempts` counts pending contacts; `without_agent` those among them that have no agent of their
    own; `in_error_without_agent` those that are in error for want of one.
    """

    by_used_attempts: Mapping[int, int] = field(default_factory=dict)
    without_agent: int = 0
    in_error_without_agent: int = 0


@dataclass(frozen=True, slots=True)
class ObservedState:
    """The database as one read transaction saw it.

    `objects` are those of all sources. `contacts` are those but the ones whose rows were not read, because
    they are known (ListRows.known); re-iterable and ordered by (org, campaign or '',
    external id) in code point order. `left_to_call` counts pending, locked and in-progress contacts per
    campaign. `changed_by` tells who changed an object or a contact last without an apply. `holds` are those
    on one campaign that stand, the oldest first. `ledger` gives, by an organization's name, the numbers that
    its suppression ledger holds now, each with whether it holds them without expiry. `recent_calls` tells
    whom anybody has called lately. `selections` are those of the lists of `redial.chosen_anew` whose campaign
    exists.
    """

    serial: int
    hash_key: bytes
    objects: Mapping[ObjectKey, ObservedObject]
    contacts: Iterable[ObservedContact] = ()
    holds: Mapping[ObjectKey, tuple[Hold, ...]] = field(default_factory=dict)
    left_to_call: Mapping[ObjectKey, int] = field(default_factory=dict)
    waiting: Lookup[ObjectKey, WaitingContacts] = field(default_factory=dict)
    changed_by: Lookup[UUID, Attribution] = field(default_factory=dict)
    ledger: Lookup[str, Mapping[str, bool]] = field(default_factory=dict)
    recent_calls: RecentCalls = field(default_factory=NoCalls)
    selections: Mapping[ObjectKey, Selection] = field(default_factory=dict)


def empty_state(hash_key: bytes) -> ObservedState:
    """Give the state of a database that does not exist yet: the default organization, the default limits."""
    born = (
        ObservedObject(ObjectKey("Dialer", "", None, DEFAULT), _defaults(DialerSpec())),
        ObservedObject(ObjectKey("Organization", "", None, DEFAULT), _defaults(OrganizationSpec())),
    )
    return ObservedState(serial=0, hash_key=hash_key, objects={live.key: live for live in born})


def _defaults(spec: DialerSpec | OrganizationSpec) -> dict[str, Json]:
    return {**spec.model_dump(mode="json", by_alias=True), "labels": {}}
