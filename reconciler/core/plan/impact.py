"""What a plan means for the people who would be called: counted for reviewers, and judged by the guards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from reconciler.core.desired import DesiredState, Json, ObjectKey
from reconciler.core.plan.change import Action, Change, ContactChange, Transition
from reconciler.core.plan.contact_groups import ContactGroups
from reconciler.core.plan.observed import ObservedState
from reconciler.core.plan.plan import Effect, PlanOptions, Sweep
from reconciler.core.plan.recontact import CalledLately
from reconciler.core.plan.rules import CampaignRules
from reconciler.core.plan.standing import OPEN
from reconciler.core.plan.suppressions import Suppressed
from reconciler.core.settlement import ContactStatus


class Shift(NamedTuple):
    """The rules of a campaign that exists and is not closed, before and after the plan."""

    campaign: ObjectKey
    before: CampaignRules
    after: CampaignRules

    @property
    def stays_active(self) -> bool:
        """True for a campaign that dials before and after."""
        return self.before.status == self.after.status == "active"


class ContactEffects:
    """Counts, campaign by campaign, what the changes of contacts mean for people, as they go by."""

    def __init__(self, rules: Mapping[ObjectKey, CampaignRules], suppressed: Suppressed) -> None:
        self._rules = rules
        self._suppressed = suppressed
        self._dials: dict[ObjectKey, bool] = {}
        self.by_campaign: dict[ObjectKey, Counter[str]] = {}

    def see(self, change: ContactChange) -> None:
        """Count one more."""
        campaign = change.campaign
        counts = self.by_campaign.get(campaign)
        if counts is None:
            counts = self.by_campaign[campaign] = Counter()
            self._dials[campaign] = change.key.campaign is None or _is_active(campaign, self._rules)
        is_in_call = change.status_before in OPEN
        if change.action is Action.WITHDRAW:
            counts["withdrawn"] += 1
            counts["withdrawn_in_call"] += is_in_call
            return
        counts["edited_in_call"] += is_in_call
        if change.status_after == ContactStatus.PENDING != change.status_before:
            if self._dials[campaign]:
                counts[self._callable(change)] += 1
            counts["cured"] += change.status_before == ContactStatus.ERROR
        elif change.status_after == ContactStatus.ERROR != change.status_before:
            counts["without_agent"] += 1

    def _callable(self, change: ContactChange) -> str:
        """R-SUP-1: callable now, or only once a suppression runs out, or never."""
        org, numbers = change.key.org, change.after["phone_numbers"]
        if not self._suppressed.stops(org, numbers):
            return "newly_callable"
        return "suppressed" if self._suppressed.stops_for_good(org, numbers) else "callable_later"


@dataclass(frozen=True)
class Proposal:
    """A plan before it is judged. `members` counts the source's contacts per list or campaign.

    `contacts` counts the changes of contacts, `contact_effects` what they mean for people, and
    `called_lately` who of those to be called has been called not long ago.
    """

    desired: DesiredState
    observed: ObservedState
    options: PlanOptions
    objects: Sequence[Change]
    contacts: ContactGroups
    contact_effects: ContactEffects
    called_lately: CalledLately
    members: Mapping[ObjectKey, int]
    rules: Mapping[ObjectKey, CampaignRules]
    shifts: Sequence[Shift]
    suppressed: Suppressed

    def left_to_call(self, campaign: ObjectKey) -> int:
        """Count the contacts that the campaign has still to call, before the plan."""
        return self.observed.left_to_call.get(campaign, 0)

    @cached_property
    def effects(self) -> tuple[Effect, ...]:
        """Give what the plan means for people, campaign by campaign."""
        return tuple(_effects(self))


def specs_after(observed: ObservedState, changes: Iterable[Change]) -> dict[ObjectKey, Mapping[str, Json]]:
    """Give the spec of every object once the changes are made."""
    specs = {key: live.spec for key, live in observed.objects.items()}
    for change in changes:
        if change.spec is None:
            specs.pop(change.key, None)
        else:
            specs[change.key] = change.spec
    return specs


def shifts_between(
    before: Mapping[ObjectKey, CampaignRules], after: Mapping[ObjectKey, CampaignRules]
) -> tuple[Shift, ...]:
    """Give the campaigns whose rules change, in the order of their keys."""
    return tuple(
        Shift(key, before[key], rules)
        for key, rules in sorted(after.items())
        if key in before and before[key].status != "closed" and before[key] != rules
    )


def sweeps(shifts: Iterable[Shift]) -> Iterator[Sweep]:
    """Give what the new rules do to contacts that no manifest touched (R-CONF-1, R-AGENT-2)."""
    for shift in shifts:
        cap_after = shift.after.dialing.max_attempts
        cap = cap_after if cap_after < shift.before.dialing.max_attempts else None
        had_agent, has_agent = shift.before.agent.agent_id is not None, shift.after.agent.agent_id is not None
        agent = has_agent if had_agent != has_agent else None
        if cap is not None or agent is not None:
            yield Sweep(shift.campaign, cap, agent)


def _effects(proposal: Proposal) -> Iterator[Effect]:
    """Count, campaign by campaign, who becomes callable and who no longer is."""
    counts = {key: Counter(found) for key, found in proposal.contact_effects.by_campaign.items()}

    def count(campaign: ObjectKey, what: str, by: int = 1) -> None:
        counts.setdefault(campaign, Counter())[what] += by

    unlooked: set[ObjectKey] = set()  # with contacts that are only counted, suppressed or not
    for campaign in sorted({moved.key for moved in proposal.objects if _opens(moved, proposal)}):
        count(campaign, "newly_callable", proposal.left_to_call(campaign))
        unlooked.add(campaign)
    for sweep in sweeps(proposal.shifts):
        for what, by in _of_sweep(sweep, proposal):
            count(sweep.campaign, what, by)
            if what == "newly_callable":
                unlooked.add(sweep.campaign)
    for campaign, counted in sorted(counts.items()):
        if any(counted.values()):
            at_most = campaign in unlooked and proposal.suppressed.any_in(campaign.org)
            yield Effect(campaign, **counted, at_most=at_most and counted["newly_callable"] > 0)


def _opens(moved: Change, proposal: Proposal) -> bool:
    """Tell whether a campaign starts, or may dial sooner, or again, by its `start_at` and `end_at`."""
    if moved.transition is Transition.START:
        return True
    live = proposal.observed.objects.get(moved.key)
    if moved.key.kind != "Campaign" or live is None or moved.spec is None:
        return False
    dials_both = live.status == moved.spec["status"] == "active"
    return dials_both and _begins_sooner(live.spec, moved.spec, proposal.options.now)


def _begins_sooner(before: Mapping[str, Json], after: Mapping[str, Json], now: datetime) -> bool:
    begins, ends = _instant(after["start_at"]), _instant(after["end_at"])
    if ends is not None and ends <= now:
        return False
    began, ended = _instant(before["start_at"]), _instant(before["end_at"])
    was_over = ended is not None and ended <= now
    return was_over or (began is not None and began > max(now, begins or now))


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _is_active(campaign: ObjectKey, rules: Mapping[ObjectKey, CampaignRules]) -> bool:
    return campaign in rules and rules[campaign].status == "active"


def _of_sweep(sweep: Sweep, proposal: Proposal) -> Iterator[tuple[str, int]]:
    waiting = proposal.observed.waiting.get(sweep.campaign)
    if waiting is None:
        return
    if sweep.cap is not None:
        yield "exhausted", sum(n for used, n in waiting.by_used_attempts.items() if used >= sweep.cap)
    if sweep.agent is False:
        yield "without_agent", waiting.without_agent
    if sweep.agent is True:
        yield "cured", waiting.in_error_without_agent
        if _is_active(sweep.campaign, proposal.rules):
            yield "newly_callable", waiting.in_error_without_agent
