"""Requeue: contacts that were done are called again (R-CONTACT-1).

Prepared without the lock, however many they are; under it only what is still as it was is written. Used
attempts are kept as evidence and no longer count toward `max_attempts`. Dropped numbers stay dropped, and
`max_attempts` of a single outcome is not counted anew: fewer calls is the safe direction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update

from reconciler.core.agents import NO_AGENT
from reconciler.core.candidacy import home_lane
from reconciler.core.lanes import LaneKey, due_at
from reconciler.core.outcomes import Outcome
from reconciler.core.settlement import FINAL, ContactStatus
from reconciler.errors import TransitionRefused
from reconciler.store.columns import AnyRow
from reconciler.store.events import EventRecord, write_events
from reconciler.store.identity import CampaignRef, ContactRef
from reconciler.store.lanes import lane_ids
from reconciler.store.operations.operation import Operation, raise_serial, stated
from reconciler.store.portions import chunks
from reconciler.store.queue import waiting
from reconciler.store.rehoming import rehome_written
from reconciler.store.tables import campaign, contact
from reconciler.store.tallies import TallyChange

REQUEUABLE = FINAL | {ContactStatus.ERROR}
BY_OUTCOME = frozenset({ContactStatus.COMPLETED, ContactStatus.EXHAUSTED})
"""The statuses meant where a person names an outcome and no status."""

EXPIRED = "their expires_at has passed"
AGENTLESS = "no agent is set for them"
NUMBERLESS = "no number is left to dial"

_ROWS = select(contact).where(contact.c.id.in_(bindparam("ids", expanding=True)))
_REQUEUE = (
    update(contact)
    .where(
        contact.c.id == bindparam("id_"),
        contact.c.status == bindparam("before"),
        contact.c.attempts == bindparam("seen_attempts"),
    )
    .values(
        status=ContactStatus.PENDING.value,
        reason=None,
        parked=None,
        unused_streak=0,
        attempts_forgiven=contact.c.attempts,
        retry_at=bindparam("at"),
        due_at=bindparam("due"),
        lane_id=bindparam("new_lane_id"),
        serial=bindparam("new_serial"),
    )
)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which contacts of a campaign: by status and last outcome, and only these where some are named."""

    campaign: CampaignRef
    statuses: frozenset[ContactStatus]
    outcome: Outcome | None = None
    named: Sequence[ContactRef] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """Contacts that can be requeued, with the lane in which each will wait; `left_out` counts by reason."""

    selection: Selection
    rows: Sequence[tuple[AnyRow, LaneKey]]
    left_out: Mapping[str, int] = field(default_factory=dict)


def prepare(connection: Connection, selection: Selection, now: datetime) -> Prepared:
    """Find the contacts that a selection means, and leave out those that could not be called.

    Raises TransitionRefused where the campaign is closed, or where a contact that is named is not done.
    """
    _require_open(connection, selection.campaign)
    rows: list[tuple[AnyRow, LaneKey]] = []
    left_out: Counter[str] = Counter()
    for chunk in chunks(_selected(connection, selection)):
        for row in connection.execute(_ROWS, {"ids": chunk}):
            obstacle = _obstacle(row, now)
            if obstacle is None:
                rows.append((row, _lane(row)))
            else:
                left_out[obstacle] += 1
    return Prepared(selection, rows, left_out)


def requeue(operation: Operation, prepared: Prepared, reason: str | None) -> int:
    """Make the contacts pending again, due now, those that are still as they were; gives how many."""
    which = prepared.selection.campaign
    _require_open(operation.connection, which)
    if not prepared.rows:
        return 0
    lanes = lane_ids(
        operation.connection,
        {which.key: which.org.id},
        {lane for _, lane in prepared.rows},
        operation.ids,
        operation.now,
    )
    serial = raise_serial(operation.connection)
    tallies = TallyChange()
    moved = 0
    for before, parameters in _by_status(prepared.rows, lanes, operation.now, serial).items():
        count = operation.connection.execute(_REQUEUE, parameters).rowcount
        tallies.move(which.org.id, which.key, before, ContactStatus.PENDING.value, count)
        moved += count
    tallies.write(operation.connection)
    written = [(row.org_id, row.phone_numbers) for row, _ in prepared.rows]
    rehome_written(operation.connection, written, operation.ids, operation.now)
    record = EventRecord(
        "requeue",
        "Contact",
        str(which),
        org_id=which.org.id,
        campaign=which.name,
        count=moved,
        reason=stated(reason),
    )
    write_events(operation.connection, operation.actor, operation.now, [record])
    return moved


def _require_open(connection: Connection, which: CampaignRef) -> None:
    status = connection.execute(select(campaign.c.status).where(campaign.c.id == which.key)).scalar()
    if status == "closed":
        raise TransitionRefused(
            f"campaign {which} is closed: its contacts are never called again",
            hint="declare them in another campaign",
        )


def _selected(connection: Connection, selection: Selection) -> list[UUID]:
    """Give the ids of the contacts meant, in order."""
    where = [
        contact.c.org_id == selection.campaign.org.id,
        contact.c.campaign_key == selection.campaign.key,
        contact.c.status.in_([status.value for status in selection.statuses]),
    ]
    if selection.outcome is not None:
        where.append(contact.c.last_outcome == selection.outcome.value)
    if not selection.named:
        return sorted(connection.execute(select(contact.c.id).where(*where)).scalars())
    ids = sorted({one.id for one in selection.named})
    found = [
        id_
        for chunk in chunks(ids)
        for id_ in connection.execute(select(contact.c.id).where(*where, contact.c.id.in_(chunk))).scalars()
    ]
    _require_all(connection, selection, set(found))
    return sorted(found)


def _require_all(connection: Connection, selection: Selection, found: set[UUID]) -> None:
    """Refuse where a contact was named that is not meant: a person who names one wants that one."""
    for one in selection.named:
        if one.id not in found:
            row = connection.execute(
                select(contact.c.status, contact.c.last_outcome).where(contact.c.id == one.id)
            ).one()
            last = f", after {row.last_outcome}" if row.last_outcome else ""
            wanted = ", ".join(sorted(selection.statuses))
            after = f" after {selection.outcome}" if selection.outcome else ""
            raise TransitionRefused(
                f"cannot requeue contact {one}: it is {row.status}{last}",
                hint=f"what is {wanted}{after} can be requeued; nothing was changed",
            )


def _obstacle(row: AnyRow, now: datetime) -> str | None:
    """Say why a contact could not be called although it were pending, if so."""
    if row.expires_at is not None and row.expires_at <= now:
        return EXPIRED
    if row.status == ContactStatus.ERROR.value and row.reason == NO_AGENT:
        return AGENTLESS
    return None if waiting(row).progress.numbers_to_dial() else NUMBERLESS


def _lane(row: AnyRow) -> LaneKey:
    who = waiting(row)
    return home_lane(who, row.campaign_key, who.progress.numbers_to_dial()[0])


def _by_status(
    rows: Iterable[tuple[AnyRow, LaneKey]], lanes: Mapping[LaneKey, UUID], now: datetime, serial: int
) -> dict[str, list[dict[str, Any]]]:
    parameters: dict[str, list[dict[str, Any]]] = {}
    for row, lane in rows:
        values = {
            "id_": row.id,
            "before": row.status,
            "seen_attempts": row.attempts,
            "at": now,
            "due": due_at(row.created_at, row.scheduled_at, now),
            "new_lane_id": lanes[lane],
            "new_serial": serial,
        }
        parameters.setdefault(row.status, []).append(values)
    return parameters
