"""Makes the rows of new contacts as the driver takes them: an apply may write a million."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from reconciler.core.agents import NO_AGENT
from reconciler.core.desired import ObjectKey
from reconciler.core.lanes import LaneKey, due_at, lane_class, lane_key
from reconciler.core.plan.change import ContactChange
from reconciler.core.plan.rules import AD_HOC, CampaignRules
from reconciler.core.plan.standing import status_of_new
from reconciler.core.settlement import ContactStatus
from reconciler.store.apply_work import ApplyWork
from reconciler.store.bulk import BulkInsert
from reconciler.store.lanes import lane_ids
from reconciler.store.observed.contacts import CONTACT_FIELDS
from reconciler.store.tables import contact, contact_number

_INSTANTS = ("scheduled_at", "expires_at")
_OWN = (*CONTACT_FIELDS, "id", "external_id", "source_hash", "applied_hash", "text_hash", "lane_id", "due_at")
"""Columns whose values are each contact's own."""

_SHARED = (
    "org_id", "campaign_key", "source", "list_id", "serial", "created_at", "status", "reason", "attempts",
    "attempts_forgiven", "unused_streak", "withdraw_requested",
)  # fmt: skip
"""Columns that have few values in one apply, and are converted once for each."""

Written = tuple[UUID, Sequence[str]]
"""The organization and the numbers (E.164) of a contact that was written."""


class _Frame(NamedTuple):
    """What new contacts of one list that get the same status have in common."""

    org_id: UUID
    campaign_key: UUID
    status: ContactStatus
    shared: tuple[Any, ...]


class _NewContact(NamedTuple):
    change: ContactChange
    frame: _Frame
    scheduled_at: datetime | None
    lane: LaneKey


class NewContacts:
    """Writes new contacts of one apply, portion by portion, in file order (R-DIAL-2)."""

    def __init__(self, work: ApplyWork, rules: Mapping[UUID, CampaignRules], source: str) -> None:
        self._work = work
        self._rules = rules
        self._source = source
        self._orgs = work.directory.orgs_of_campaigns()
        dialect = work.connection.dialect
        self._contacts = BulkInsert(contact, (*_OWN, *_SHARED), dialect)
        self._numbers = BulkInsert(contact_number, ("org_id", "number", "contact_id"), dialect)
        self._frames: dict[tuple[str, str | None, ObjectKey | None, ContactStatus], _Frame] = {}

    def write(self, changes: Iterable[ContactChange]) -> Sequence[Written]:
        """Insert a portion: contacts, their numbers, and lanes where they are missing; counts the tallies."""
        work, new = self._work, [self._judged(change) for change in changes]
        keys = {one.lane for one in new}
        made = lane_ids(work.connection, self._orgs, keys, work.ids, work.now)
        uuid = self._contacts.convert["id"]
        lanes = {key: uuid(id_) for key, id_ in made.items()}
        ids = [uuid(work.ids(work.now)) for _ in new]
        self._contacts.run(work.connection, self._rows(new, ids, lanes))
        self._numbers.run(work.connection, sorted(self._number_rows(new, ids)))
        for one in new:
            work.tallies.add(one.frame.org_id, one.frame.campaign_key, one.frame.status.value)
        return [(one.frame.org_id, one.change.after["phone_numbers"]) for one in new]

    def _judged(self, change: ContactChange) -> _NewContact:
        fields, (_, org, campaign, _) = change.after, change.key
        campaign_key = self._work.directory.campaign_key(org, campaign)
        status = status_of_new(fields, self._rules.get(campaign_key, AD_HOC))
        at = fields.get("scheduled_at")
        scheduled_at = None if at is None else datetime.fromisoformat(at)
        lane = lane_key(
            campaign_key,
            lane_class(attempts=0, callback=None, scheduled_at=scheduled_at),
            number=fields["phone_numbers"][0],
            timezone=fields.get("timezone"),
            agent_id=fields.get("agent_id"),
            agent_number=fields.get("agent_number"),
        )
        kind = (org, campaign, change.list_after, status)
        frame = self._frames.get(kind)
        if frame is None:
            frame = self._frames[kind] = self._frame(change, campaign_key, status)
        return _NewContact(change, frame, scheduled_at, lane)

    def _frame(self, change: ContactChange, campaign_key: UUID, status: ContactStatus) -> _Frame:
        work, list_, convert = self._work, change.list_after, self._contacts.convert
        org_id = work.directory.org_id(change.key.org)
        values = {
            "org_id": org_id,
            "campaign_key": campaign_key,
            "source": self._source,
            "list_id": work.directory.objects[list_] if list_ else None,
            "serial": work.serial,
            "created_at": work.now,
            "status": status.value,
            "reason": NO_AGENT if status is ContactStatus.ERROR else None,
            "attempts": 0,
            "attempts_forgiven": 0,
            "unused_streak": 0,
            "withdraw_requested": False,
        }
        return _Frame(org_id, campaign_key, status, tuple(convert[name](values[name]) for name in _SHARED))

    def _rows(
        self, new: Sequence[_NewContact], ids: Sequence[Any], lanes: Mapping[LaneKey, Any]
    ) -> Iterator[tuple[Any, ...]]:
        convert = self._contacts.convert
        columns = [(name, convert[name]) for name in CONTACT_FIELDS]
        due, now = convert["due_at"], self._work.now
        due_now = due(now)
        for (change, frame, scheduled_at, lane), id_ in zip(new, ids, strict=True):
            fields, desired = change.after, change.desired
            yield (
                *[
                    None
                    if (value := fields.get(name)) is None
                    else to_driver(datetime.fromisoformat(value) if name in _INSTANTS else value)
                    for name, to_driver in columns
                ],
                id_,
                change.key.name,
                desired.source_hash if desired else None,
                change.after_hash,
                desired.text_hash if desired else None,
                lanes[lane],
                due_now if scheduled_at is None else due(due_at(now, scheduled_at, None)),
                *frame.shared,
            )

    def _number_rows(self, new: Sequence[_NewContact], ids: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        convert = self._numbers.convert["org_id"]
        orgs = {org_id: convert(org_id) for org_id in {one.frame.org_id for one in new}}
        for one, id_ in zip(new, ids, strict=True):
            org = orgs[one.frame.org_id]
            for number in one.change.after["phone_numbers"]:
                yield org, number, id_
