"""The plan: a value that can be printed, signed, refused and applied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import NamedTuple
from uuid import UUID

from reconciler.core.desired import DesiredObject, ListRows, Notice, ObjectKey
from reconciler.core.plan.change import Action, AnyChange, Change
from reconciler.core.plan.contact_changes import ContactChanges
from reconciler.core.plan.contact_groups import ContactGroups
from reconciler.core.plan.rules import CampaignRules


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the person who plans asks for.

    `releases` are campaigns whose hold is to be lifted; `allowed` the guards that may be passed; `now` is the
    instant of planning. `simulated`: the database is a scratch one, in which nobody was ever called.
    """

    now: datetime
    source: str = "main"
    prune: bool = False
    releases: frozenset[ObjectKey] = frozenset()
    allowed: frozenset[str] = frozenset()
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Tripped:
    """A guard that refuses the plan, and the flag that passes it (R-PLAN-6)."""

    guard: str
    detail: str

    @property
    def allow(self) -> str:
        """Give the flag that passes this guard."""
        return f"--allow {self.guard}"


class Stamp(NamedTuple):
    """Hashes of a contact that move although nothing about the contact does: no change, only bookkeeping."""

    contact_id: UUID
    source_hash: str | None
    applied_hash: str | None
    text_hash: int | None = None


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a campaign's new rules do to contacts that no manifest touched.

    `cap` is the new `max_attempts` where it was lowered (R-CONF-1); `agent` tells that the campaign's only
    agent came or went (R-AGENT-2).
    """

    campaign: ObjectKey
    cap: int | None = None
    agent: bool | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What the plan means for the people in one campaign, in numbers.

    `newly_callable` leaves out contacts of the plan whose numbers are all suppressed; `callable_later` counts
    those of them whom a suppression stops only until it runs out. `at_most` tells that `newly_callable`
    counts contacts that were there already, too, of whom a suppression may stop some (R-SUP-1).
    `suppressed` are those whom one stops for good, `edited_in_call` those who are on the phone, or may be.
    """

    campaign: ObjectKey
    newly_callable: int = 0
    callable_later: int = 0
    suppressed: int = 0
    edited_in_call: int = 0
    withdrawn: int = 0
    withdrawn_in_call: int = 0
    exhausted: int = 0
    cured: int = 0
    without_agent: int = 0
    at_most: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What an apply would do. Objects stand in order of dependence, contacts in order of their keys.

    `groups` counts the changes of `contacts`, which may be a million; `lists` says what their rows came to.
    `rules` hold once it is applied, `sweeps` and `effects` follow from the changes. `stamps` and `remembered`
    are bookkeeping that any apply of this plan does, and that is no change: of rows and documents whose text
    moved, but not their meaning.
    """

    source: str
    serial: int
    digest: str
    objects: Sequence[Change]
    contacts: ContactChanges
    groups: ContactGroups
    unchanged: int
    notices: Sequence[Notice] = ()
    guards: Sequence[Tripped] = ()
    effects: Sequence[Effect] = ()
    rules: Mapping[ObjectKey, CampaignRules] = field(default_factory=dict)
    sweeps: Sequence[Sweep] = ()
    stamps: Sequence[Stamp] = ()
    remembered: Sequence[DesiredObject] = ()
    lists: Mapping[ObjectKey, ListRows] = field(default_factory=dict)

    @property
    def in_sync(self) -> bool:
        """True where nothing changes; notices may stand (R-PLAN-1)."""
        return not self.objects and not len(self.contacts)

    @property
    def changes(self) -> Iterator[AnyChange]:
        """Give every change, objects first."""
        return chain(self.objects, self.contacts)

    def summary(self) -> dict[str, int]:
        """Count the changes by action, and what stays as it is."""
        counts = Counter(change.action for change in self.objects)
        counts.update(self.groups.by_action())
        return {**{action.value: counts[action] for action in Action}, "unchanged": self.unchanged}
