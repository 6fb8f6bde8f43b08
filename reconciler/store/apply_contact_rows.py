"""Makes the rows of contacts that are edited, from what is there under the lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from reconciler.core.agents import NO_AGENT
from reconciler.core.desired import Json
from reconciler.core.lanes import LaneKey, due_at, lane_class, lane_key
from reconciler.core.plan.change import ContactChange
from reconciler.core.plan.rules import AD_HOC, CampaignRules
from reconciler.core.plan.standing import Edit, status_after_edit, status_on_return
from reconciler.core.settlement import ContactStatus
from reconciler.store.apply_work import ApplyWork, Directory
from reconciler.store.columns import AnyRow
from reconciler.store.observed.contacts import CONTACT_FIELDS
from reconciler.store.queue import progress

Row = dict[str, Any]


def edited_row(
    work: ApplyWork,
    change: ContactChange,
    row: AnyRow,
    rules: Mapping[UUID, CampaignRules],
    source: str,
) -> tuple[Row, LaneKey]:
    """Make `id_` and `new_<column>` of a contact that is edited, adopted or returns, still without a lane.

    `row` is the contact as it is under the lock; its attempts are never touched (R-CONTACT-3).
    """
    columns = field_columns(change.after)
    status = _status(row, change, rules.get(row.campaign_key, AD_HOC), work.now)
    work.tallies.move(row.org_id, row.campaign_key, row.status, status.value)
    # A contact that got other numbers may not have to wait for what its old ones waited for.
    stays_parked = (
        row.parked is not None and row.status == status and row.phone_numbers == columns["phone_numbers"]
    )
    due = row.due_at if stays_parked else due_at(row.created_at, columns["scheduled_at"], row.retry_at)
    new = columns | {
        **_ownership(change, work.directory, source, work.serial),
        "status": status.value,
        "reason": _reason(row, status, stays_parked=stays_parked),
        "due_at": due,
        "parked": row.parked if stays_parked else None,
        "withdraw_requested": False,
    }
    return {"id_": row.id} | {f"new_{name}": value for name, value in new.items()}, _lane(row, columns)


def number_rows(rows: Iterable[Row]) -> list[Row]:
    """Make the rows that say which numbers belong to which contacts."""
    return [
        {"org_id": row["org_id"], "number": number, "contact_id": row["id"]}
        for row in rows
        for number in row["phone_numbers"]
    ]


def field_columns(fields: Mapping[str, Json]) -> Row:
    """Turn canonical contact fields into columns; what is not set is NULL."""
    columns: Row = {name: fields.get(name) for name in CONTACT_FIELDS}
    for name in ("scheduled_at", "expires_at"):
        if text := columns[name]:
            columns[name] = datetime.fromisoformat(text)
    return columns


def _ownership(change: ContactChange, directory: Directory, source: str, serial: int) -> Row:
    desired = change.desired
    return {
        "source": source,
        "list_id": directory.objects[change.list_after] if change.list_after else None,
        "source_hash": desired.source_hash if desired else None,
        "applied_hash": change.after_hash,
        "text_hash": desired.text_hash if desired else None,
        "serial": serial,
    }


def _status(row: AnyRow, change: ContactChange, rules: CampaignRules, now: datetime) -> ContactStatus:
    status = ContactStatus(row.status)
    if status is not ContactStatus.WITHDRAWN:
        return status_after_edit(status, row.reason, Edit(change.before, change.after), rules, now)
    return status_on_return(
        change.after,
        rules,
        used=row.attempts - row.attempts_forgiven,
        last_outcome=row.last_outcome,
        callback=row.callback,
    )


def _reason(row: AnyRow, status: ContactStatus, *, stays_parked: bool) -> str | None:
    if status is ContactStatus.ERROR and row.status != status:
        return NO_AGENT
    was_parked = row.parked is not None and not stays_parked
    return row.reason if row.status == status and not was_parked else None


def _lane(row: AnyRow, columns: Row) -> LaneKey:
    numbers = tuple(columns["phone_numbers"])
    following = progress(row)._replace(phone_numbers=numbers).number_to_dial()
    class_ = lane_class(attempts=row.attempts, callback=row.callback, scheduled_at=columns["scheduled_at"])
    return lane_key(
        row.campaign_key,
        class_,
        number=following or numbers[0],
        timezone=columns["timezone"],
        agent_id=columns["agent_id"],
        agent_number=columns["agent_number"],
    )
