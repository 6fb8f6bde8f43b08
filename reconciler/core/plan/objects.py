"""Planning every object that is no contact: compared three ways, field by field (R-PLAN-3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reconciler.core.desired import DesiredObject, DesiredState, Json, Notice, ObjectKey, Origin
from reconciler.core.plan.change import Action, Attribution, Cause, Change, FieldChange, Transition
from reconciler.core.plan.fields import canonical_spec, compare, flat, moved_by_manifest
from reconciler.core.plan.lifecycle import (
    Statuses,
    StatusVerdict,
    hold_text,
    judge_status,
    release_hint,
    transition_of_new,
)
from reconciler.core.plan.observed import ObservedObject, ObservedState
from reconciler.core.plan.plan import PlanOptions
from reconciler.core.plan.suppressions import KIND as SUPPRESSION_LIST
from reconciler.core.plan.suppressions import NUMBERS_PATH, entry_changes, remembered
from reconciler.spec.registry import KINDS

RANK = {kind: rank for rank, kind in enumerate(KINDS)}
"""Create from the top, delete from the bottom."""

STATUS_PATH = "spec.status"
HOLD_PATH = "hold"


@dataclass(slots=True)
class ObjectsPlanned:
    """What planning the objects came to; `refusals` are reasons why there is no plan at all."""

    changes: list[Change] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    refusals: list[tuple[Origin | None, str]] = field(default_factory=list)
    remembered: list[DesiredObject] = field(default_factory=list)
    unchanged: int = 0


def plan_objects(desired: DesiredState, observed: ObservedState, options: PlanOptions) -> ObjectsPlanned:
    """Compare every declared object with its live one, in order of dependence."""
    planned = ObjectsPlanned()
    for declared in sorted(desired.objects, key=lambda item: (RANK[item.key.kind], item.key)):
        wanted = replace(declared, spec=canonical_spec(declared.spec))
        live = observed.objects.get(wanted.key)
        if live is None:
            planned.changes.append(_creation(wanted))
        elif live.owner not in (None, options.source):
            planned.refusals.append((wanted.origin, _conflict(wanted.key, live.owner, options.source)))
        else:
            _compare(wanted, live, observed, options, planned)
    return planned


def initial_fields(before: Mapping[str, Json], spec: Mapping[str, Json]) -> tuple[FieldChange, ...]:
    """Give the fields of a new object that say something: no nulls, no empty lists."""
    pairs = compare(before, flat(spec, "spec"))
    return tuple(FieldChange(path, old, new) for path, old, new in pairs if new not in (None, [], ()))


def _creation(wanted: DesiredObject) -> Change:
    status = wanted.spec.get("status") if wanted.key.kind == "Campaign" else None
    fields = initial_fields({}, _without_numbers(wanted))
    if wanted.key.kind == SUPPRESSION_LIST:
        fields += tuple(entry_changes({"numbers": []}, wanted.spec))
    return Change(
        Action.CREATE,
        wanted.key,
        Cause.MANIFEST,
        fields,
        wanted.origin,
        transition=transition_of_new(status) if status else None,
        spec=wanted.spec,
        declared=wanted,
    )


def _compare(
    wanted: DesiredObject,
    live: ObservedObject,
    observed: ObservedState,
    options: PlanOptions,
    planned: ObjectsPlanned,
) -> None:
    verdict, releases = _status(wanted, live, observed, options, planned)
    target = {**wanted.spec, "status": verdict.status} if verdict else wanted.spec
    moved = _moved_fields(wanted.key.kind, live, target, verdict)
    if releases:
        moved[Cause.MANIFEST].append(FieldChange(HOLD_PATH, hold_text(observed.holds[wanted.key][0]), None))
    if live.owner is None:
        moved = {Cause.MANIFEST: [*moved[Cause.MANIFEST], *moved[Cause.DRIFT]], Cause.DRIFT: []}
    changes = [
        _change(wanted, live, target, verdict, cause=cause, fields=fields, observed=observed)
        for cause, fields in moved.items()
        if fields or (live.owner is None and cause is Cause.MANIFEST)
    ]
    planned.changes += [
        replace(change, releases_hold=releases and change.cause is Cause.MANIFEST) for change in changes
    ]
    if not changes:
        planned.unchanged += 1
        if _memory_is_stale(wanted, live):
            planned.remembered.append(wanted)


def _change(
    wanted: DesiredObject,
    live: ObservedObject,
    target: Mapping[str, Json],
    verdict: StatusVerdict | None,
    *,
    cause: Cause,
    fields: list[FieldChange],
    observed: ObservedState,
) -> Change:
    transition = verdict.transition if verdict and verdict.cause is cause else None
    if live.owner is None:
        action, transition = Action.ADOPT, verdict.transition if verdict else None
    else:
        action = Action.CLOSE if transition is Transition.CLOSE else Action.UPDATE
    return Change(
        action,
        wanted.key,
        cause,
        tuple(fields),
        wanted.origin,
        transition=transition,
        object_id=live.object_id,
        spec=target,
        declared=wanted,
        changed_by=_changed_by(live, observed) if cause is Cause.DRIFT else None,
    )


def _status(
    wanted: DesiredObject,
    live: ObservedObject,
    observed: ObservedState,
    options: PlanOptions,
    planned: ObjectsPlanned,
) -> tuple[StatusVerdict | None, bool]:
    """Judge a campaign's status; tells too whether the plan lifts its hold."""
    if wanted.key.kind != "Campaign" or live.status is None:
        return None, False
    holds = observed.holds.get(wanted.key, ())
    released = wanted.key in options.releases and bool(holds)
    if wanted.key in options.releases and not holds:
        text = "nothing holds it, so there is nothing to release"
        planned.notices.append(Notice("warning", wanted.key, text, wanted.origin))
    statuses = Statuses(
        desired=wanted.spec["status"],
        live=live.status,
        applied=live.applied.get("status") if live.applied else None,
    )
    changed_by = _changed_by(live, observed) if live.status == "closed" else None
    verdict = judge_status(statuses, holds, changed_by, released=released)
    if verdict.refused_because:
        planned.refusals.append((wanted.origin, f"{wanted.key}: {verdict.refused_because}"))
    if verdict.kept_because:
        hint = f"; {release_hint(wanted.key)}" if live.status != "closed" else ""
        planned.notices.append(Notice("held", wanted.key, verdict.kept_because + hint, wanted.origin))
    return verdict, released


