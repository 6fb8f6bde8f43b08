"""Comparing specs field by field, two ways and three ways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from reconciler.core.canonical import instant_text
from reconciler.core.desired import Json

_INSTANTS = ("start_at", "end_at")


def flat(spec: Mapping[str, Json], prefix: str) -> dict[str, Json]:
    """Spread mappings into `{"spec.dialing.max_attempts": 3}`; lists are values, labels are metadata."""
    leaves: dict[str, Json] = {}
    for name, value in spec.items():
        path = f"metadata.{name}" if name == "labels" and prefix == "spec" else f"{prefix}.{name}"
        if isinstance(value, Mapping):
            leaves.update(flat(value, path))
        else:
            leaves[path] = value
    return leaves


def compare(before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[tuple[str, Json, Json]]:
    """Give `(path, before, after)` of the leaves that differ, in the order of `after`; absent is null."""
    for path, value in after.items():
        if before.get(path) != value:
            yield path, before.get(path), value
    for path, value in before.items():
        if path not in after and value is not None:
            yield path, value, None


def moved_by_manifest(path: str, applied: Mapping[str, Json] | None, desired: Json) -> bool:
    """Tell whether the manifest moved a field since the last apply; if not, the live side did (R-PLAN-3).

    Where both moved it, the manifest's edit is what a reviewer sees in the pull request, so it is the cause.
    """
    return applied is None or applied.get(path) != desired


def canonical_spec(spec: Mapping[str, Json]) -> Mapping[str, Json]:
    """Write instants of a campaign in UTC, so that the same instant is the same text."""
    moved = {name: instant_text(datetime.fromisoformat(spec[name])) for name in _INSTANTS if spec.get(name)}
    return {**spec, **moved} if moved else spec
