"""Campaigns that look renamed: a new one with contacts of one that is gone. Nothing links the two.

Attempts belong to a contact of a campaign, so a new name calls its people anew; a reviewer should know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from reconciler.core.desired import DesiredState, Notice, ObjectKey
from reconciler.core.plan.change import Action, ContactChange
from reconciler.core.plan.counting import counted
from reconciler.core.plan.observed import ObservedContact, ObservedState
from reconciler.core.plan.rules import campaign_key
from reconciler.core.settlement import ContactStatus

CAMPAIGN = "Campaign"


class Renames:
    """Remembers, where a plan creates campaigns, whom those that are gone have called, or still would."""

    def __init__(self, desired: DesiredState, observed: ObservedState) -> None:
        self._declared = {item.key for item in desired.objects if item.key.kind == CAMPAIGN}
        self._created = self._declared - observed.objects.keys()
        self._orgs = {key.org for key in self._created}
        self._closed = {key for key, live in observed.objects.items() if live.status == "closed"}
        self._redials = desired.redials
        self._contacts: dict[ObjectKey, set[str]] = {}

    def see(self, live: ObservedContact) -> None:
        """Take a live contact that the manifests do not declare."""
        if live.org not in self._orgs or live.campaign is None:
            return
        campaign = campaign_key(live.org, live.campaign)
        is_closed = campaign in self._closed
        waits = not is_closed and live.status is not ContactStatus.WITHDRAWN
        if (is_closed or campaign not in self._declared) and (live.used or waits):
            self._contacts.setdefault(campaign, set()).add(live.external_id)

    def notices(self, changes: Iterable[ContactChange]) -> Iterator[Notice]:
        """Say of each new campaign how many of its contacts are those of one that is gone, by external id."""
        again: Counter[tuple[ObjectKey, ObjectKey]] = Counter()
        for change in changes if self._contacts else ():
            if change.action is Action.CREATE and change.campaign in self._created:
                for gone, names in self._contacts.items():
                    if (
                        gone.org == change.key.org
                        and change.key.name in names
                        and not self._is_meant(change, gone)
                    ):
                        again[change.campaign, gone] += 1
        for (campaign, gone), count in sorted(again.items()):
            state = "closed" if gone in self._closed else "no longer declared"
            text = (
                f"{counted(count, 'contact')} of {gone}, which is {state}, would be called again as contacts "
                f"of {campaign}: a new name is a new campaign, without the attempts of the old one"
            )
            yield Notice("warning", campaign, text)

    def _is_meant(self, change: ContactChange, gone: ObjectKey) -> bool:
        """Tell whether the contact is on a list that says so: it calls that campaign's contacts again."""
        redial = self._redials.get(change.list_after) if change.list_after else None
        return redial is not None and redial.campaign == gone
