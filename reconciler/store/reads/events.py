"""The log as records, oldest first: who changed what, when, from which manifests."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, func, or_, select

from reconciler.core.holds import HoldScope
from reconciler.store.columns import AnyRow
from reconciler.store.holds import logged_name
from reconciler.store.identity import CampaignRef, OrganizationRef
from reconciler.store.reads.contacts import ROWS_AT_A_TIME, Record
from reconciler.store.reads.names import campaigns_of
from reconciler.store.tables import event


def event_records(
    connection: Connection,
    org: OrganizationRef,
    campaign: CampaignRef | None = None,
    *,
    seq: int | None = None,
    limit: int | None = None,
) -> Iterator[Record]:
    """Stream the events of an organization and of the whole installation; a limit keeps the newest."""
    statement = select(event).where(*_where(org, campaign, seq))
    holds = _names_of_holds(connection, org)
    if limit is None:
        rows = connection.execute(statement.order_by(event.c.seq).execution_options(yield_per=ROWS_AT_A_TIME))
        yield from (_event_record(row, org, holds) for row in rows)
        return
    found = connection.execute(statement.order_by(event.c.seq.desc()).limit(limit)).all()
    yield from (_event_record(row, org, holds) for row in reversed(found))


def count_events(connection: Connection, org: OrganizationRef, campaign: CampaignRef | None) -> int:
    """Count events."""
    where = _where(org, campaign, None)
    return int(connection.execute(select(func.count()).select_from(event).where(*where)).scalar_one())


def events_of(
    connection: Connection, org: OrganizationRef, objects: Collection[UUID], *, limit: int
) -> list[Record]:
    """Give the newest events of some objects, oldest first."""
    statement = select(event).where(event.c.object_id.in_(list(objects))).order_by(event.c.seq.desc())
    rows = connection.execute(statement.limit(limit)).all()
    holds = _names_of_holds(connection, org)
    return [_event_record(row, org, holds) for row in reversed(rows)]


def _names_of_holds(connection: Connection, org: OrganizationRef) -> Mapping[str, str]:
    """Say how people name holds that the log names by a key: `campaign:<id>` is `campaign:spring`."""
    return {
        logged_name(HoldScope.CAMPAIGN, str(place.key)): logged_name(HoldScope.CAMPAIGN, str(place))
        for place in campaigns_of(connection, org)
    }


def _event_record(row: AnyRow, org: OrganizationRef, holds: Mapping[str, str]) -> Record:
    """Give an event's row as a record; `org` is null for what belongs to the whole installation."""
    return {
        "seq": row.seq,
        "at": row.at,
        "org": org.name if row.org_id else None,
        "actor_kind": row.actor_kind,
        "actor": row.actor,
        "action": row.action,
        "kind": row.kind,
        "campaign": row.campaign,
        "name": holds.get(row.name, row.name) if row.kind == "Hold" else row.name,
        "count": row.count,
        "source": row.source,
        "revision": row.revision,
        "apply_id": row.apply_id,
        "reason": row.reason,
        "fields": row.fields or [],
    }


def _where(org: OrganizationRef, campaign: CampaignRef | None, seq: int | None) -> list[ColumnElement[bool]]:
    where = [or_(event.c.org_id == org.id, event.c.org_id.is_(None))]
    if campaign is not None:
        of_campaign = or_(
            event.c.campaign == campaign.name,
            event.c.object_id == campaign.key,
            event.c.name == logged_name(HoldScope.CAMPAIGN, str(campaign.key)),
        )
        where = [event.c.org_id == org.id, of_campaign]
    if seq is not None:
        where.append(event.c.seq == seq)
    return where
