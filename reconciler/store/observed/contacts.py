"""Reads contacts as a stream in key order: a million rows need no million objects at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Boolean, Connection, and_, bindparam, case, or_, select

from reconciler.core.canonical import instant_text
from reconciler.core.desired import DesiredState, Json, ObjectKey, Place
from reconciler.core.plan.observed import ObservedContact
from reconciler.core.settlement import ContactStatus
from reconciler.core.text_hashes import TextHashes
from reconciler.store.columns import AnyRow
from reconciler.store.known_files import STANDS
from reconciler.store.observed.places import lists_by_id, places
from reconciler.store.portions import chunks
from reconciler.store.tables import contact

_STATUSES = {status.value: status for status in ContactStatus}
_ROWS_AT_A_TIME = 1_000
CONTACT_FIELDS = (
    "phone_numbers", "data", "timezone", "scheduled_at", "expires_at", "agent_id", "agent_version",
    "agent_number", "agent_config", "initial_context", "labels",
)  # fmt: skip
_OTHERS = (
    "id", "external_id", "source", "list_id", "source_hash", "applied_hash", "status", "reason", "attempts",
    "attempts_forgiven", "callback", "last_outcome", "withdraw_requested", "text_hash",
)  # fmt: skip
_in_campaign = (contact.c.org_id == bindparam("org"), contact.c.campaign_key == bindparam("campaign"))
_declared = (*_in_campaign, contact.c.external_id.is_not(None))
_CONTACTS = (
    select(*(contact.c[name] for name in (*CONTACT_FIELDS, *_OTHERS)))
    .order_by(contact.c.external_id)
    .execution_options(yield_per=_ROWS_AT_A_TIME)
)
_OF_CAMPAIGN = _CONTACTS.where(*_declared)
_OF_IDS = _CONTACTS.where(*_in_campaign, contact.c.external_id.in_(bindparam("ids", expanding=True)))
"""Does not say that ids are not NULL: SQLite would take that for the better way in, and look through all."""

_is_passed_over = and_(
    or_(
        contact.c.list_id.in_(bindparam("lists", expanding=True)),
        and_(contact.c.list_id.is_(None), bindparam("documents", type_=Boolean)),
    ),
    *STANDS,
)
_READ = select(contact.c.external_id).where(*_declared, case((_is_passed_over, 0), else_=1) == 1)
"""Contacts that must be looked at, whatever is NULL of what is asked."""

_MISSED = select(contact.c.external_id).where(
    *_declared, _is_passed_over, contact.c.text_hash.in_(bindparam("missed", expanding=True))
)
_MISSED_AT_ONCE = 16_384
"""Each statement looks through all contacts of a place; SQLite takes 32,766 parameters."""

_ANY_APPLIED = (
    select(contact.c.id)
    .where(
        *_in_campaign,
        contact.c.source == bindparam("source"),
    )
    .limit(1)
)


class Known(NamedTuple):
    """Contacts of a place that stand as a source applied them, so that what declares them was not read.

    They are on one of the lists, or are `documents` of their own. `missed` are the text hashes of others
    there, which nothing declares as they stand.
    """

    source: str
    lists: set[UUID]
    missed: list[TextHashes]
    documents: bool = False


class ContactStream:
    """The contacts of some campaigns in the order of (org, campaign or '', external id); re-iterable.

    Left out is what is `known`. Reads while it is iterated, so it lives no longer than its connection.
    """

    def __init__(
        self,
        connection: Connection,
        places: Mapping[Place, tuple[UUID, UUID]],
        lists: Mapping[UUID, ObjectKey],
        known: Mapping[Place, Known],
    ) -> None:
        self._connection = connection
        self._places = places
        self._lists = lists
        self._known = known

    def __iter__(self) -> Iterator[ObservedContact]:
        for place, (org_id, key) in sorted(self._places.items()):
            for row in self._rows(place, {"org": org_id, "campaign": key}):
                yield self._contact(row, place.org, place.campaign or None)

    def _rows(self, place: Place, parameters: dict[str, UUID]) -> Iterator[AnyRow]:
        known = self._known.get(place)
        if known is None:
            yield from self._connection.execute(_OF_CAMPAIGN, parameters)
            return
        others = sorted(self._others(known, parameters))
        for chunk in chunks(others):
            yield from self._connection.execute(_OF_IDS, {**parameters, "ids": chunk})

    def _others(self, known: Known, parameters: dict[str, UUID]) -> Iterator[str]:
        """Give the external ids of the contacts of a place that are not passed over."""
        passed_over = {"source": known.source, "lists": known.lists, "documents": known.documents}
        asked = {**parameters, **passed_over}
        yield from self._connection.execute(_READ, asked).scalars()
        for missed in chunks(chain.from_iterable(known.missed), _MISSED_AT_ONCE):
            yield from self._connection.execute(_MISSED, {**asked, "missed": missed}).scalars()

    def _contact(self, row: AnyRow, org: str, campaign_name: str | None) -> ObservedContact:
        (contact_id, external_id, source, list_id, source_hash, applied_hash, status, reason, attempts,
         forgiven, callback, last_outcome, withdraw_requested, text) = row[len(CONTACT_FIELDS):]  # fmt: skip
        return ObservedContact(
            contact_id, org, campaign_name, external_id, _fields(row), source,
            self._lists.get(list_id) if list_id else None,
            source_hash, applied_hash, _STATUSES[status], reason, attempts - forgiven, callback,
            last_outcome, withdraw_requested, text,
        )  # fmt: skip


def contacts_of(connection: Connection, desired: DesiredState, source: str) -> ContactStream:
    """Stream the contacts of every campaign that the manifests name, or that the source ever wrote into."""
    found = places(connection)
    declared = {*desired.contacts.places(), *desired.known, *(Place.of(key) for key in desired.lists)}
    concerned = declared & found.keys()
    for place, (org_id, key) in found.items():
        asked = {"org": org_id, "campaign": key, "source": source}
        if place not in concerned and connection.execute(_ANY_APPLIED, asked).first() is not None:
            concerned.add(place)
    here = {place: found[place] for place in concerned}
    lists = lists_by_id(connection)
    return ContactStream(connection, here, lists, _known(desired, lists, source))


def _known(desired: DesiredState, lists: Mapping[UUID, ObjectKey], source: str) -> dict[Place, Known]:
    ids = {key: id_ for id_, key in lists.items()}
    known: defaultdict[Place, Known] = defaultdict(lambda: Known(source, set(), []))
    for key, rows in desired.lists.items():
        if rows.unread or len(rows.known.met):
            here = known[Place.of(key)]
            here.lists.add(ids[key])
            here.missed.append(rows.known.missed)
    for place, texts in desired.known.items():
        known[place].missed.append(texts.missed)
        known[place] = known[place]._replace(documents=True)
    return known


def _fields(row: AnyRow) -> dict[str, Json]:
    fields = {name: value for name, value in zip(CONTACT_FIELDS, row, strict=False) if value is not None}
    for name in ("scheduled_at", "expires_at"):
        at = fields.get(name)
        if isinstance(at, datetime):
            fields[name] = instant_text(at)
    return fields
