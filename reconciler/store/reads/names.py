"""What there is of a kind by name, and what was perhaps meant by a name that there is not (R-ID-2)."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, select

from reconciler.core.masking import masked_name
from reconciler.errors import NotFound
from reconciler.store.columns import AnyRow
from reconciler.store.identity import CampaignRef, OrganizationRef
from reconciler.store.tables import campaign, contact, organization

NEIGHBOURS = 50
"""So many names before and after the one that was not found are looked at for what was meant."""


def organizations(connection: Connection) -> list[OrganizationRef]:
    """Give all organizations, by name."""
    rows = connection.execute(
        select(organization.c.id, organization.c.name, organization.c.adhoc_key).order_by(organization.c.name)
    )
    return [OrganizationRef(*row) for row in rows]


def campaigns_of(connection: Connection, org: OrganizationRef) -> list[CampaignRef]:
    """Give the campaigns of an organization by name, and last the place of contacts in none."""
    rows = connection.execute(
        select(campaign.c.id, campaign.c.external_id)
        .where(campaign.c.org_id == org.id)
        .order_by(campaign.c.external_id)
    )
    return [
        *(CampaignRef(row.id, org, row.external_id) for row in rows),
        CampaignRef(org.adhoc_key, org, None),
    ]


def find_contact_row(connection: Connection, place: CampaignRef, text: str) -> AnyRow:
    """Find a contact's row within its campaign, by UUID, then by external id; raises NotFound (R-ID-2)."""
    inside = (contact.c.org_id == place.org.id, contact.c.campaign_key == place.key)
    id_ = as_uuid(text)
    if id_ is not None:
        row = connection.execute(select(contact).where(contact.c.id == id_, *inside)).one_or_none()
        if row is not None:
            return row
    row = connection.execute(select(contact).where(contact.c.external_id == text, *inside)).one_or_none()
    if row is None:
        near = did_you_mean(text, _neighbours(connection, inside, text))
        raise NotFound(
            f"there is no contact '{masked_name(text)}' in campaign {place}",
            hint=near or f"dialctl get contacts --campaign {place} lists them",
        )
    return row


def as_uuid(text: str) -> UUID | None:
    """Read a text as a UUID, None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Ask `did you mean '…'?` about the nearest known name; None where none is near."""
    by_fold = {name.casefold(): name for name in known}
    near = get_close_matches(word.casefold(), by_fold, n=1, cutoff=0.6)
    return f"did you mean '{masked_name(by_fold[near[0]])}'?" if near else None


def _neighbours(connection: Connection, inside: Iterable[ColumnElement[bool]], text: str) -> list[str]:
    """Give names that stand near a text in the index: a campaign may have a million of them."""
    names = select(contact.c.external_id).where(*inside).limit(NEIGHBOURS)
    after = names.where(contact.c.external_id > text).order_by(contact.c.external_id)
    before = names.where(contact.c.external_id < text).order_by(contact.c.external_id.desc())
    return [name for statement in (after, before) for name in connection.execute(statement).scalars()]
