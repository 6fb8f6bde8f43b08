"""Guards: each refuses one kind of plan that is easily a mistake, unless it is allowed by name (R-PLAN-6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reconciler.core.desired import ObjectKey
from reconciler.core.plan.change import Action, Transition
from reconciler.core.plan.counting import counted
from reconciler.core.plan.impact import Proposal, Shift
from reconciler.core.plan.plan import Effect, Tripped
from reconciler.core.plan.suppressions import shortens
from reconciler.core.policy_changes import added_attempts
from reconciler.core.window_changes import beyond_legal, widened
from reconciler.spec.configuration import ConfigurationSpec
from reconciler.spec.schedule import Schedule

WITHDRAW_SHARE = 0.20
WITHDRAW_CONTACTS = 1_000
START_CONTACTS = 500
CALLABLE_CONTACTS = 10_000
PRUNE_SHARE = 0.20
_SHOWN = 3

Guard = Callable[[Proposal], Iterator[str]]


def tripped(proposal: Proposal) -> tuple[Tripped, ...]:
    """Give the guards that refuse this plan and are not allowed by name, one line for each reason."""
    return tuple(
        Tripped(name, detail)
        for name, guard in GUARDS.items()
        if name not in proposal.options.allowed
        for detail in guard(proposal)
    )


def withdraw(proposal: Proposal) -> Iterator[str]:
    """More than 20 % of a list, or more than 1,000 contacts; small lists are no exemption."""
    gone = proposal.contacts.withdrawn()
    for group, count in sorted(gone.items()):
        members = proposal.members[group]
        if count > members * WITHDRAW_SHARE:
            yield f"of {counted(members, 'contact')} of {group}, {count:,} would be withdrawn"
    if (total := sum(gone.values())) > WITHDRAW_CONTACTS:
        yield f"{total:,} contacts would be withdrawn in all"


def close(proposal: Proposal) -> Iterator[str]:
    """A campaign that has contacts left to call."""
    for campaign in _moved(proposal, Transition.CLOSE):
        if left := proposal.left_to_call(campaign):
            yield f"{campaign} is closed for ever with {counted(left, 'contact')} left to call"


def start(proposal: Proposal) -> Iterator[str]:
    """A paused campaign with more than 500 callable contacts; creating a campaign is not starting one."""
    for campaign in _moved(proposal, Transition.START):
        if (left := proposal.left_to_call(campaign)) > START_CONTACTS:
            yield f"{campaign} starts with {left:,} contacts to call"


def newly_callable(proposal: Proposal) -> Iterator[str]:
    """More than 10,000 contacts callable, now or when a suppression runs out, in campaigns that exist."""
    existing = [effect for effect in proposal.effects if _exists(effect, proposal)]
    count = sum(effect.newly_callable + effect.callable_later for effect in existing)
    if count > CALLABLE_CONTACTS:
        yield f"{count:,} contacts become callable in campaigns that exist already"


def recontact(proposal: Proposal) -> Iterator[str]:
    """Any new contact, or one that returns, with a number that was called in the last 30 days."""
    yield from proposal.called_lately.texts()


def windows_widened(proposal: Proposal) -> Iterator[str]:
    """Calling windows of an active campaign open at an instant at which they were shut."""
    today = proposal.options.now.date()
    known: dict[tuple[int, int], tuple[str, ...]] = {}
    for shift in proposal.shifts:
        before, after = shift.before.schedule, shift.after.schedule
        if not shift.stays_active or before == after:
            continue
        pair = (id(before), id(after))
        if pair not in known:
            known[pair] = widened(before, after, today)
        if known[pair]:
            yield f"{shift.campaign} would call at hours that were shut: {_some(known[pair])}"


def windows_legal(proposal: Proposal) -> Iterator[str]:
    """A configuration gains a window beyond the hours from 08:00 to 21:00."""
    for change in proposal.objects:
        if change.key.kind != "Configuration" or change.spec is None:
            continue
        live = proposal.observed.objects.get(change.key)
        before = beyond_legal(_schedule(live.spec)) if live else ()
        new = tuple(text for text in beyond_legal(_schedule(change.spec)) if text not in before)
        if new:
            yield f"{change.key} calls outside the hours from 08:00 to 21:00: {_some(new)}"


def attempts_raised(proposal: Proposal) -> Iterator[str]:
    """More attempts per contact, or sooner ones, in an active campaign with contacts left to call."""
    for shift in _active_with_contacts(proposal):
        if added := added_attempts(shift.before.dialing, shift.after.dialing):
            yield f"{shift.campaign}: {_some(added)}"


def agent_changed(proposal: Proposal) -> Iterator[str]:
    """Another agent, or another version of it, speaks to the contacts of an active campaign."""
    for shift in _active_with_contacts(proposal):
        before, after = (
            (rules.agent.agent_id, rules.agent.agent_version) for rules in (shift.before, shift.after)
        )
        if before != after:
            yield f"{shift.campaign}: agent {_agent(*before)} becomes {_agent(*after)}"


def caller_id_changed(proposal: Proposal) -> Iterator[str]:
    """Another caller ID in an active campaign with contacts left to call."""
    for shift in _active_with_contacts(proposal):
        before, after = shift.before.agent.agent_number, shift.after.agent.agent_number
        if before != after:
            yield f"{shift.campaign}: caller ID {before or 'none'} becomes {after or 'none'}"


def suppression_shortened(proposal: Proposal) -> Iterator[str]:
    """An entry of a suppression list is removed, or expires earlier."""
    for change in proposal.objects:
        if count := sum(shortens(field) for field in change.fields):
            yield f"{change.key}: {counted(count, 'entry', 'entries')} removed or expiring earlier"


def source_empty(proposal: Proposal) -> Iterator[str]:
    """Nothing is declared any more by a source that owns objects."""
    owned = _owned(proposal)
    desired = proposal.desired
    if owned and not desired.objects and not len(desired.contacts) and not desired.known:
        source, objects = proposal.options.source, counted(owned, "object")
        yield f"source {source!r} declares nothing any more; it owns {objects}"


def prune(proposal: Proposal) -> Iterator[str]:
    """More than 20 % of the source's objects are pruned."""
    pruned = sum(change.declared is None for change in proposal.objects)
    if pruned > _owned(proposal) * PRUNE_SHARE:
        owned = counted(_owned(proposal), "object")
        yield f"of {owned} of source {proposal.options.source!r}, {pruned:,} would be pruned"


