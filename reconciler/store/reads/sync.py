"""Which campaigns the manifests own, and what has moved away from them since (R-PLAN-3, R-PLAN-5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, select

from reconciler.core.desired import Json
from reconciler.core.plan.fields import compare, flat
from reconciler.store.columns import AnyRow
from reconciler.store.observed.objects import live_campaign
from reconciler.store.tables import campaign, configuration, inventory, organization

_CAMPAIGNS = select(campaign, configuration.c.external_id.label("configuration")).join(
    configuration, configuration.c.id == campaign.c.configuration_id
)
_OWNED = select(inventory).where(inventory.c.kind == "Campaign")


@dataclass(frozen=True, slots=True)
class Drifted:
    """A field whose live value is not what was applied last."""

    path: str
    applied: Json
    live: Json


@dataclass(frozen=True, slots=True)
class Ownership:
    """Whose a campaign is: `source` is None where no manifest declares it."""

    source: str | None = None
    document: str | None = None
    drift: Sequence[Drifted] = ()


def campaign_rows(connection: Connection, org_id: UUID | None = None) -> Sequence[AnyRow]:
    """Give campaigns with the names of their configurations, by name; of all organizations where None."""
    statement = _CAMPAIGNS.order_by(campaign.c.external_id)
    if org_id is not None:
        statement = statement.where(campaign.c.org_id == org_id)
    return connection.execute(statement).all()


def ownerships(connection: Connection, rows: Sequence[AnyRow]) -> dict[UUID, Ownership]:
    """Tell, per campaign of these rows, who owns it and what has drifted."""
    names = {row.id: row.name for row in connection.execute(select(organization.c.id, organization.c.name))}
    owned = {(row.org_id, row.name): row for row in connection.execute(_OWNED)}
    return {row.id: _ownership(row, owned.get((row.org_id, row.external_id)), names) for row in rows}


def _ownership(row: AnyRow, memory: AnyRow | None, names: dict[UUID, str]) -> Ownership:
    if memory is None:
        return Ownership()
    live = flat(live_campaign(row, names).spec, "spec")
    moved = compare(flat(memory.applied, "spec"), live)
    return Ownership(
        memory.source, memory.document, tuple(Drifted(path, before, after) for path, before, after in moved)
    )
