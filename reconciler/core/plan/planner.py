"""`plan(desired, observed, options) -> Plan`: pure, from two states to what must change (R-PLAN-1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.core.desired import DesiredState, Notice, ObjectKey, Origin
from reconciler.core.plan.change import Change
from reconciler.core.plan.contact_changes import ContactChanges, FewChanges
from reconciler.core.plan.contact_groups import ContactGroups
from reconciler.core.plan.contacts import plan_contacts
from reconciler.core.plan.digest import PlanDigest
from reconciler.core.plan.guards import tripped
from reconciler.core.plan.impact import ContactEffects, Proposal, Shift, shifts_between, specs_after, sweeps
from reconciler.core.plan.lifecycle import hold_text, release_hint, still_covers
from reconciler.core.plan.objects import plan_objects
from reconciler.core.plan.observed import ObservedState
from reconciler.core.plan.orphans import plan_orphans
from reconciler.core.plan.plan import Plan, PlanOptions
from reconciler.core.plan.recontact import CalledLately
from reconciler.core.plan.redial import redialled
from reconciler.core.plan.rules import CampaignRules, rules_of_campaigns
from reconciler.core.plan.suppressions import Suppressed
from reconciler.errors import PlanRefused


def plan(
    desired: DesiredState,
    observed: ObservedState,
    options: PlanOptions,
    contact_changes: ContactChanges | None = None,
) -> Plan:
    """Say what must change so that the database is what the manifests of one source say.

    `contact_changes` takes the changes of contacts, one after the other; by default, memory holds them.

    Raises PlanRefused, with every reason and its place, where a closed campaign would be reopened (R-LIFE-3),
    an object belongs to another source (R-PLAN-5), a release names no campaign of the source, or a list calls
    contacts of a campaign again that is not there, or another number of them than is expected.
    """
    redial = redialled(desired, observed, options)
    desired = redial.desired
    objects = plan_objects(desired, observed, options)
    objects.changes = list(redial.with_counts(objects.changes))
    orphans = list(plan_orphans(desired, observed, options, specs_after(observed, objects.changes)))
    changes = [*objects.changes, *(orphan for orphan in orphans if isinstance(orphan, Change))]
    specs = specs_after(observed, changes)
    rules = rules_of_campaigns(specs)
    told = _Told(observed, options, rules, Suppressed(specs, observed.ledger, options.now))
    for change in changes:
        told.digest.see(change)
    into = FewChanges() if contact_changes is None else contact_changes
    contacts = plan_contacts(desired, observed, options, rules, (into.add, *told.tellers))
    _refuse([*objects.refusals, *redial.refusals, *contacts.refusals, *_unknown_releases(desired, options)])
    before = rules_of_campaigns({key: live.spec for key, live in observed.objects.items()})
    shifts = shifts_between(before, rules)
    proposal = told.proposal(desired, changes, contacts.members, shifts)
    notices = [
        *objects.notices,
        *(orphan for orphan in orphans if isinstance(orphan, Notice)),
        *_standing_holds(observed, options, rules, {notice.key for notice in objects.notices}),
        *contacts.notices,
        *contacts.renames.notices(into),
        *desired.notices,
    ]
    return Plan(
        source=options.source,
        serial=observed.serial,
        digest=told.digest.text(),
        objects=changes,
        contacts=into,
        groups=told.groups,
        unchanged=objects.unchanged + contacts.unchanged,
        notices=notices,
        guards=tripped(proposal),
        effects=proposal.effects,
        rules=rules,
        sweeps=tuple(sweeps(shifts)),
        stamps=contacts.stamps,
        remembered=objects.remembered,
        lists=desired.lists,
    )


class _Told:
    """Those who are told each change of a contact as it is planned, and what they make of all of them."""

    def __init__(
        self,
        observed: ObservedState,
        options: PlanOptions,
        rules: Mapping[ObjectKey, CampaignRules],
        suppressed: Suppressed,
    ) -> None:
        self._observed = observed
        self._options = options
        self._rules = rules
        self._suppressed = suppressed
        self._effects = ContactEffects(rules, suppressed)
        self._called_lately = CalledLately(rules, suppressed, observed.recent_calls)
        self.groups = ContactGroups()
        self.digest = PlanDigest(observed.hash_key, options.source)
        self.tellers = (
            self.groups.see,
            self._effects.see,
            self._called_lately.see,
            self.digest.see_contact,
        )

    def proposal(
        self,
        desired: DesiredState,
        changes: Sequence[Change],
        members: Mapping[ObjectKey, int],
        shifts: Sequence[Shift],
    ) -> Proposal:
        """Give what the guards judge."""
        return Proposal(
            desired,
            self._observed,
            self._options,
            changes,
            self.groups,
            self._effects,
            self._called_lately,
            members,
            self._rules,
            shifts,
            self._suppressed,
        )


def _refuse(reasons: Sequence[tuple[Origin | None, str]]) -> None:
    if reasons:
        lines = [f"{origin.file}:{origin.line}: {text}" if origin else text for origin, text in reasons]
        raise PlanRefused("\n".join(lines), hint="nothing was changed")


def _unknown_releases(desired: DesiredState, options: PlanOptions) -> Iterator[tuple[Origin | None, str]]:
    declared = {item.key for item in desired.objects}
    for key in sorted(options.releases - declared):
        yield (
            None,
            (
                f"--release campaign/{key.name}: source {options.source!r} declares no such campaign in "
                f"organization {key.org!r}; dialctl start lifts the hold of any campaign"
            ),
        )


def _standing_holds(
    observed: ObservedState,
    options: PlanOptions,
    rules: dict[ObjectKey, CampaignRules],
    told: set[ObjectKey | None],
) -> Iterator[Notice]:
    """Say which campaigns would dial, were they not held."""
    for key, holds in sorted(observed.holds.items()):
        live = observed.objects[key]
        if key in told or key not in rules or rules[key].status != "active" or live.object_id is None:
            continue
        covering = [hold for hold in holds if still_covers(hold, live.object_id, rules[key])]
        if covering and key not in options.releases:
            yield Notice("held", key, f"{hold_text(covering[0])}; {release_hint(key)}")
