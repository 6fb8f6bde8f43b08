"""Suppression lists: compared number by number. The ledger is only looked at, never planned (R-SUP-2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.core.canonical import content_hash
from reconciler.core.desired import Json, ObjectKey
from reconciler.core.plan.change import FieldChange
from reconciler.core.plan.observed import Lookup

KIND = "SuppressionList"
NUMBERS_PATH = "spec.numbers"


class SuppressedForGood:
    """The numbers that nobody may call, by lists and ledger; an entry that runs out stops nobody for good.

    `specs` are those of all objects, `ledger` gives an organization's numbers by its name.
    """

    def __init__(
        self, specs: Mapping[ObjectKey, Mapping[str, Json]], ledger: Lookup[str, frozenset[str]]
    ) -> None:
        self._specs = specs
        self._ledger = ledger
        self._known: dict[str, frozenset[str]] = {}

    def numbers(self, org: str) -> frozenset[str]:
        """Give an organization's numbers (E.164); read when they are first asked for."""
        if org not in self._known:
            listed = {
                entry["number"]
                for key, spec in self._specs.items()
                if key.kind == KIND and key.org == org
                for entry in spec["numbers"]
                if entry.get("expires_at") is None
            }
            self._known[org] = frozenset(listed) | (self._ledger.get(org) or frozenset())
        return self._known[org]

    def stops(self, org: str, numbers: Iterable[str]) -> bool:
        """Tell whether no number of a contact is left to call (R-SUP-1)."""
        return self.numbers(org).issuperset(numbers)


def entries_of(spec: Mapping[str, Json]) -> dict[str, Json]:
    """Give the entries of a suppression list's spec by number."""
    return {entry["number"]: entry for entry in spec["numbers"]}


def entry_changes(before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[FieldChange]:
    """Give one change per number that is added, changed or removed, in the order of the numbers."""
    old, new = entries_of(before), entries_of(after)
    for number in sorted(old.keys() | new.keys()):
        if old.get(number) != new.get(number):
            yield FieldChange(NUMBERS_PATH, old.get(number), new.get(number))


def shortens(change: FieldChange) -> bool:
    """Tell whether a number may be called earlier than before (guard `suppression-shortened`)."""
    if change.path != NUMBERS_PATH or change.before is None:
        return False
    if change.after is None:
        return True
    before, after = change.before.get("expires_at"), change.after.get("expires_at")
    return after is not None and (before is None or after < before)


def remembered(kind: str, spec: Mapping[str, Json]) -> Mapping[str, Json]:
    """Give what the inventory keeps of a spec: a suppression list's numbers by their hash only."""
    return {**spec, "numbers": content_hash(spec["numbers"])} if kind == KIND else spec
