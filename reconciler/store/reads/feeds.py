"""Feeds and batches as records: what arrives, what became of it, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from reconciler.errors import NotFound
from reconciler.store.columns import AnyRow
from reconciler.store.feeds import Contract, contracts, history, named
from reconciler.store.identity import CampaignRef, OrganizationRef
from reconciler.store.reads.contacts import Record
from reconciler.store.reads.names import did_you_mean
from reconciler.store.tables import campaign, feed_batch

LAST_BATCHES = 10


def feed_records(
    connection: Connection, org: OrganizationRef, only: CampaignRef | None = None
) -> Iterator[Record]:
    """Give the feeds of an organization, by campaign and name."""
    for contract in contracts(connection, named(org.id, None, str(only) if only else None)):
        yield feed_record(connection, contract)


def feed_record(connection: Connection, contract: Contract) -> Record:
    """Give a feed as a record."""
    known = history(connection, contract.source)
    waiting, applied = known.quarantined, known.applied
    spec = contract.spec.model_dump(mode="json", by_alias=True) if contract.spec else None
    return {
        "name": contract.key.name,
        "id": contract.object_id,
        "org": contract.key.org,
        "campaign": contract.campaign,
        "source": contract.owner,
        "document": contract.document,
        "condition": contract.condition,
        "detail": contract.detail,
        "changed_at": contract.changed_at,
        "looked_at": contract.looked_at,
        "batches": known.next_number - 1,
        "applied": {"batch": applied.number, "name": applied.name} if applied else None,
        "quarantined": {"batch": waiting.number, "name": waiting.name} if waiting else None,
        "spec": spec,
    }


def feed_view(connection: Connection, org: OrganizationRef, name: str, within: str | None) -> Record:
    """Give a feed with its last batches and their reports. Raises NotFound."""
    contract = find_contract(connection, org, name, within)
    statement = (
        select(feed_batch)
        .where(feed_batch.c.source == contract.source)
        .order_by(feed_batch.c.number.desc())
        .limit(LAST_BATCHES)
    )
    rows = connection.execute(statement).all()
    return {
        **feed_record(connection, contract),
        "last_batches": [_batch_record(row) for row in reversed(rows)],
    }


def find_contract(
    connection: Connection, org: OrganizationRef, name: str, within: str | None = None
) -> Contract:
    """Find a feed by its name, in this campaign or in any. Raises NotFound."""
    found = list(contracts(connection, named(org.id, name, within)))
    if len(found) > 1:
        places = ", ".join(contract.campaign for contract in found)
        raise NotFound(f"several campaigns have a feed '{name}': {places}", hint="add --campaign NAME")
    if not found:
        known = [contract.key.name for contract in contracts(connection, named(org.id, None, within))]
        inside = f"campaign {within}" if within else f"organization {org.name}"
        raise NotFound(f"there is no feed '{name}' in {inside}", hint=did_you_mean(name, known))
    return found[0]


def status_of_campaign(connection: Connection, place: CampaignRef) -> str:
    """Give the status of a campaign."""
    return str(connection.execute(select(campaign.c.status).where(campaign.c.id == place.key)).scalar_one())


def batch_records(
    connection: Connection,
    org: OrganizationRef,
    only: CampaignRef | None = None,
    *,
    status: str | None = None,
    limit: int | None = None,
) -> Iterator[Record]:
    """Give batches of feeds and by hand, oldest first; a limit keeps the newest."""
    statement = select(feed_batch).where(*_where(org, only, status))
    rows: Sequence[AnyRow] = connection.execute(
        statement.order_by(feed_batch.c.decided_at.desc(), feed_batch.c.id.desc()).limit(limit)
    ).all()
    return (_batch_record(row) for row in reversed(rows))


def count_batches(
    connection: Connection, org: OrganizationRef, only: CampaignRef | None, status: str | None
) -> int:
    """Count batches."""
    where = _where(org, only, status)
    return int(connection.execute(select(func.count()).select_from(feed_batch).where(*where)).scalar_one())


def _where(org: OrganizationRef, only: CampaignRef | None, status: str | None) -> list[Any]:
    where = [feed_batch.c.org_id == org.id]
    if only is not None:
        where.append(feed_batch.c.campaign == str(only))
    if status is not None:
        where.append(feed_batch.c.state == status)
    return where


def _batch_record(row: AnyRow) -> Record:
    return {
        "id": row.id,
        "name": row.name,
        "batch": row.number,
        "campaign": row.campaign,
        "feed": row.feed,
        "source": row.source,
        "status": row.state,
        "rows": row.row_count,
        "arrived_at": row.arrived_at,
        "seen_at": row.seen_at,
        "decided_at": row.decided_at,
        "apply_id": row.apply_id,
        "actor": row.actor,
        "report": row.report,
    }
