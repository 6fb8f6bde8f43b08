"""Looks up which numbers were called lately, by any campaign of an organization (guard `recontact`).

Ids of attempts grow with time, so an index on the number and the id leads to the few attempts that count:
the cost is that of the numbers asked for, however many years of history there are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cached_property
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from reconciler.core.months import first_id_at
from reconciler.core.plan.recontact import WITHIN
from reconciler.spec.model import DEFAULT
from reconciler.store.portions import chunks
from reconciler.store.prepared import Prepared
from reconciler.store.tables import attempt, campaign, open_attempt, organization

_ANY_PAST = select(attempt.c.id).where(attempt.c.id >= bindparam("since")).limit(1)
_ANY_OPEN = select(open_attempt.c.id).limit(1)
_PAST = Prepared(
    select(attempt.c.id, attempt.c.number, attempt.c.campaign_key).where(
        attempt.c.number.in_(bindparam("numbers", expanding=True)),
        attempt.c.id >= bindparam("since"),
        attempt.c.org_id == bindparam("org_id"),
        attempt.c.used.is_not(False),  # what provably never rang is no call (R-RETRY-1)
    )
)
_OPEN = Prepared(
    select(open_attempt.c.id, open_attempt.c.number, open_attempt.c.campaign_key).where(
        open_attempt.c.number.in_(bindparam("numbers", expanding=True)),
        open_attempt.c.org_id == bindparam("org_id"),
    )
)


class RecentCallsLookup:
    """Tells which numbers were called within 30 days before an instant, or are on a call now."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._since = first_id_at(now - WITHIN)

    def called_among(self, org: str, numbers: Collection[str]) -> Mapping[str, str]:
        """Give those of an organization's numbers that were called, with the campaign that did so last."""
        org_id = self._org_ids.get(org)
        if org_id is None or not self._any:
            return {}
        newest: dict[str, tuple[UUID, UUID]] = {}
        for chunk in chunks(sorted(numbers)):
            given = {"numbers": chunk, "org_id": org_id, "since": self._since}
            for row in (*_PAST.rows(self._connection, given), *_OPEN.rows(self._connection, given)):
                call = (row.id, row.campaign_key)
                newest[row.number] = max(newest.get(row.number, call), call)
        return {number: self._campaigns.get(key, DEFAULT) for number, (_, key) in newest.items()}

    @cached_property
    def _any(self) -> bool:
        """Tell whether anybody was called at all: before the first calls nothing is looked up."""
        past = self._connection.execute(_ANY_PAST, {"since": self._since}).first()
        return past is not None or self._connection.execute(_ANY_OPEN).first() is not None

    @cached_property
    def _org_ids(self) -> Mapping[str, UUID]:
        rows = self._connection.execute(select(organization.c.name, organization.c.id))
        return {row.name: row.id for row in rows}

    @cached_property
    def _campaigns(self) -> Mapping[UUID, str]:
        rows = self._connection.execute(select(campaign.c.id, campaign.c.external_id))
        return {row.id: row.external_id for row in rows}
