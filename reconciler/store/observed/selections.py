"""Selects the contacts of a campaign that a list calls again, as they are now (core/plan/redial.py).

`as_of` pins who counts, as far as the database can say: whoever was there at that instant, and was neither
called nor on a call since. Who was requeued, withdrawn or edited since counts as they are now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, or_, select

from reconciler.core.canonical import instant_text
from reconciler.core.desired import Json, ObjectKey, RedialList
from reconciler.core.months import first_id_at
from reconciler.core.plan.observed import SelectedContact, Selection
from reconciler.core.settlement import ContactStatus
from reconciler.store.columns import AnyRow
from reconciler.store.observed.contacts import CONTACT_FIELDS
from reconciler.store.portions import CHUNK
from reconciler.store.prepared import Prepared
from reconciler.store.tables import attempt, campaign, contact, organization

NAMELESS = "without an external id"
NUMBERLESS = "without a number that is left to dial"
EXPIRED = "whose expires_at had passed"

_LEEWAY = timedelta(days=1)
"""By so much may the clock of who made a contact have been ahead of the one of who called it first."""

_CALLED_SINCE = Prepared(
    select(attempt.c.contact_id).where(
        attempt.c.contact_id.in_(bindparam("ids", expanding=True)),
        attempt.c.id >= bindparam("first_id"),  # a server looks into no month before the contacts
        or_(attempt.c.ended_at.is_(None), attempt.c.ended_at > bindparam("as_of")),
    )
)


def selections(connection: Connection, redials: Iterable[RedialList]) -> dict[ObjectKey, Selection]:
    """Select for each list; one whose campaign is not in the database has no selection."""
    found: dict[ObjectKey, Selection] = {}
    for redial in redials:
        place = connection.execute(_place_of(redial)).one_or_none()
        if place is not None:
            found[redial.key] = _selection(connection, redial, place.org_id, place.id)
    return found


def _place_of(redial: RedialList) -> Select[tuple[UUID, UUID]]:
    return (
        select(campaign.c.org_id, campaign.c.id)
        .join(organization, organization.c.id == campaign.c.org_id)
        .where(organization.c.name == redial.campaign.org, campaign.c.external_id == redial.campaign.name)
    )


def _selection(connection: Connection, redial: RedialList, org_id: UUID, key: UUID) -> Selection:
    chosen: list[SelectedContact] = []
    left_out: Counter[str] = Counter()
    rows = connection.execute(_chosen(redial, org_id, key))
    for portion in rows.partitions(CHUNK):
        for row in _not_called_since(connection, redial, portion):
            obstacle = _obstacle(row, redial)
            if obstacle is None:
                chosen.append(SelectedContact(row.external_id, _taken_along(row, redial)))
            else:
                left_out[obstacle] += 1
    return Selection(chosen, left_out)


def _chosen(redial: RedialList, org_id: UUID, key: UUID) -> Select[tuple[object, ...]]:
    """Select by what became of them. Who expired did so at `expires_at`, whenever that was noticed."""
    conditions = [
        contact.c.org_id == org_id,
        contact.c.campaign_key == key,
        contact.c.status.in_(redial.statuses),
        contact.c.withdraw_requested.is_(False),
        contact.c.created_at <= redial.as_of,
        or_(contact.c.status != ContactStatus.EXPIRED.value, contact.c.expires_at <= redial.as_of),
    ]
    if redial.outcomes:
        conditions.append(contact.c.last_outcome.in_(redial.outcomes))
    columns = ("id", "external_id", "status", "created_at", "dropped_numbers", *CONTACT_FIELDS)
    statement = select(*(contact.c[name] for name in columns)).where(*conditions).order_by(contact.c.id)
    return statement.execution_options(yield_per=CHUNK)


def _not_called_since(connection: Connection, redial: RedialList, rows: Sequence[AnyRow]) -> Iterator[AnyRow]:
    oldest = min(row.created_at for row in rows)
    asked = {
        "ids": [row.id for row in rows],
        "first_id": first_id_at(oldest - _LEEWAY),
        "as_of": redial.as_of,
    }
    called = {row.contact_id for row in _CALLED_SINCE.rows(connection, asked)}
    return (row for row in rows if row.id not in called)


def _obstacle(row: AnyRow, redial: RedialList) -> str | None:
    """Say why a contact that is chosen could not be called again, if so."""
    if row.external_id is None:
        return NAMELESS
    if not _numbers(row):
        return NUMBERLESS
    has_passed = row.expires_at is not None and row.expires_at <= redial.as_of
    return EXPIRED if has_passed and row.status != ContactStatus.EXPIRED.value else None


def _taken_along(row: AnyRow, redial: RedialList) -> Mapping[str, Json]:
    """Copy a contact: everything that is declared of it, but for times that are over.

    Numbers that were found to be dead, or somebody else's, are not dialled again (R-CONTACT-2). The expiry of
    a contact that was chosen because it expired is what is to hold no longer.
    """
    fields = {name: value for name in CONTACT_FIELDS if (value := getattr(row, name)) not in (None, {}, [])}
    fields["phone_numbers"] = _numbers(row)
    for name in ("scheduled_at", "expires_at"):
        at = fields.pop(name, None)
        if at is not None and at > redial.as_of:
            fields[name] = instant_text(at)
    return fields


def _numbers(row: AnyRow) -> list[str]:
    dropped = row.dropped_numbers or ()
    return [number for number in row.phone_numbers if number not in dropped]
