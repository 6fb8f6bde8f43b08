"""Finds what a person names: an organization, a campaign, a contact (R-ID-2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, Select, select

from reconciler.core.masking import masked_name
from reconciler.errors import NotFound
from reconciler.spec.model import DEFAULT
from reconciler.store.columns import AnyRow
from reconciler.store.tables import campaign, contact, organization

_SHOWN_CHARACTERS = 100
_SHOWN_NAMES = 10


@dataclass(frozen=True, slots=True)
class OrganizationRef:
    """An organization; `adhoc_key` stands for "no campaign" there."""

    id: UUID
    name: str
    adhoc_key: UUID


@dataclass(frozen=True, slots=True)
class CampaignRef:
    """A campaign; `name` is None for the sentinel `default`, whose contacts are in no campaign (R-ID-3)."""

    key: UUID
    org: OrganizationRef
    name: str | None

    def __str__(self) -> str:
        return self.name or DEFAULT


@dataclass(frozen=True, slots=True)
class ContactRef:
    """A contact; one that came without an external id is named by its id."""

    id: UUID
    campaign: CampaignRef
    external_id: str | None

    def __str__(self) -> str:
        return masked_name(self.external_id) if self.external_id else str(self.id)


def find_organization(connection: Connection, name: str) -> OrganizationRef:
    """Find an organization by its id, or by its name; raises NotFound."""
    columns = select(organization.c.id, organization.c.name, organization.c.adhoc_key)
    row = _by_id_or_name(connection, columns, organization.c.id, organization.c.name, name)
    if row is None:
        names = connection.execute(select(organization.c.name)).scalars()
        raise NotFound(f"there is no organization '{_shown(name)}'", hint=_nearest(name, names))
    return OrganizationRef(row.id, row.name, row.adhoc_key)


def find_campaign(connection: Connection, org: OrganizationRef, text: str) -> CampaignRef:
    """Find a campaign: `default` is the sentinel, then an id, then a name (R-ID-2); raises NotFound."""
    if text == DEFAULT:
        return CampaignRef(org.adhoc_key, org, None)
    columns = select(campaign.c.id, campaign.c.external_id).where(campaign.c.org_id == org.id)
    row = _by_id_or_name(connection, columns, campaign.c.id, campaign.c.external_id, text)
    if row is None:
        names = connection.execute(
            select(campaign.c.external_id).where(campaign.c.org_id == org.id)
        ).scalars()
        raise NotFound(
            f"there is no campaign '{_shown(text)}' in organization {org.name}", hint=_nearest(text, names)
        )
    return CampaignRef(row.id, org, row.external_id)


def find_contact(connection: Connection, inside: CampaignRef, text: str) -> ContactRef:
    """Find a contact of a campaign by its id, then by its external id (R-ID-2); raises NotFound."""
    columns = select(contact.c.id, contact.c.external_id).where(
        contact.c.org_id == inside.org.id, contact.c.campaign_key == inside.key
    )
    row = _by_id_or_name(connection, columns, contact.c.id, contact.c.external_id, text)
    if row is None:
        raise NotFound(
            f"there is no contact '{masked_name(_shown(text))}' in campaign {inside}",
            hint=f"dialctl get contacts --campaign {inside} lists them",
        )
    return ContactRef(row.id, inside, row.external_id)


def _by_id_or_name(
    connection: Connection, columns: Select[Any], id_: Column[Any], name: Column[Any], text: str
) -> AnyRow | None:
    try:
        by_id = connection.execute(columns.where(id_ == UUID(text))).one_or_none()
    except ValueError:
        by_id = None
    return by_id or connection.execute(columns.where(name == text)).one_or_none()


def _nearest(text: str, names: Iterable[str]) -> str | None:
    by_fold = {name.casefold(): name for name in names}
    near = get_close_matches(_shown(text).casefold(), by_fold, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{by_fold[near[0]]}'?"
    known = sorted(by_fold.values())
    more = ", …" if len(known) > _SHOWN_NAMES else ""
    return f"there is {', '.join(known[:_SHOWN_NAMES])}{more}" if known else None


def _shown(text: str) -> str:
    return text[:_SHOWN_CHARACTERS]