def _changed_by(live: ObservedObject, observed: ObservedState) -> Attribution | None:
    return observed.changed_by.get(live.object_id) if live.object_id else None


def _moved_fields(
    kind: str, live: ObservedObject, target: Mapping[str, Json], verdict: StatusVerdict | None
) -> dict[Cause, list[FieldChange]]:
    """Sort the fields that differ by the side that moved them."""
    if kind == SUPPRESSION_LIST:
        return _moved_entries(live, target)
    applied = flat(live.applied, "spec") if live.applied is not None else None
    moved: dict[Cause, list[FieldChange]] = {Cause.MANIFEST: [], Cause.DRIFT: []}
    for path, before, after in compare(flat(live.spec, "spec"), flat(target, "spec")):
        cause = Cause.MANIFEST if moved_by_manifest(path, applied, after) else Cause.DRIFT
        if path == STATUS_PATH and verdict is not None:
            cause = verdict.cause
        moved[cause].append(FieldChange(path, before, after))
    return moved


def _moved_entries(live: ObservedObject, target: Mapping[str, Json]) -> dict[Cause, list[FieldChange]]:
    """Sort a suppression list's entries; the inventory keeps their hash, so they have one cause together."""
    labels = [
        FieldChange(path, before, after)
        for path, before, after in compare(flat(live.spec, "spec"), flat(target, "spec"))
        if path != NUMBERS_PATH
    ]
    unmoved = (
        live.applied is not None
        and live.applied["numbers"] == remembered(SUPPRESSION_LIST, target)["numbers"]
    )
    entries = list(entry_changes(live.spec, target))
    if unmoved:
        return {Cause.MANIFEST: labels, Cause.DRIFT: entries}
    return {Cause.MANIFEST: [*labels, *entries], Cause.DRIFT: []}


def _memory_is_stale(wanted: DesiredObject, live: ObservedObject) -> bool:
    spec = remembered(wanted.key.kind, wanted.spec)
    return (spec, wanted.document, wanted.text_hash) != (live.applied, live.document, live.text_hash)


def _without_numbers(wanted: DesiredObject) -> Mapping[str, Json]:
    return {name: value for name, value in wanted.spec.items() if name != "numbers"}


def _conflict(key: ObjectKey, owner: str | None, source: str) -> str:
    return (
        f"{key} belongs to source {owner!r}, so source {source!r} may not change it; "
        f"declare it in one source only, or apply with --source {owner}"
    )
