"""Applying a plan: one transaction, all or nothing (R-PLAN-7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from reconciler.core.plan.plan import Plan
from reconciler.errors import GuardRefused, SomebodyElseIsApplying
from reconciler.ports import Clock, Ids
from reconciler.store.apply_contacts import stamp_contacts, write_contacts
from reconciler.store.apply_memory import contact_events, forget, object_events, remember
from reconciler.store.apply_objects import write_objects
from reconciler.store.apply_progress import ApplyProgress, Progressing, unwatched
from reconciler.store.apply_sweeps import sweep_contacts
from reconciler.store.apply_work import ApplyWork, assign_ids, read_directory
from reconciler.store.changed_since import changed_since
from reconciler.store.dialect import Lock
from reconciler.store.engine import Database
from reconciler.store.events import Actor, write_events
from reconciler.store.known_files import remember_files
from reconciler.store.lanes import drop_lanes
from reconciler.store.new_contact_rows import NewContactRows
from reconciler.store.new_contacts import NewContacts
from reconciler.store.schema_range import writing
from reconciler.store.tables import installation
from reconciler.store.tallies import TallyChange


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """What an apply came to: the serial that the state is at now, and the changes by action."""

    serial: int
    summary: dict[str, int]


def nothing_else(_connection: Connection) -> None:
    """Write nothing beside the plan."""


def apply(
    database: Database,
    plan: Plan,
    actor: Actor,
    clock: Clock,
    ids: Ids,
    *,
    progressing: Progressing = unwatched,
    also: Callable[[Connection], None] = nothing_else,
) -> ApplyResult:
    """Make the database what the plan says, in one transaction; an empty plan only keeps its books.

    `actor` carries the apply's id, and the source and revision of the manifests, into the log. `also` writes
    in the same transaction; it is not called where there is nothing to write at all. On a server, people can
    stop calls meanwhile. Raises GuardRefused where a
    guard refuses the plan, and SomebodyElseIsApplying where the state moved on since the plan was made: plan
    again.
    """
    if plan.guards:
        reasons = "\n".join(f"{guard.guard}: {guard.detail}" for guard in plan.guards)
        flags = " ".join(dict.fromkeys(guard.allow for guard in plan.guards))
        raise GuardRefused(reasons, hint=f"nothing was changed; to go on, add {flags}")
    now = clock.now()
    serial = plan.serial if plan.in_sync else plan.serial + 1
    if plan.in_sync and not plan.stamps and not plan.remembered:
        return ApplyResult(serial, plan.summary())
    with database.read() as connection:
        _require_serial(connection, plan.serial)  # rows are made for what the plan has seen
        directory = read_directory(connection)
    assign_ids(directory, plan.objects, ids, now)
    progress = ApplyProgress(progressing, len(plan.contacts))
    makes = NewContactRows(
        plan, directory=directory, dialect=database.engine.dialect, ids=ids, now=now, serial=serial
    )
    new = NewContacts(plan.contacts, makes, progress)
    with writing(database, (Lock.STATE,)) as connection:
        _require_serial(connection, plan.serial)
        work = ApplyWork(connection, actor, now, serial, ids, directory, TallyChange())
        _write(work, plan, new, progress)
        connection.execute(update(installation).values(state_serial=serial))
        also(connection)
    return ApplyResult(serial, plan.summary())


def _write(work: ApplyWork, plan: Plan, new: NewContacts, progress: ApplyProgress) -> None:
    write_objects(work, list(plan.objects))
    write_contacts(work, plan, new, progress)
    sweep_contacts(work, plan.sweeps)
    stamp_contacts(work, plan.stamps)
    closed = [key for key, rules in plan.rules.items() if rules.status == "closed"]
    drop_lanes(work.connection, {work.directory.campaign_key(key.org, key.name) for key in closed})
    declared = {change.key: change.declared for change in plan.objects if change.declared is not None}
    remember(work, [*declared.values(), *plan.remembered], plan.source)
    remember_files(work, plan.lists, plan.source)
    forget(work, [change for change in plan.objects if change.declared is None])
    write_events(work.connection, work.actor, work.now, object_events(work, plan.objects))
    write_events(work.connection, work.actor, work.now, contact_events(work, plan.groups))
    work.tallies.write(work.connection)


def _require_serial(connection: Connection, planned: int) -> None:
    found = connection.execute(select(installation.c.state_serial)).scalar_one()
    if found != planned:
        raise SomebodyElseIsApplying(
            f"somebody changed the state since the plan was made, from serial {planned} to {found}: "
            f"{changed_since(connection, planned)}",
            hint="plan again",
        )
