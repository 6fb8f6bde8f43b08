"""The guard `recontact`: new contacts whose phones rang lately, whatever their ids were then (R-PLAN-6).

A person is a number: an export with new keys, a campaign under a new name and a list that is dialled again
call the same people once more, and nothing else in a plan shows it. Contacts that are there already go on
with their retries, and are not looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice

from reconciler.core.desired import ObjectKey
from reconciler.core.plan.change import ContactChange
from reconciler.core.plan.counting import counted
from reconciler.core.plan.impact import Proposal
from reconciler.core.settlement import ContactStatus

WITHIN = timedelta(days=30)
"""A call longer ago is no reason to ask a reviewer."""

AT_A_TIME = 10_000
"""So many contacts are looked up together, so that a million of them need no million numbers at once."""

_NOT_THERE = (None, ContactStatus.WITHDRAWN)


@dataclass(slots=True)
class _NewContacts:
    """The new contacts of one campaign: how many, and how many of them each campaign has called lately."""

    total: int = 0
    called_by: Counter[str] = field(default_factory=Counter)


def recontact(proposal: Proposal) -> Iterator[str]:
    """Any new contact, or one that returns, with a number that was called in the last 30 days."""
    found: dict[ObjectKey, _NewContacts] = {}
    new = (change for change in proposal.contacts if _is_new(change, proposal))
    for changes in _portions(new):
        callers = _callers(changes, proposal)
        for change in changes:
            of_campaign = found.setdefault(change.campaign, _NewContacts())
            of_campaign.total += 1
            known = callers.get(change.key.org, {})
            caller = next((known[n] for n in change.after["phone_numbers"] if n in known), None)
            if caller is not None:
                of_campaign.called_by[caller] += 1
    for campaign, contacts in sorted(found.items()):
        if contacts.called_by:
            yield _text(campaign, contacts)


def _is_new(change: ContactChange, proposal: Proposal) -> bool:
    """Tell whether a contact that was not there will be called; while its campaign is paused, later.

    A person who starts the campaign then sees no plan, so this one is where they can be asked.
    """
    waits = change.status_before in _NOT_THERE and change.status_after == ContactStatus.PENDING
    rules = proposal.rules.get(change.campaign)
    return waits and (change.key.campaign is None or (rules is not None and rules.status != "closed"))


def _callers(changes: Iterable[ContactChange], proposal: Proposal) -> Mapping[str, Mapping[str, str]]:
    """Give, by organization, the numbers that were called, and by which campaign.

    A number that is suppressed for good is left out: it is not called again, be there others beside it.
    """
    numbers: dict[str, set[str]] = {}
    for change in changes:
        org = change.key.org
        numbers.setdefault(org, set()).update(
            number
            for number in change.after["phone_numbers"]
            if not proposal.suppressed.stops_for_good(org, (number,))
        )
    return {org: proposal.observed.recent_calls.called_among(org, some) for org, some in numbers.items()}


def _portions(changes: Iterator[ContactChange]) -> Iterator[Sequence[ContactChange]]:
    while portion := tuple(islice(changes, AT_A_TIME)):
        yield portion


def _text(campaign: ObjectKey, contacts: _NewContacts) -> str:
    count = contacts.called_by.total()
    have = "has" if count == 1 else "have"
    callers = ", ".join(f"{by:,} by campaign {name}" for name, by in sorted(contacts.called_by.items()))
    return (
        f"of {counted(contacts.total, 'new contact')} of {campaign}, {count:,} {have} a number that was "
        f"called in the last {WITHIN.days} days: {callers}"
    )
