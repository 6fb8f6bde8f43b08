"""Reads contacts as a stream in key order: a million rows need no million objects at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from reconciler.core.canonical import instant_text
from reconciler.core.desired import DesiredContact, Json, ObjectKey
from reconciler.core.plan.observed import ObservedContact
from reconciler.core.settlement import ContactStatus
from reconciler.store.columns import AnyRow
from reconciler.store.tables import campaign, contact, inventory, organization

Place = tuple[str, str]
"""Organization and campaign by name; '' is no campaign."""

_STATUSES = {status.value: status for status in ContactStatus}
_ROWS_AT_A_TIME = 1_000
CONTACT_FIELDS = (
    "phone_numbers", "data", "timezone", "scheduled_at", "expires_at", "agent_id", "agent_version",
    "agent_number", "agent_config", "initial_context", "labels",
)  # fmt: skip
_OTHERS = (
    "id", "external_id", "source", "list_id", "source_hash", "applied_hash", "status", "reason", "attempts",
    "attempts_forgiven", "callback", "last_outcome", "withdraw_requested",
)  # fmt: skip
_OF_CAMPAIGN = (
    select(*(contact.c[name] for name in (*CONTACT_FIELDS, *_OTHERS)))
    .where(
        contact.c.org_id == bindparam("org"),
        contact.c.campaign_key == bindparam("campaign"),
        contact.c.external_id.is_not(None),
    )
    .order_by(contact.c.external_id)
    .execution_options(yield_per=_ROWS_AT_A_TIME)
)
_APPLIED_IN = (
    select(contact.c.org_id, contact.c.campaign_key).where(contact.c.source == bindparam("source")).distinct()
)


class ContactStream:
    """The contacts of some campaigns in the order of (org, campaign or '', external id); re-iterable.

    Reads while it is iterated, so it lives no longer than its connection.
    """

    def __init__(
        self,
        connection: Connection,
        places: Mapping[Place, tuple[UUID, UUID]],
        lists: Mapping[UUID, ObjectKey],
    ) -> None:
        self._connection = connection
        self._places = places
        self._lists = lists

    def __iter__(self) -> Iterator[ObservedContact]:
        for (org, campaign_name), (org_id, key) in sorted(self._places.items()):
            for row in self._connection.execute(_OF_CAMPAIGN, {"org": org_id, "campaign": key}):
                yield self._contact(row, org, campaign_name or None)

    def _contact(self, row: AnyRow, org: str, campaign_name: str | None) -> ObservedContact:
        (contact_id, external_id, source, list_id, source_hash, applied_hash, status, reason, attempts,
         forgiven, callback, last_outcome, withdraw_requested) = row[len(CONTACT_FIELDS):]  # fmt: skip
        return ObservedContact(
            contact_id, org, campaign_name, external_id, _fields(row), source,
            self._lists.get(list_id) if list_id else None,
            source_hash, applied_hash, _STATUSES[status], reason, attempts - forgiven, callback,
            last_outcome, withdraw_requested,
        )  # fmt: skip


def contacts_of(
    connection: Connection, declared: Iterable[DesiredContact | ObjectKey], source: str
) -> ContactStream:
    """Stream the contacts of every campaign that the manifests name, or that the source ever wrote into."""
    places = _places(connection)
    by_key = {ids: place for place, ids in places.items()}
    concerned = {(item.org, item.campaign or "") for item in declared} & places.keys()
    for org_id, key in connection.execute(_APPLIED_IN, {"source": source}):
        concerned.add(by_key[org_id, key])
    return ContactStream(connection, {place: places[place] for place in concerned}, _lists(connection))


def _places(connection: Connection) -> dict[Place, tuple[UUID, UUID]]:
    places: dict[Place, tuple[UUID, UUID]] = {}
    for org_id, name, adhoc_key in connection.execute(
        select(organization.c.id, organization.c.name, organization.c.adhoc_key)
    ):
        places[name, ""] = (org_id, adhoc_key)
    campaigns = select(organization.c.name, campaign.c.external_id, campaign.c.org_id, campaign.c.id).join(
        organization, organization.c.id == campaign.c.org_id
    )
    for org, name, org_id, id_ in connection.execute(campaigns):
        places[org, name] = (org_id, id_)
    return places


def _lists(connection: Connection) -> dict[UUID, ObjectKey]:
    statement = (
        select(inventory.c.object_id, organization.c.name, inventory.c.campaign, inventory.c.name)
        .join(organization, organization.c.id == inventory.c.org_id)
        .where(inventory.c.kind == "ContactList")
    )
    return {
        object_id: ObjectKey("ContactList", org, campaign_name or None, name)
        for object_id, org, campaign_name, name in connection.execute(statement)
    }


def _fields(row: AnyRow) -> dict[str, Json]:
    fields = {name: value for name, value in zip(CONTACT_FIELDS, row, strict=False) if value is not None}
    for name in ("scheduled_at", "expires_at"):
        at = fields.get(name)
        if isinstance(at, datetime):
            fields[name] = instant_text(at)
    return fields
