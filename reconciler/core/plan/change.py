"""The words of a plan: what happens to one object, why, and field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from reconciler.core.desired import DesiredContact, DesiredObject, Json, ObjectKey, Origin
from reconciler.core.plan.fields import compare, flat
from reconciler.core.plan.rules import campaign_key


class Action(StrEnum):
    """What happens to an object (R-PLAN-2)."""

    CREATE = "create"
    ADOPT = "adopt"
    UPDATE = "update"
    WITHDRAW = "withdraw"
    CLOSE = "close"
    DELETE = "delete"


class Transition(StrEnum):
    """What happens to the status of a campaign."""

    START = "start"
    PAUSE = "pause"
    CLOSE = "close"


class Cause(StrEnum):
    """Which side moved: the manifest, or the live object behind the manifest's back (R-PLAN-3)."""

    MANIFEST = "manifest"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field, by its dotted path. Values are unmasked: every rendering masks them (R-PLAN-8)."""

    path: str
    before: Json
    after: Json


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who changed a live object last without an apply, and when."""

    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one object that is no contact.

    `object_id` is None for one that does not exist yet. `spec` is the live spec after the apply (None: the
    object goes); `declared` is what the inventory is to remember (None: nothing is declared any more).
    An object whose fields were moved by both sides has two changes, one per cause, with one `spec`.
    """

    action: Action
    key: ObjectKey
    cause: Cause
    fields: tuple[FieldChange, ...]
    origin: Origin | None
    transition: Transition | None = None
    object_id: UUID | None = None
    spec: Mapping[str, Json] | None = None
    declared: DesiredObject | None = None
    changed_by: Attribution | None = None
    releases_hold: bool = False


class ContactChange(NamedTuple):
    """What happens to one contact. A tuple, because there may be a million of them.

    `desired` is None for one that is withdrawn. `position` is its place in the files, which is dialing order
    (R-DIAL-2). `before` and `after` are canonical contact fields, and `after_hash` is the hash of the latter;
    `status_before` and `status_after` are what
    the planner saw and expects: the dialer runs on meanwhile, so they are shown, never signed, and the apply
    decides again under its lock.
    """

    action: Action
    key: ObjectKey
    cause: Cause
    origin: Origin | None
    desired: DesiredContact | None
    position: int
    contact_id: UUID | None
    before: Mapping[str, Json]
    after: Mapping[str, Json]
    after_hash: str
    status_before: str | None
    status_after: str | None
    list_before: ObjectKey | None
    list_after: ObjectKey | None
    changed_by: Attribution | None = None

    @property
    def campaign(self) -> ObjectKey:
        """The campaign of the contact; `default` stands for none."""
        return campaign_key(self.key.org, self.key.campaign)

    @property
    def group(self) -> ObjectKey:
        """What the contact is counted under: its list, else its campaign."""
        return self.list_after or self.list_before or self.campaign

    @property
    def transition(self) -> Transition | None:
        """Give None: a contact has no lifecycle that a manifest declares."""
        return None

    @property
    def fields(self) -> tuple[FieldChange, ...]:
        """Give the fields that differ, list and status included."""
        changes = [] if self.action is Action.WITHDRAW else self.declared_fields
        if self.status_before is not None and self.status_before != self.status_after:
            changes = [*changes, FieldChange("status", self.status_before, self.status_after)]
        return tuple(changes)

    @property
    def declared_fields(self) -> list[FieldChange]:
        """Give the fields that a manifest declares and that differ; no runtime value is among them."""
        pairs = compare(flat(self.before, "spec"), flat(self.after, "spec"))
        changes = [FieldChange(path, before, after) for path, before, after in pairs]
        if self.list_before != self.list_after and self.action is not Action.CREATE:
            names = [key.name if key else None for key in (self.list_before, self.list_after)]
            changes.append(FieldChange("list", *names))
        return changes


def creation(wanted: DesiredContact, position: int, status: str) -> ContactChange:
    """Give the change that a contact is to one that is not there yet; it will have this status."""
    return ContactChange(
        Action.CREATE,
        wanted.key,
        Cause.MANIFEST,
        wanted.origin,
        wanted,
        position,
        None,
        {},
        wanted.fields,
        wanted.fields_hash,
        None,
        status,
        None,
        wanted.list,
    )


AnyChange = Change | ContactChange
