"""Suppression lists: compared number by number. The ledger is none of a plan's business (R-SUP-2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.core.canonical import content_hash
from reconciler.core.desired import Json
from reconciler.core.plan.change import FieldChange

KIND = "SuppressionList"
NUMBERS_PATH = "spec.numbers"


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
