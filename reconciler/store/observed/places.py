"""Where contacts are, and which list they are from: ids by name."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, select

from reconciler.core.desired import ObjectKey, Place
from reconciler.store.tables import campaign, inventory, organization


def places(connection: Connection) -> dict[Place, tuple[UUID, UUID]]:
    """Give the id of the organization and the campaign key of every place."""
    found: dict[Place, tuple[UUID, UUID]] = {}
    for org_id, name, adhoc_key in connection.execute(
        select(organization.c.id, organization.c.name, organization.c.adhoc_key)
    ):
        found[Place(name, "")] = (org_id, adhoc_key)
    campaigns = select(organization.c.name, campaign.c.external_id, campaign.c.org_id, campaign.c.id).join(
        organization, organization.c.id == campaign.c.org_id
    )
    for org, name, org_id, id_ in connection.execute(campaigns):
        found[Place(org, name)] = (org_id, id_)
    return found


def lists_by_id(connection: Connection) -> dict[UUID, ObjectKey]:
    """Give the ContactLists that were applied."""
    statement = (
        select(inventory.c.object_id, organization.c.name, inventory.c.campaign, inventory.c.name)
        .join(organization, organization.c.id == inventory.c.org_id)
        .where(inventory.c.kind == "ContactList")
    )
    return {
        object_id: ObjectKey("ContactList", org, campaign_name or None, name)
        for object_id, org, campaign_name, name in connection.execute(statement)
    }
