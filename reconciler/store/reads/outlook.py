"""Figures of a whole stretch of dialing, for the forecast of a simulation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from heapq import merge
from operator import attrgetter
from uuid import UUID

from sqlalchemy import Connection, and_, func, select

from reconciler.core.forecast import FOR_EVER, CallMade, Outlook, outlooks
from reconciler.core.lanes import NEVER
from reconciler.store.attempts import RUNNING_AND_PAST
from reconciler.store.columns import AnyRow
from reconciler.store.numbers import PARKED_SUPPRESSED
from reconciler.store.tables import IS_PENDING, campaign, contact, organization

ADHOC = "ad hoc"
_FOR_EVER = and_(IS_PENDING, contact.c.parked == PARKED_SUPPRESSED, contact.c.due_at >= NEVER)
_COUNTS = (
    select(
        contact.c.campaign_key,
        contact.c.status,
        contact.c.reason,
        campaign.c.status.label("campaign_status"),
        func.count().label("many"),
        func.count().filter(_FOR_EVER).label("for_ever"),
    )
    .outerjoin(campaign, campaign.c.id == contact.c.campaign_key)
    .group_by(contact.c.campaign_key, contact.c.status, contact.c.reason, campaign.c.status)
)


def read_outlooks(connection: Connection) -> list[Outlook]:
    """Sum up every campaign that has contacts, most urgent first; organizations in order of their names."""
    names = _names(connection)
    contacts: dict[str, dict[tuple[str, str | None], int]] = {name: {} for name in names.values()}
    for row in connection.execute(_COUNTS):
        paused = row.campaign_status not in {None, "active"} and row.status == "pending"
        reason = f"the campaign is {row.campaign_status}" if paused else row.reason
        counts = contacts[names[row.campaign_key]]
        for why, many in ((reason, row.many - row.for_ever), (FOR_EVER, row.for_ever)):
            if many:
                counts[row.status, why] = counts.get((row.status, why), 0) + many
    used = {name: counts for name, counts in contacts.items() if counts}
    return outlooks(_calls(connection, names), used)


def _names(connection: Connection) -> dict[UUID, str]:
    """Give `org/campaign` by campaign key, in the order of dialing."""
    declared = connection.execute(
        select(campaign.c.id, organization.c.name, campaign.c.external_id)
        .join(organization, organization.c.id == campaign.c.org_id)
        .order_by(organization.c.name, campaign.c.priority.desc(), campaign.c.external_id)
    )
    by_org: dict[str, dict[UUID, str]] = defaultdict(dict)
    for row in connection.execute(select(organization.c.adhoc_key, organization.c.name)):
        by_org[row.name][row.adhoc_key] = f"{row.name}/{ADHOC}"
    for one in declared:
        by_org[one.name][one.id] = f"{one.name}/{one.external_id}"
    return {key: name for _, names in sorted(by_org.items()) for key, name in names.items()}


def _calls(connection: Connection, names: dict[UUID, str]) -> Iterator[CallMade]:
    by_source = [
        connection.execute(
            select(
                source.c.id,
                source.c.campaign_key,
                source.c.placing_at,
                source.c.answered_at,
                source.c.ended_at,
                source.c.outcome,
                source.c.used,
            )
            .where(source.c.placing_at.is_not(None))
            .order_by(source.c.id)
            .execution_options(yield_per=1000)
        )
        for source in RUNNING_AND_PAST
    ]
    for row in merge(*by_source, key=attrgetter("id")):
        yield CallMade(
            names[row.campaign_key], row.placing_at, row.ended_at, _talked(row), row.outcome, bool(row.used)
        )


def _talked(row: AnyRow) -> timedelta:
    if row.answered_at is None or row.ended_at is None:
        return timedelta(0)
    talked: timedelta = row.ended_at - row.answered_at
    return max(timedelta(0), talked)
