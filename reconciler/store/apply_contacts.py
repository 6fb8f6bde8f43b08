"""Writes the contacts of a plan in bulk, portion by portion; what is runtime is judged under the lock.

A dialer runs on between planning and the lock, so what a contact's status becomes is decided here again, from
its row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update

from reconciler.core.lanes import LaneKey
from reconciler.core.plan.change import Action, ContactChange
from reconciler.core.plan.plan import Plan, Stamp
from reconciler.core.plan.rules import CampaignRules
from reconciler.core.plan.standing import OPEN
from reconciler.core.settlement import ContactStatus
from reconciler.store.apply_contact_rows import Row, edited_row, number_rows
from reconciler.store.apply_progress import ApplyProgress
from reconciler.store.apply_work import ApplyWork
from reconciler.store.columns import AnyRow
from reconciler.store.lanes import lane_ids
from reconciler.store.new_contacts import NewContacts
from reconciler.store.observed.contacts import CONTACT_FIELDS
from reconciler.store.portions import chunks
from reconciler.store.prepared import Prepared, prepared_insert
from reconciler.store.rehoming import rehome_written
from reconciler.store.tables import contact, contact_number

_EDITED = (
    *CONTACT_FIELDS, "source", "list_id", "source_hash", "applied_hash", "text_hash", "serial", "status",
    "reason", "lane_id", "due_at", "parked", "withdraw_requested",
)  # fmt: skip
_LOCK = select(contact).where(contact.c.id.in_(bindparam("ids", expanding=True))).with_for_update()
_INSERT_NUMBERS = prepared_insert(contact_number, "org_id", "number", "contact_id")
_EDIT = (
    update(contact)
    .where(contact.c.id == bindparam("id_"))
    .values({column: bindparam(f"new_{column}") for column in _EDITED})
)
_these = contact.c.id.in_(bindparam("ids", expanding=True))
_FORGET: Row = {"applied_hash": None, "text_hash": None, "serial": bindparam("new_serial")}
_WITHDRAW = (
    update(contact).where(_these).values(_FORGET | {"status": ContactStatus.WITHDRAWN.value, "parked": None})
)
_ASK_TO_WITHDRAW = update(contact).where(_these).values(_FORGET | {"withdraw_requested": True})
_STAMP = (
    update(contact)
    .where(contact.c.id == bindparam("id_"))
    .values({name: bindparam(f"new_{name}") for name in ("source_hash", "applied_hash", "text_hash")})
)
_FORGET_NUMBERS = Prepared(
    delete(contact_number).where(
        contact_number.c.org_id == bindparam("its_org"),
        contact_number.c.number == bindparam("its_number"),
        contact_number.c.contact_id == bindparam("its_contact"),
    )
)


def write_contacts(work: ApplyWork, plan: Plan, new: NewContacts, progress: ApplyProgress) -> None:
    """Insert, edit and withdraw contacts, portion by portion."""
    for written in new.write(work):
        rehome_written(work.connection, written, work.ids, work.now)
        progress.inserted(len(written))
    rules = work.directory.by_campaign(plan.rules)
    for changes in chunks(plan.contacts.others()):
        _change(work, changes, rules, plan.source)
        progress.changed(len(changes))


def stamp_contacts(work: ApplyWork, stamps: Sequence[Stamp]) -> None:
    """Write hashes that moved although nothing about the contact did."""
    rows = [
        {
            "id_": one.contact_id,
            "new_source_hash": one.source_hash,
            "new_applied_hash": one.applied_hash,
            "new_text_hash": one.text_hash,
        }
        for one in stamps
    ]
    if rows:
        work.connection.execute(_STAMP, rows)


def _change(
    work: ApplyWork, changes: Sequence[ContactChange], rules: Mapping[UUID, CampaignRules], source: str
) -> None:
    by_id = {change.contact_id: change for change in changes if change.contact_id is not None}
    rows = {row.id: row for row in work.connection.execute(_LOCK, {"ids": sorted(by_id)})}
    _withdraw(work, [rows[id_] for id_, change in by_id.items() if change.action is Action.WITHDRAW])
    edits = [
        edited_row(work, change, rows[id_], rules, source)
        for id_, change in by_id.items()
        if change.action is not Action.WITHDRAW
    ]
    lanes = _lanes(work, (lane for _, lane in edits))
    if edits:
        work.connection.execute(_EDIT, [row | {"new_lane_id": lanes[lane]} for row, lane in edits])
        _renumber(work, [(rows[row["id_"]], row["new_phone_numbers"]) for row, _ in edits])
        written = [(rows[row["id_"]].org_id, row["new_phone_numbers"]) for row, _ in edits]
        rehome_written(work.connection, written, work.ids, work.now)


def _withdraw(work: ApplyWork, rows: Sequence[AnyRow]) -> None:
    """Withdraw contacts; those with a call that may live are only asked to go (R-CONTACT-3)."""
    asked = [row.id for row in rows if ContactStatus(row.status) in OPEN]
    gone = [row for row in rows if ContactStatus(row.status) not in OPEN]
    for statement, ids in ((_ASK_TO_WITHDRAW, asked), (_WITHDRAW, [row.id for row in gone])):
        if ids:
            work.connection.execute(statement, {"ids": ids, "new_serial": work.serial})
    for row in gone:
        work.tallies.move(row.org_id, row.campaign_key, row.status, ContactStatus.WITHDRAWN.value)


def _renumber(work: ApplyWork, edited: Iterable[tuple[AnyRow, list[str]]]) -> None:
    """Write anew which numbers belong to contacts whose numbers were edited."""
    moved = [(row, numbers) for row, numbers in edited if row.phone_numbers != numbers]
    gone = [  # also what it shall have: who edited a contact by hand may have left these
        {"its_org": row.org_id, "its_number": number, "its_contact": row.id}
        for row, numbers in moved
        for number in {*row.phone_numbers, *numbers}
    ]
    _FORGET_NUMBERS.run_many(work.connection, gone)
    rows = [{"id": row.id, "org_id": row.org_id, "phone_numbers": numbers} for row, numbers in moved]
    _INSERT_NUMBERS.run_many(work.connection, number_rows(rows))


def _lanes(work: ApplyWork, keys: Iterable[LaneKey]) -> dict[LaneKey, UUID]:
    return lane_ids(work.connection, work.directory.orgs_of_campaigns(), keys, work.ids, work.now)
