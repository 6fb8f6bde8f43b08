"""Suppression lists: compared number by number. The ledger is only looked at, never planned (R-SUP-2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from reconciler.core.canonical import content_hash
from reconciler.core.desired import Json, ObjectKey
from reconciler.core.plan.change import FieldChange
from reconciler.core.plan.observed import Lookup

KIND = "SuppressionList"
NUMBERS_PATH = "spec.numbers"


class Suppressed:
    """The numbers that nobody may call at the instant of planning, by lists and ledger (R-SUP-1).

    `specs` are those of all objects. `ledger` gives, by an organization's name, the numbers that its ledger
    suppresses now, each with whether it does so for good, without expiry.
    """

    def __init__(
        self,
        specs: Mapping[ObjectKey, Mapping[str, Json]],
        ledger: Lookup[str, Mapping[str, bool]],
        now: datetime,
    ) -> None:
        self._specs = specs
        self._ledger = ledger
        self._today = now.astimezone(UTC).date().isoformat()
        self._known: dict[str, _Numbers] = {}

    def any_in(self, org: str) -> bool:
        """Tell whether anything is suppressed in an organization."""
        return bool(self._numbers(org).now)

    def stops(self, org: str, numbers: Iterable[str]) -> bool:
        """Tell whether no number (E.164) of a contact is left to call now."""
        return self._numbers(org).now.issuperset(numbers)

    def stops_for_good(self, org: str, numbers: Iterable[str]) -> bool:
        """Tell whether none of them will be left to call either once entries run out."""
        return self._numbers(org).for_good.issuperset(numbers)

    def _numbers(self, org: str) -> _Numbers:
        """Read an organization's numbers when they are first asked for."""
        if org not in self._known:
            found = [*self._listed(org), *(self._ledger.get(org) or {}).items()]
            self._known[org] = _Numbers(
                frozenset(number for number, _ in found),
                frozenset(number for number, for_good in found if for_good),
            )
        return self._known[org]

    def _listed(self, org: str) -> Iterator[tuple[str, bool]]:
        for key, spec in self._specs.items():
            if key.kind == KIND and key.org == org:
                for entry in spec["numbers"]:
                    first_free_day = entry.get("expires_at")
                    if first_free_day is None or first_free_day > self._today:
                        yield entry["number"], first_free_day is None


class _Numbers(NamedTuple):
    now: frozenset[str]
    for_good: frozenset[str]


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
