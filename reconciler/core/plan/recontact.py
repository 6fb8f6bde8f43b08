"""Whose phone rang lately, among those whom a plan is about to call, whatever their ids were then (R-PLAN-6).

A person is a number: an export with new keys, a campaign under a new name and a list that is dialled again
call the same people once more, and nothing else in a plan shows it. Contacts that are there already go on
with their retries, and are not looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from reconciler.core.desired import ObjectKey
from reconciler.core.plan.change import ContactChange
from reconciler.core.plan.counting import counted
from reconciler.core.plan.observed import RecentCalls
from reconciler.core.plan.rules import CampaignRules
from reconciler.core.plan.suppressions import Suppressed
from reconciler.core.settlement import ContactStatus

WITHIN = timedelta(days=30)
"""A call longer ago is no reason to ask a reviewer."""

AT_A_TIME = 10_000
"""So many contacts are looked up together, so that a million of them need no million numbers at once."""

_NOT_THERE = (None, ContactStatus.WITHDRAWN)


@dataclass(slots=True)
class _NewContacts:
    """The new contacts of one campaign: how many, and how many of them each campaign has called lately.

    `waiting` are the numbers of those who have still to be looked up.
    """

    total: int = 0
    called_by: Counter[str] = field(default_factory=Counter)
    waiting: list[tuple[str, ...]] = field(default_factory=list)


class CalledLately:
    """Counts new contacts, or ones that return, with a number that was called in the last 30 days.

    They are looked up many at a time, as they go by. A number that is suppressed for good does not count: it
    is not called again, be there others beside it.
    """

    def __init__(
        self, rules: Mapping[ObjectKey, CampaignRules], suppressed: Suppressed, calls: RecentCalls
    ) -> None:
        self._rules = rules
        self._suppressed = suppressed
        self._calls = calls
        self._found: dict[ObjectKey, _NewContacts] = {}

    def see(self, change: ContactChange) -> None:
        """Take one more change."""
        if change.status_before not in _NOT_THERE or change.status_after != ContactStatus.PENDING:
            return
        campaign = change.campaign
        found = self._found.get(campaign)
        if found is None:
            if change.key.campaign is not None and not self._may_dial(campaign):
                return
            found = self._found[campaign] = _NewContacts()
        found.total += 1
        found.waiting.append(change.after["phone_numbers"])
        if len(found.waiting) >= AT_A_TIME:
            self._look_up(campaign, found)

    def texts(self) -> Iterator[str]:
        """Say of each campaign how many were called, and by whom; nothing where nobody was."""
        for campaign, found in sorted(self._found.items()):
            self._look_up(campaign, found)
            if found.called_by:
                yield _text(campaign, found)

    def _may_dial(self, campaign: ObjectKey) -> bool:
        """Tell whether a campaign will ever dial; while it is paused, later.

        A person who starts it then sees no plan, so this one is where they can be asked.
        """
        rules = self._rules.get(campaign)
        return rules is not None and rules.status != "closed"

    def _look_up(self, campaign: ObjectKey, found: _NewContacts) -> None:
        numbers = {number for several in found.waiting for number in several}
        callable_ = [n for n in numbers if not self._suppressed.stops_for_good(campaign.org, (n,))]
        callers = self._calls.called_among(campaign.org, callable_)
        for several in found.waiting if callers else ():
            caller = next((callers[number] for number in several if number in callers), None)
            if caller is not None:
                found.called_by[caller] += 1
        found.waiting.clear()


def _text(campaign: ObjectKey, contacts: _NewContacts) -> str:
    count = contacts.called_by.total()
    have = "has" if count == 1 else "have"
    callers = ", ".join(f"{by:,} by campaign {name}" for name, by in sorted(contacts.called_by.items()))
    return (
        f"of {counted(contacts.total, 'new contact')} of {campaign}, {count:,} {have} a number that was "
        f"called in the last {WITHIN.days} days: {callers}"
    )
