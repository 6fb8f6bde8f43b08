"""Lists that call contacts of another campaign again: selected once, and from then on left as they are.

The inventory remembers the choice that was applied last. While the manifest says the same, the list is
frozen: whatever has become of the other campaign since, nobody joins it and nobody leaves it. Another choice
is selected anew, and compared with who is on the list as rows of a file would be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import merge
from itertools import chain

from reconciler.core.canonical import content_hash, instant_text
from reconciler.core.desired import (
    DesiredContact,
    DesiredContacts,
    DesiredObject,
    DesiredState,
    FewContacts,
    ListRows,
    Notice,
    ObjectKey,
    Origin,
    Place,
    RedialList,
    key_order,
)
from reconciler.core.plan.change import Cause, Change, FieldChange
from reconciler.core.plan.counting import counted
from reconciler.core.plan.observed import ObservedObject, ObservedState, Selection
from reconciler.core.plan.plan import PlanOptions
from reconciler.core.plan.rules import campaign_key
from reconciler.spec.redial import Redial

SELECTED_PATH = "selected"
DECLARED_OTHERWISE = "declared in the campaign otherwise"
SIMULATED = "nobody is on it in a simulation: whom it calls again stands in a database"

Refusal = tuple[Origin | None, str]


@dataclass(slots=True)
class Redialled:
    """The desired state with the contacts of lists that were selected, and who was selected, in words."""

    desired: DesiredState
    refusals: list[Refusal] = field(default_factory=list)
    counts: dict[ObjectKey, str] = field(default_factory=dict)

    def with_counts(self, changes: Iterable[Change]) -> Iterator[Change]:
        """Have the change of each list that was selected say how many that came to, and of whom."""
        for change in changes:
            count = self.counts.get(change.key)
            if count is None or change.cause is not Cause.MANIFEST:
                yield change
            else:
                yield replace(change, fields=(*change.fields, FieldChange(SELECTED_PATH, None, count)))


def chosen_anew(desired: DesiredState, objects: Mapping[ObjectKey, ObservedObject]) -> Sequence[RedialList]:
    """Give the lists whose choice is not the one that was applied last: their contacts are to be selected."""
    return [
        desired.redials[item.key]
        for item in desired.objects
        if item.key in desired.redials and not _is_frozen(item, objects.get(item.key))
    ]


def redialled(desired: DesiredState, observed: ObservedState, options: PlanOptions) -> Redialled:
    """Declare the contacts that were selected, and freeze all other lists that call somebody again.

    What is declared in a campaign otherwise stays what it is there: no list takes it over.
    """
    if not desired.redials:
        return Redialled(desired)
    anew = chosen_anew(desired, observed.objects)
    gathered = _Gathered(desired, options)
    for redial in anew:
        gathered.take(redial, observed.selections.get(redial.key))
    frozen = desired.redials.keys() - {redial.key for redial in anew}
    return gathered.finish(frozen)


def choice_text(redial: RedialList) -> str:
    """Say whom a list chooses: `campaign spring: exhausted, last outcome no_answer, as of …`."""
    outcomes = f", last outcome {' or '.join(redial.outcomes)}" if redial.outcomes else ""
    statuses = " or ".join(redial.statuses)
    return f"campaign {redial.campaign.name}: {statuses}{outcomes}, as of {instant_text(redial.as_of)}"


def _is_frozen(wanted: DesiredObject, live: ObservedObject | None) -> bool:
    """Compare choices by what they mean: a field that a later release adds must not select everybody anew."""
    applied = live.applied.get("from") if live is not None and live.applied is not None else None
    if not isinstance(applied, Mapping):
        return False  # a new list, or one whose contacts stood in a file
    return Redial.model_validate(applied) == Redial.model_validate(wanted.spec["from"])


class _Gathered:
    """Takes selection after selection."""

    def __init__(self, desired: DesiredState, options: PlanOptions) -> None:
        self._desired = desired
        self._options = options
        self._lists: dict[ObjectKey, ListRows] = {}
        self._contacts: list[DesiredContact] = []
        self._notices: list[Notice] = []
        self._refusals: list[Refusal] = []
        self._counts: dict[ObjectKey, str] = {}
        self._taken: dict[ObjectKey, set[str]] = {}

    def take(self, redial: RedialList, selection: Selection | None) -> None:
        """Take whom a list chooses; None: the campaign that called them is not in the database."""
        if selection is None:
            self._miss(redial)
            return
        contacts = list(self._new(redial, selection))
        left_out = Counter(selection.left_out)
        left_out[DECLARED_OTHERWISE] += len(selection.contacts) - len(contacts)
        self._contacts += contacts
        self._lists[redial.key] = ListRows(len(contacts))
        self._counts[redial.key] = f"{counted(len(contacts), 'contact')} of {choice_text(redial)}"
        self._refusals += _unexpected(redial, len(contacts))
        if left_out.total():
            reasons = "; ".join(f"{count:,} {why}" for why, count in sorted(left_out.items()) if count)
            text = f"{counted(left_out.total(), 'contact')} left out: {reasons}"
            self._notices.append(Notice("warning", redial.key, text, redial.origin))
        if not contacts:
            text = f"nobody is called again: no contact of {choice_text(redial)}"
            self._notices.append(Notice("warning", redial.key, text, redial.origin))

    def finish(self, frozen: Iterable[ObjectKey]) -> Redialled:
        """Give the desired state; lists that are frozen keep whom they have."""
        lists = {**self._desired.lists, **self._lists, **{key: ListRows(frozen=True) for key in frozen}}
        desired = replace(
            self._desired,
            contacts=_Joined(self._desired.contacts, FewContacts(self._contacts)),
            lists=lists,
            notices=[*self._desired.notices, *self._notices],
        )
        return Redialled(desired, self._refusals, self._counts)

    def _miss(self, redial: RedialList) -> None:
        if self._options.simulated:
            self._notices.append(Notice("warning", redial.key, SIMULATED, redial.origin))
            return
        text = (
            f"campaign '{redial.campaign.name}' is not in the database yet, so it has nobody to call again; "
            "apply it without this list first"
        )
        self._refusals.append((redial.origin, text))

    def _new(self, redial: RedialList, selection: Selection) -> Iterator[DesiredContact]:
        """Give those who are not declared in the campaign otherwise, each once."""
        key = redial.key
        taken = self._taken_in(key.org, key.campaign)
        for name, fields in selection.contacts:
            if name not in taken:
                taken.add(name)
                hash_ = content_hash(fields)
                yield DesiredContact(
                    key.org, key.campaign, name, fields, hash_, hash_, redial.origin, list=key
                )

    def _taken_in(self, org: str, campaign: str | None) -> set[str]:
        place = campaign_key(org, campaign)
        if place not in self._taken:
            declared = (one for one in self._desired.contacts if (one.org, one.campaign) == (org, campaign))
            self._taken[place] = {one.external_id for one in declared}
        return self._taken[place]


class _Joined:
    """The contacts that manifests declare, and behind them those that were selected."""

    def __init__(self, declared: DesiredContacts, selected: DesiredContacts) -> None:
        self._declared = declared
        self._selected = selected

    def __len__(self) -> int:
        return len(self._declared) + len(self._selected)

    def __iter__(self) -> Iterator[DesiredContact]:
        return chain(self._declared, self._selected)

    def by_key(self) -> Iterator[tuple[int, DesiredContact]]:
        """Merge them; what is selected comes later in file order."""
        behind = self._declared.end
        selected = ((behind + position, contact) for position, contact in self._selected.by_key())
        return merge(self._declared.by_key(), selected, key=key_order)

    def places(self) -> Mapping[Place, int]:
        """Count both."""
        return Counter(self._declared.places()) + Counter(self._selected.places())

    @property
    def end(self) -> int:
        """Give a position behind all of them."""
        return self._declared.end + self._selected.end


def _unexpected(redial: RedialList, count: int) -> Iterator[Refusal]:
    """Refuse a selection that is too small or too large (R-MAN-4)."""
    selected = f"{counted(count, 'contact')} of {choice_text(redial)}"
    if redial.least is not None and count < redial.least:
        yield redial.bounds_origin, f"{selected}; at least {redial.least:,} are expected"
    if redial.most is not None and count > redial.most:
        yield redial.bounds_origin, f"{selected}; at most {redial.most:,} are expected"
