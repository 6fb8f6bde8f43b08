"""Reads what surrounds a plan: holds, what is left to call, who changed what by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, case, func, or_, select

from reconciler.core.agents import NO_AGENT
from reconciler.core.desired import ObjectKey
from reconciler.core.holds import Hold, HoldScope
from reconciler.core.plan.change import Attribution
from reconciler.core.plan.observed import WaitingContacts
from reconciler.core.settlement import CALLBACK_DUE, ContactStatus
from reconciler.store.book import standing_holds
from reconciler.store.tables import contact, event, organization, suppression, tally

CampaignIds = dict[UUID, ObjectKey]

COUNTED_ATTEMPTS = (
    contact.c.attempts - contact.c.attempts_forgiven - case((contact.c.callback == CALLBACK_DUE, 1), else_=0)
)
"""Used attempts as the cap sees them: a callback that is due may exceed it by one (R-RETRY-3)."""

WITHOUT_OWN_AGENT = (contact.c.agent_id.is_(None), contact.c.agent_config.is_(None))
FOR_WANT_OF_AN_AGENT = (contact.c.status == ContactStatus.ERROR.value, contact.c.reason == NO_AGENT)

_LEFT = (ContactStatus.PENDING.value, ContactStatus.LOCKED.value, ContactStatus.IN_PROGRESS.value)
_LEFT_TO_CALL = (
    select(tally.c.campaign_key, func.sum(tally.c.count))
    .where(tally.c.name.in_(_LEFT))
    .group_by(tally.c.campaign_key)
)
_BY_ATTEMPTS = (
    select(COUNTED_ATTEMPTS, func.count())
    .where(contact.c.campaign_key == bindparam("campaign"), contact.c.status == ContactStatus.PENDING.value)
    .group_by(COUNTED_ATTEMPTS)
)
_AGENTLESS = (
    select(contact.c.status, func.count())
    .where(contact.c.campaign_key == bindparam("campaign"), *WITHOUT_OWN_AGENT)
    .group_by(contact.c.status)
)
_LAST_CHANGE_BY_HAND = (
    select(event.c.actor, event.c.at)
    .where(event.c.object_id == bindparam("object_id"), event.c.apply_id.is_(None))
    .order_by(event.c.seq.desc())
    .limit(1)
)
_LEDGER = (
    select(suppression.c.number, suppression.c.expires_at)
    .join(organization, organization.c.id == suppression.c.org_id)
    .where(
        organization.c.name == bindparam("org"),
        suppression.c.list_id.is_(None),
        suppression.c.removed_at.is_(None),
        or_(suppression.c.expires_at.is_(None), suppression.c.expires_at > bindparam("now")),
    )
)


def holds_on(
    connection: Connection, campaigns: CampaignIds, now: datetime
) -> dict[ObjectKey, tuple[Hold, ...]]:
    """Give the standing holds on single campaigns, oldest first."""
    by_value = {str(id_): key for id_, key in campaigns.items()}
    found: dict[ObjectKey, list[Hold]] = defaultdict(list)
    for hold in standing_holds(connection):
        if hold.scope is HoldScope.CAMPAIGN and hold.value in by_value and hold.stands(now):
            found[by_value[hold.value]].append(hold)
    return {key: tuple(holds) for key, holds in found.items()}


def left_to_call(connection: Connection, campaigns: CampaignIds) -> dict[ObjectKey, int]:
    """Count pending, locked and in-progress contacts per campaign."""
    rows = connection.execute(_LEFT_TO_CALL)
    return {campaigns[id_]: int(count) for id_, count in rows if id_ in campaigns}


class WaitingLookup:
    """Counts what new rules would meet in a campaign; asked only where rules change."""

    def __init__(self, connection: Connection, campaigns: CampaignIds) -> None:
        self._connection = connection
        self._ids = {key: id_ for id_, key in campaigns.items()}

    def get(self, key: ObjectKey, /) -> WaitingContacts | None:
        """Give the counts of one campaign, None for one that does not exist."""
        if key not in self._ids:
            return None
        campaign = {"campaign": self._ids[key]}
        used = {int(attempts): count for attempts, count in self._connection.execute(_BY_ATTEMPTS, campaign)}
        agentless = {str(status): count for status, count in self._connection.execute(_AGENTLESS, campaign)}
        in_error = select(func.count()).where(
            contact.c.campaign_key == campaign["campaign"], *FOR_WANT_OF_AN_AGENT
        )
        return WaitingContacts(
            used,
            agentless.get(ContactStatus.PENDING.value, 0),
            self._connection.execute(in_error).scalar_one(),
        )


class ChangedByLookup:
    """Tells who changed an object or a contact last by hand; asked only where there is drift."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: UUID, /) -> Attribution | None:
        """Give who and when, None where the log knows of no change by hand."""
        row = self._connection.execute(_LAST_CHANGE_BY_HAND, {"object_id": key}).one_or_none()
        return Attribution(row.actor, row.at) if row else None


class LedgerLookup:
    """Gives the numbers that a ledger suppresses at an instant; asked where somebody becomes callable."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def get(self, key: str, /) -> Mapping[str, bool]:
        """Give the numbers (E.164) of the organization of this name: for good, or until an entry runs out."""
        found: dict[str, bool] = {}
        for number, expires_at in self._connection.execute(_LEDGER, {"org": key, "now": self._now}):
            found[number] = expires_at is None or found.get(number, False)
        return found
