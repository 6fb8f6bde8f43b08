"""Holds and suppressions as records: what stands; with `ended` what was released, lifted or ran out, too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, func, or_, select

from reconciler.store.columns import AnyRow
from reconciler.store.identity import CampaignRef, OrganizationRef
from reconciler.store.reads.contacts import ROWS_AT_A_TIME, Record
from reconciler.store.tables import campaign, hold, inventory, suppression


def hold_records(
    connection: Connection,
    org: OrganizationRef,
    now: datetime,
    *,
    only: CampaignRef | None = None,
    ended: bool = False,
    id_: UUID | None = None,
) -> Iterator[Record]:
    """Give the holds over an organization, those over everything included, oldest first."""
    names = {
        str(key): name for key, name in connection.execute(select(campaign.c.id, campaign.c.external_id))
    }
    statement = select(hold).where(or_(hold.c.org_id == org.id, hold.c.org_id.is_(None))).order_by(hold.c.seq)
    if not ended:
        still = or_(hold.c.expires_at.is_(None), hold.c.expires_at > now)
        statement = statement.where(hold.c.released_at.is_(None), still)
    if only is not None:
        statement = statement.where(hold.c.scope == "campaign", hold.c.value == str(only.key))
    if id_ is not None:
        statement = statement.where(hold.c.id == id_)
    for row in connection.execute(statement):
        yield _hold_record(row, org, names)


def _hold_record(row: AnyRow, org: OrganizationRef, names: dict[str, str]) -> Record:
    """Give a hold's row as a record; a campaign is named by its external id (R-MAN-3)."""
    return {
        "id": row.id,
        "org": org.name if row.org_id else None,
        "scope": row.scope,
        "value": names.get(row.value, row.value) if row.scope == "campaign" else row.value or None,
        "cause": row.cause,
        "reason": row.reason,
        "actor": row.actor,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "released_at": row.released_at,
        "released_by": row.released_by,
    }


def suppression_records(
    connection: Connection,
    org: OrganizationRef,
    now: datetime,
    *,
    ended: bool = False,
    number: str | None = None,
    limit: int | None = None,
) -> Iterator[Record]:
    """Stream suppressed numbers in their order; `list` is null for an entry of the ledger."""
    named = select(inventory.c.object_id, inventory.c.name).where(inventory.c.kind == "SuppressionList")
    lists = {row.object_id: row.name for row in connection.execute(named)}
    statement = (
        select(suppression)
        .where(*_suppressed(org, now, ended=ended, number=number))
        .order_by(suppression.c.number, suppression.c.id)
        .limit(limit)
        .execution_options(yield_per=ROWS_AT_A_TIME)
    )
    for row in connection.execute(statement):
        yield {
            "id": row.id,
            "org": org.name,
            "number": row.number,
            "list": lists.get(row.list_id),
            "reason": row.reason,
            "actor": row.actor,
            "created_at": row.created_at,
            "expires_at": row.expires_at,
            "removed_at": row.removed_at,
        }


def count_suppressions(connection: Connection, org: OrganizationRef, now: datetime, *, ended: bool) -> int:
    """Count suppressed numbers."""
    where = _suppressed(org, now, ended=ended, number=None)
    return int(connection.execute(select(func.count()).select_from(suppression).where(*where)).scalar_one())


def _suppressed(
    org: OrganizationRef, now: datetime, *, ended: bool, number: str | None
) -> list[ColumnElement[bool]]:
    where = [suppression.c.org_id == org.id]
    if not ended:
        still = or_(suppression.c.expires_at.is_(None), suppression.c.expires_at > now)
        where += [suppression.c.removed_at.is_(None), still]
    if number is not None:
        where.append(suppression.c.number == number)
    return where
