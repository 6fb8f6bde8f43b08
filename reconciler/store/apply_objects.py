"""Writes the objects of a plan that are no contacts, from the top of the dependences down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update

from reconciler.core.canonical import content_hash
from reconciler.core.desired import Json, ObjectKey
from reconciler.core.plan.change import Action, Change
from reconciler.store.apply_suppressions import write_entries
from reconciler.store.apply_work import ApplyWork
from reconciler.store.holds import holds_on_campaign, release_holds
from reconciler.store.tables import campaign, configuration, installation, organization


def write_objects(work: ApplyWork, changes: list[Change]) -> None:
    """Write each changed object once, though it may have one change per cause; lift released holds."""
    written: set[ObjectKey] = set()
    for change in changes:
        if change.key.kind == "SuppressionList":
            write_entries(work, change)
        elif change.key not in written and change.key.kind in _WRITERS:
            _WRITERS[change.key.kind](work, change)
        written.add(change.key)
        if change.releases_hold:
            standing = holds_on_campaign(work.connection, work.directory.objects[change.key])
            release_holds(work.connection, standing, work.actor, work.now)


def _write_dialer(work: ApplyWork, change: Change) -> None:
    spec = _spec(change)
    values = {name: spec[name] for name in ("global_concurrency_limit", "labels")}
    work.connection.execute(update(installation).values(values))


def _write_organization(work: ApplyWork, change: Change) -> None:
    spec = _spec(change)
    values = {name: spec[name] for name in ("concurrency_limit", "caller_ids", "labels")} | {
        "serial": work.serial
    }
    id_ = work.directory.objects[change.key]
    if change.action is Action.CREATE:
        born = {
            "id": id_,
            "name": change.key.name,
            "adhoc_key": work.directory.adhoc_keys[change.key.name],
            "created_at": work.now,
        }
        work.connection.execute(insert(organization), values | born)
    else:
        work.connection.execute(update(organization).where(organization.c.id == id_).values(values))


def _write_configuration(work: ApplyWork, change: Change) -> None:
    id_ = work.directory.objects[change.key]
    if change.action is Action.DELETE:
        tombstone = {"deleted_at": work.now, "serial": work.serial}
        work.connection.execute(update(configuration).where(configuration.c.id == id_).values(tombstone))
        return
    spec = {name: value for name, value in _spec(change).items() if name != "labels"}
    values = {
        "spec": spec,
        "revision": content_hash(spec),
        "source_revision": work.actor.revision,
        "labels": _spec(change)["labels"],
        "serial": work.serial,
    }
    if change.action is Action.CREATE:
        work.connection.execute(insert(configuration), values | _born(work, change, id_))
    else:
        work.connection.execute(update(configuration).where(configuration.c.id == id_).values(values))


def _write_campaign(work: ApplyWork, change: Change) -> None:
    spec = _spec(change)
    used = ObjectKey("Configuration", change.key.org, None, spec["configuration"])
    id_ = work.directory.objects[change.key]
    values: dict[str, Any] = {
        name: spec[name]
        for name in ("status", "priority", "agent_id", "agent_version", "agent_number", "labels")
    }
    values |= {name: _instant(spec[name]) for name in ("start_at", "end_at")}
    values |= {"serial": work.serial, "source_revision": work.actor.revision}
    if used in work.directory.objects:  # a closed campaign may outlive its configuration
        values["configuration_id"] = work.directory.objects[used]
    if change.action is Action.CREATE:
        work.connection.execute(insert(campaign), values | _born(work, change, id_))
    else:
        work.connection.execute(update(campaign).where(campaign.c.id == id_).values(values))


_WRITERS: dict[str, Callable[[ApplyWork, Change], None]] = {
    "Dialer": _write_dialer,
    "Organization": _write_organization,
    "Configuration": _write_configuration,
    "Campaign": _write_campaign,
}
"""How the kinds are written that have rows of their own; a ContactList lives in the inventory only."""


def _born(work: ApplyWork, change: Change, id_: UUID) -> dict[str, Any]:
    return {
        "id": id_,
        "org_id": work.directory.org_id(change.key.org),
        "external_id": change.key.name,
        "created_at": work.now,
    }


def _spec(change: Change) -> Mapping[str, Json]:
    if change.spec is None:
        raise ValueError(f"{change.key} has no spec to write")  # a plan deletes what has none
    return change.spec


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
