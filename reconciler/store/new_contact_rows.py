"""Makes the rows of new contacts, of which an apply may have a million, from the plan alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Dialect

from reconciler.core.agents import NO_AGENT
from reconciler.core.desired import Json
from reconciler.core.lanes import LaneClass, LaneKey, due_at, lane_class, lane_key
from reconciler.core.plan.change import ContactChange
from reconciler.core.plan.contact_changes import PlainRow
from reconciler.core.plan.plan import Plan
from reconciler.core.plan.rules import AD_HOC, CampaignRules, campaign_key
from reconciler.core.plan.standing import status_of_new
from reconciler.core.settlement import ContactStatus
from reconciler.ports import Ids
from reconciler.scratch.packed import Numbered
from reconciler.store.apply_work import Directory
from reconciler.store.observed.contacts import CONTACT_FIELDS
from reconciler.store.plain_values import Convert, converters
from reconciler.store.tables import contact

OWN = (*CONTACT_FIELDS, "id", "external_id", "source_hash", "applied_hash", "text_hash", "due_at")
"""Columns whose values are each contact's own."""

SHARED = (
    "org_id", "campaign_key", "source", "list_id", "serial", "created_at", "status", "reason", "attempts",
    "attempts_forgiven", "unused_streak", "withdraw_requested",
)  # fmt: skip
"""Columns that have few values in one apply, and are converted once for each."""

_INSTANTS = frozenset({"scheduled_at", "expires_at"})
_FIELD_PLACES = {name: place for place, name in enumerate(CONTACT_FIELDS)}
_NO_FIELDS: list[Any] = [None] * len(CONTACT_FIELDS)


class Frame(NamedTuple):
    """What new contacts of one list that get the same status have in common."""

    org_id: UUID
    campaign_key: UUID
    status: ContactStatus
    shared: tuple[Any, ...]


class NewContactRow(NamedTuple):
    """A new contact: the values of its OWN columns, its frame and its lane by number, its numbers (E.164)."""

    own: tuple[Any, ...]
    frame: int
    lane: int
    numbers: Sequence[str]


class NewContactRows:
    """Makes rows, with ids in the order of the calls; `frames` and `lanes` are theirs, by number."""

    def __init__(
        self, plan: Plan, *, directory: Directory, dialect: Dialect, ids: Ids, now: datetime, serial: int
    ) -> None:
        self._directory = directory
        self._rules = plan.rules
        self._places: dict[tuple[str, str | None], tuple[UUID, CampaignRules]] = {}
        self._source = plan.source
        self._ids = ids
        self._now = now
        self._serial = serial
        self._convert = converters(contact, (*OWN, *SHARED), dialect)
        self._due_now = self._convert["due_at"](now)
        self.frames: Numbered[Frame] = Numbered()
        self.lanes: Numbered[LaneKey] = Numbered()
        self._frames: dict[tuple[Any, ...], int] = {}

    def row(self, change: ContactChange) -> PlainRow:
        """Make the row of a new contact: a NewContactRow, as a plain tuple."""
        fields, (_, org, campaign, name), convert = change.after, change.key, self._convert
        key, rules = self._places.get((org, campaign)) or self._place(org, campaign)
        status = status_of_new(fields, rules)
        kind = (org, campaign, change.list_after, status)
        frame = self._frames.get(kind)
        if frame is None:
            frame = self._frames[kind] = self.frames.number(self._frame(change, key, status))
        at = fields.get("scheduled_at")
        scheduled_at = None if at is None else datetime.fromisoformat(at)
        due = self._due_now
        if scheduled_at is not None:
            due = convert["due_at"](due_at(self._now, scheduled_at, None))
        class_ = lane_class(attempts=0, callback=None, scheduled_at=scheduled_at)
        desired = change.desired
        own = (
            *self._field_values(fields),
            convert["id"](self._ids(self._now)),
            name,
            desired.source_hash if desired else None,
            change.after_hash,
            desired.text_hash if desired else None,
            due,
        )
        return own, frame, self._lane(key, class_, fields), tuple(fields["phone_numbers"])

    def _place(self, org: str, campaign: str | None) -> tuple[UUID, CampaignRules]:
        key = self._directory.campaign_key(org, campaign)
        place = self._places[org, campaign] = key, self._rules.get(campaign_key(org, campaign), AD_HOC)
        return place

    def _field_values(self, fields: Mapping[str, Json]) -> list[Any]:
        values, convert = _NO_FIELDS.copy(), self._convert
        for name, value in fields.items():
            if value is not None:
                read = datetime.fromisoformat(value) if name in _INSTANTS else value
                values[_FIELD_PLACES[name]] = convert[name](read)
        return values

    def _lane(self, campaign_key: UUID, class_: LaneClass, fields: Mapping[str, Json]) -> int:
        key = lane_key(
            campaign_key,
            class_,
            number=fields["phone_numbers"][0],
            timezone=fields.get("timezone"),
            agent_id=fields.get("agent_id"),
            agent_number=fields.get("agent_number"),
        )
        return self.lanes.number(key)

    def _frame(self, change: ContactChange, campaign_key: UUID, status: ContactStatus) -> Frame:
        list_, convert = change.list_after, self._convert
        org_id = self._directory.org_id(change.key.org)
        values = {
            "org_id": org_id,
            "campaign_key": campaign_key,
            "source": self._source,
            "list_id": self._directory.objects[list_] if list_ else None,
            "serial": self._serial,
            "created_at": self._now,
            "status": status.value,
            "reason": NO_AGENT if status is ContactStatus.ERROR else None,
            "attempts": 0,
            "attempts_forgiven": 0,
            "unused_streak": 0,
            "withdraw_requested": False,
        }
        return Frame(
            org_id, campaign_key, status, tuple(_plain(convert[name], values[name]) for name in SHARED)
        )


def _plain(convert: Convert, value: Any) -> Any:  # noqa: ANN401 - whatever stands in a column
    return None if value is None else convert(value)
