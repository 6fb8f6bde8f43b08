"""Reads every live object that is no contact, with who owns it and what was applied last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from reconciler.core.canonical import instant_text
from reconciler.core.desired import Json, ObjectKey
from reconciler.core.plan.observed import ObservedObject
from reconciler.core.plan.suppressions import KIND as SUPPRESSION_LIST
from reconciler.spec.model import DEFAULT
from reconciler.store.columns import AnyRow
from reconciler.store.tables import (
    campaign,
    configuration,
    installation,
    inventory,
    organization,
    suppression,
)

NOWHERE = UUID(int=0)
"""The organization of inventory rows of kinds that live in none."""

_CAMPAIGNS = select(campaign, configuration.c.external_id.label("configuration")).join(
    configuration, configuration.c.id == campaign.c.configuration_id
)
_CONFIGURATIONS = select(configuration).where(configuration.c.deleted_at.is_(None))
_ENTRIES = (
    select(suppression.c.list_id, suppression.c.number, suppression.c.expires_at, suppression.c.reason)
    .where(suppression.c.list_id.is_not(None))
    .order_by(suppression.c.list_id, suppression.c.number)
)
_ONLY_IN_INVENTORY = ("ContactFeed", "ContactList", SUPPRESSION_LIST)


def observed_objects(connection: Connection) -> dict[ObjectKey, ObservedObject]:
    """Give every live object of every source, by its identity."""
    organizations = connection.execute(select(organization)).all()
    names = {row.id: row.name for row in organizations}
    found = {
        live.key: live
        for live in (
            _dialer(connection.execute(select(installation)).one()),
            *(_organization(row) for row in organizations),
            *(_configuration(row, names) for row in connection.execute(_CONFIGURATIONS)),
            *(live_campaign(row, names) for row in connection.execute(_CAMPAIGNS)),
        )
    }
    for live in _owned(connection, names, found):
        found[live.key] = live
    return found


def live_campaign(row: AnyRow, names: dict[UUID, str]) -> ObservedObject:
    """Give a campaign's row, with its configuration's name, as a plan sees it."""
    spec = {
        "configuration": row.configuration,
        "status": row.status,
        "priority": row.priority,
        "agent_id": row.agent_id,
        "agent_version": row.agent_version,
        "agent_number": row.agent_number,
        "start_at": _instant(row.start_at),
        "end_at": _instant(row.end_at),
        "labels": row.labels,
    }
    return ObservedObject(ObjectKey("Campaign", names[row.org_id], None, row.external_id), spec, row.id)


def _owned(
    connection: Connection, names: dict[UUID, str], found: dict[ObjectKey, ObservedObject]
) -> Iterator[ObservedObject]:
    """Give what the inventory knows: owners of the objects found, and the lists, which live there only."""
    entries = _suppressed(connection)
    for row in connection.execute(select(inventory)):
        key = ObjectKey(row.kind, names.get(row.org_id, ""), row.campaign or None, row.name)
        memory: dict[str, Any] = {
            "owner": row.source,
            "applied": row.applied,
            "document": row.document,
            "text_hash": row.text_hash,
        }
        if row.kind in _ONLY_IN_INVENTORY:
            numbers = {"numbers": entries[row.object_id]} if row.kind == SUPPRESSION_LIST else {}
            yield ObservedObject(key, {**row.applied, **numbers}, row.object_id, **memory)
        elif key in found:
            yield replace(found[key], **memory)


def _suppressed(connection: Connection) -> dict[UUID, list[Json]]:
    entries: dict[UUID, list[Json]] = defaultdict(list)
    for list_id, number, expires_at, reason in connection.execute(_ENTRIES):
        day = expires_at.date().isoformat() if expires_at else None
        entries[list_id].append({"number": number, "expires_at": day, "reason": reason})
    return entries


def _dialer(row: AnyRow) -> ObservedObject:
    spec = {"global_concurrency_limit": row.global_concurrency_limit, "labels": row.labels}
    return ObservedObject(ObjectKey("Dialer", "", None, DEFAULT), spec)


def _organization(row: AnyRow) -> ObservedObject:
    spec = {"concurrency_limit": row.concurrency_limit, "caller_ids": row.caller_ids, "labels": row.labels}
    return ObservedObject(ObjectKey("Organization", "", None, row.name), spec, row.id)


def _configuration(row: AnyRow, names: dict[UUID, str]) -> ObservedObject:
    key = ObjectKey("Configuration", names[row.org_id], None, row.external_id)
    return ObservedObject(key, {**row.spec, "labels": row.labels}, row.id)


def _instant(at: datetime | None) -> str | None:
    return instant_text(at) if at else None
