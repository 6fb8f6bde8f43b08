"""The declared kinds that are no contacts, as records: dialer, organizations, configurations, campaigns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, func, select

from reconciler.core.book import DialBook
from reconciler.spec.model import DEFAULT
from reconciler.store.book import standing_holds
from reconciler.store.columns import AnyRow
from reconciler.store.identity import OrganizationRef
from reconciler.store.reads.contacts import Record
from reconciler.store.reads.installations import dialer_records, running_gateway
from reconciler.store.reads.progress import holds_over, sync_of
from reconciler.store.reads.sync import Ownership, campaign_rows, ownerships
from reconciler.store.tables import campaign, configuration, installation, inventory, organization


def dialer_record(connection: Connection, now: datetime) -> Record:
    """Give the one Dialer: the limits and the stamp of the installation, and the processes that dial."""
    row = connection.execute(select(installation)).one()
    return {
        "name": DEFAULT,
        "global_concurrency_limit": row.global_concurrency_limit,
        "environment": row.environment,
        "state_serial": row.state_serial,
        "labels": row.labels,
        "dialers": dialer_records(connection, now),
    }


def organization_records(connection: Connection) -> Iterator[Record]:
    """Give all organizations, by name."""
    for row in connection.execute(select(organization).order_by(organization.c.name)):
        yield {
            "id": row.id,
            "name": row.name,
            "concurrency_limit": row.concurrency_limit,
            "caller_ids": row.caller_ids,
            "labels": row.labels,
        }


def configuration_records(connection: Connection, org: OrganizationRef) -> Iterator[Record]:
    """Give the live configurations of an organization, by name."""
    used = (
        select(campaign.c.configuration_id, func.count().label("campaigns"))
        .where(campaign.c.status != "closed")
        .group_by(campaign.c.configuration_id)
        .subquery()
    )
    source = (inventory.c.kind == "Configuration") & (inventory.c.object_id == configuration.c.id)
    statement = (
        select(configuration, used.c.campaigns, inventory.c.source)
        .outerjoin(used, used.c.configuration_id == configuration.c.id)
        .outerjoin(inventory, source)
        .where(configuration.c.org_id == org.id, configuration.c.deleted_at.is_(None))
        .order_by(configuration.c.external_id)
    )
    for row in connection.execute(statement):
        yield {
            "id": row.id,
            "external_id": row.external_id,
            "org": org.name,
            "source": row.source,
            "revision": row.revision,
            "open_campaigns": row.campaigns or 0,
            "labels": row.labels,
            "spec": row.spec,
        }


def campaign_records(
    connection: Connection, book: DialBook, org: OrganizationRef, now: datetime, *, status: str | None = None
) -> Iterator[Record]:
    """Give the campaigns of an organization, by name."""
    rows = campaign_rows(connection, org.id)
    owners = ownerships(connection, rows)
    holds = standing_holds(connection)
    gateway = running_gateway(connection, now) or ""
    for row in rows:
        if status in (None, row.status):
            over = holds_over(book.terms[row.id], holds, gateway, now)
            yield campaign_record(row, org, owners[row.id], sync_of(owners[row.id], over).value)


def campaign_record(row: AnyRow, org: OrganizationRef, owner: Ownership, sync: str) -> Record:
    """Give a campaign's row as a record."""
    return {
        "id": row.id,
        "external_id": row.external_id,
        "org": org.name,
        "status": row.status,
        "sync": sync,
        "source": owner.source,
        "configuration": row.configuration,
        "priority": row.priority,
        "agent_id": row.agent_id,
        "agent_version": row.agent_version,
        "agent_number": row.agent_number,
        "start_at": row.start_at,
        "end_at": row.end_at,
        "labels": row.labels,
    }
