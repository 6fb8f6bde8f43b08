"""Writes the entries of suppression lists. The ledger is never touched (R-SUP-2)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, update

from reconciler.core.plan.change import Change
from reconciler.core.plan.suppressions import NUMBERS_PATH
from reconciler.store.apply_work import ApplyWork
from reconciler.store.numbers import PARKED_ON_CALL, PARKED_SUPPRESSED, unpark
from reconciler.store.portions import CHUNK
from reconciler.store.rehoming import rehome
from reconciler.store.tables import suppression

_of_list = (suppression.c.list_id == bindparam("of_list"), suppression.c.number == bindparam("of_number"))
_CHANGE = (
    update(suppression)
    .where(*_of_list)
    .values(expires_at=bindparam("new_expires_at"), reason=bindparam("new_reason"))
)
_REMOVE = delete(suppression).where(*_of_list)


def write_entries(work: ApplyWork, change: Change) -> None:
    """Add, change and remove the entries of one list; contacts that waited because of one look again."""
    list_id = work.directory.objects[change.key]
    org_id = work.directory.org_id(change.key.org)
    added: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    removed: list[dict[str, Any]] = []
    for field in change.fields:
        if field.path != NUMBERS_PATH:
            continue
        if field.after is None:
            removed.append({"of_list": list_id, "of_number": field.before["number"]})
        elif field.before is None:
            added.append(
                {
                    "id": work.ids(work.now),
                    "org_id": org_id,
                    "number": field.after["number"],
                    "list_id": list_id,
                    "reason": field.after.get("reason"),
                    "actor": work.actor.name,
                    "created_at": work.now,
                    "expires_at": _first_free_day(field.after.get("expires_at")),
                }
            )
        else:
            changed.append(
                {
                    "of_list": list_id,
                    "of_number": field.after["number"],
                    "new_expires_at": _first_free_day(field.after.get("expires_at")),
                    "new_reason": field.after.get("reason"),
                }
            )
    for statement, rows in ((insert(suppression), added), (_CHANGE, changed), (_REMOVE, removed)):
        if rows:
            work.connection.execute(statement, rows)
    freed = [row["of_number"] for row in (*changed, *removed)]
    for start in range(0, len(freed), CHUNK):
        unpark(work.connection, org_id, freed[start : start + CHUNK], PARKED_SUPPRESSED)
    suppressed = [row["number"] for row in added]
    for start in range(0, len(suppressed), CHUNK):
        unpark(work.connection, org_id, suppressed[start : start + CHUNK], PARKED_ON_CALL)
    rehome(work.connection, org_id, [*freed, *suppressed], work.ids, work.now)


def _first_free_day(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