GUARDS: dict[str, Guard] = {
    "withdraw": withdraw,
    "close": close,
    "start": start,
    "callable": newly_callable,
    "recontact": recontact,
    "windows-widened": windows_widened,
    "windows-legal": windows_legal,
    "attempts-raised": attempts_raised,
    "agent-changed": agent_changed,
    "caller-id-changed": caller_id_changed,
    "suppression-shortened": suppression_shortened,
    "source-empty": source_empty,
    "prune": prune,
}
"""Every guard by the name that `--allow` takes."""


def _moved(proposal: Proposal, transition: Transition) -> Iterator[ObjectKey]:
    for change in proposal.objects:
        if change.transition is transition and change.action is not Action.CREATE:
            yield change.key


def _exists(effect: Effect, proposal: Proposal) -> bool:
    is_created = effect.campaign in proposal.rules and effect.campaign not in proposal.observed.objects
    return not is_created


def _active_with_contacts(proposal: Proposal) -> Iterator[Shift]:
    for shift in proposal.shifts:
        if shift.stays_active and proposal.left_to_call(shift.campaign):
            yield shift


def _schedule(spec: object) -> Schedule:
    assert isinstance(spec, dict)  # noqa: S101 - narrows the JSON of a configuration
    return ConfigurationSpec.model_validate({"schedule": spec["schedule"]}).schedule


def _owned(proposal: Proposal) -> int:
    """Count what the source owns; a closed campaign keeps its name, but there is nothing left to lose."""
    return sum(
        live.owner == proposal.options.source and live.status != "closed"
        for live in proposal.observed.objects.values()
    )


def _agent(agent_id: str | None, version: int | str | None) -> str:
    if agent_id is None:
        return "none"
    return agent_id if version is None else f"{agent_id} version {version}"


def _some(texts: tuple[str, ...]) -> str:
    more = f"; and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return "; ".join(texts[:_SHOWN]) + more
