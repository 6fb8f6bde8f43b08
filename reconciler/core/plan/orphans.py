"""What a source applied once and declares no more: a notice, or with --prune a change (R-PLAN-4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.core.desired import DesiredState, Json, Notice, ObjectKey
from reconciler.core.plan.change import Action, Cause, Change, FieldChange, Transition
from reconciler.core.plan.objects import RANK, STATUS_PATH
from reconciler.core.plan.observed import ObservedObject, ObservedState
from reconciler.core.plan.plan import PlanOptions
from reconciler.core.plan.rules import configuration_key
from reconciler.core.plan.suppressions import KIND as SUPPRESSION_LIST
from reconciler.core.plan.suppressions import entry_changes

_NEVER_PRUNED = ("Dialer", "Organization")


def plan_orphans(
    desired: DesiredState,
    observed: ObservedState,
    options: PlanOptions,
    specs: Mapping[ObjectKey, Mapping[str, Json]],
) -> Iterator[Change | Notice]:
    """Give a change or a notice for each orphan, from the bottom of the dependences up.

    `specs` are those of all objects once everything that is declared has been applied.
    """
    declared = {item.key for item in desired.objects}
    orphans = [
        live
        for live in observed.objects.values()
        if live.owner == options.source and live.key not in declared and live.status != "closed"
    ]
    closing = {live.key for live in orphans} if options.prune else set()
    for live in sorted(orphans, key=lambda orphan: (-RANK[orphan.key.kind], orphan.key)):
        if not options.prune:
            yield Notice("orphan", live.key, _left_alone(live))
        elif live.key.kind in _NEVER_PRUNED:
            yield Notice("orphan", live.key, "no longer declared; stays as it is")
        elif users := _users(live.key, specs, closing):
            yield Notice("orphan", live.key, f"no longer declared, but used by {', '.join(users)}")
        else:
            yield _prune(live)


def _left_alone(live: ObservedObject) -> str:
    """Say what goes on as before, since nothing was asked to be pruned."""
    kind = live.key.kind
    if kind in _NEVER_PRUNED:
        return "no longer declared; stays as it is"
    if kind == "Campaign" and live.status == "active":
        return "no longer declared, but it goes on calling; --prune would close it"
    if kind == "ContactFeed":
        return "no longer declared, but batches are still read; --prune would end that, and its contacts stay"
    if kind == "ContactList":
        return "no longer declared, but its contacts stay; --prune would withdraw them"
    return f"no longer declared; --prune would {'close' if kind == 'Campaign' else 'delete'} it"


def _users(
    key: ObjectKey, specs: Mapping[ObjectKey, Mapping[str, Json]], closing: set[ObjectKey]
) -> list[str]:
    """Name the campaigns that will still use a configuration (R-LIFE-6)."""
    if key.kind != "Configuration":
        return []
    return sorted(
        campaign.name
        for campaign, spec in specs.items()
        if campaign.kind == "Campaign"
        and spec["status"] != "closed"
        and campaign not in closing
        and configuration_key(campaign, spec) == key
    )


def _prune(live: ObservedObject) -> Change:
    if live.key.kind == "Campaign":
        return Change(
            Action.CLOSE,
            live.key,
            Cause.MANIFEST,
            (FieldChange(STATUS_PATH, live.status, "closed"),),
            origin=None,
            transition=Transition.CLOSE,
            object_id=live.object_id,
            spec={**live.spec, "status": "closed"},
        )
    entries = entry_changes(live.spec, {"numbers": []}) if live.key.kind == SUPPRESSION_LIST else ()
    return Change(
        Action.DELETE, live.key, Cause.MANIFEST, tuple(entries), origin=None, object_id=live.object_id
    )
