"""Changes of contacts counted as they go by: by list or campaign, action and cause, with a few of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.core.desired import ObjectKey
from reconciler.core.plan.change import Action, Cause, ContactChange

SAMPLES = 3
"""So many contacts, or entries of a suppression list, are shown of each group."""

_EDITS = (Action.UPDATE, Action.ADOPT)


@dataclass(slots=True)
class ContactGroup:
    """The contacts of one list, or of one campaign, to which the same happens for the same cause.

    `samples` are the first of them; `paths` the fields that are edited.
    """

    group: ObjectKey
    action: Action
    cause: Cause
    count: int = 0
    samples: list[ContactChange] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)

    def see(self, change: ContactChange) -> None:
        """Count one more."""
        self.count += 1
        if self.count <= SAMPLES:
            self.samples.append(change)
        if self.action in _EDITS:
            self.paths.update(edit.path for edit in change.fields)


class ContactGroups:
    """All groups of a plan, in the order of their keys."""

    def __init__(self) -> None:
        self._groups: dict[tuple[ObjectKey, Action, Cause], ContactGroup] = {}

    def see(self, change: ContactChange) -> None:
        """Count one more."""
        key = (change.group, change.action, change.cause)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = ContactGroup(*key)
        group.see(change)

    def __iter__(self) -> Iterator[ContactGroup]:
        return (group for _, group in sorted(self._groups.items()))

    def by_action(self) -> Mapping[Action, int]:
        """Count the contacts by what happens to them."""
        counts = Counter[Action]()
        for group in self._groups.values():
            counts[group.action] += group.count
        return counts

    def withdrawn(self) -> Mapping[ObjectKey, int]:
        """Count those that are withdrawn, by list or campaign."""
        counts = Counter[ObjectKey]()
        for group in self._groups.values():
            if group.action is Action.WITHDRAW:
                counts[group.group] += group.count
        return counts
