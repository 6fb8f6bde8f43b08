"""Reads the dial book and the standing holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, select

from reconciler.core.agents import Agent
from reconciler.core.book import DialBook, Tenancy, Terms, adhoc_terms
from reconciler.core.holds import Blamed, Hold, HoldCause, HoldScope
from reconciler.core.windows import CallingWindows
from reconciler.spec.configuration import ConfigurationSpec
from reconciler.store.columns import AnyRow
from reconciler.store.prepared import Prepared
from reconciler.store.schema_range import require_release
from reconciler.store.tables import (
    campaign,
    configuration,
    dialer,
    hold,
    installation,
    organization,
    schema_revision,
)

_VERSIONS = Prepared(
    select(
        installation.c.state_serial,
        installation.c.environment,
        select(func.max(schema_revision.c.oldest_release)).scalar_subquery().label("oldest_release"),
        select(func.coalesce(func.max(hold.c.seq), 0)).scalar_subquery().label("newest_hold"),
        select(func.count())
        .select_from(hold)
        .where(hold.c.released_at.is_(None))
        .scalar_subquery()
        .label("standing_holds"),
        select(dialer.c.lease_until)
        .where(dialer.c.id == bindparam("own_id"))
        .scalar_subquery()
        .label("own_lease_until"),
    )
)
_STANDING = select(hold).where(hold.c.released_at.is_(None)).order_by(hold.c.seq)
_CAMPAIGNS = select(
    campaign,
    configuration.c.spec,
    configuration.c.revision,
    configuration.c.serial.label("configuration_serial"),
    configuration.c.source_revision.label("configuration_source_revision"),
).join(configuration, configuration.c.id == campaign.c.configuration_id)


class BookReader:
    """Reads the dial book and the standing holds, anew only when they have changed.

    Changes show in the serial and the stamp, in the newest hold ever set, and in how many stand. Where it
    knows the dialer that it reads for, it also sees until when that one's lease lasts (`own_lease_until`).
    """

    def __init__(self, own_id: UUID | None = None) -> None:
        self.own_lease_until: datetime | None = None
        self._own_id = own_id
        self._book: DialBook | None = None
        self._holds: tuple[Hold, ...] = ()
        self._holds_version = (-1, -1)
        self._compiled: dict[str, tuple[ConfigurationSpec, CallingWindows]] = {}

    def read(self, connection: Connection) -> tuple[DialBook, tuple[Hold, ...]]:
        """Give the book and the holds as of now; one small statement where nothing has changed.

        Raises SchemaOutOfRange where the schema has become one that this release does not work with.
        """
        [versions] = _VERSIONS.rows(connection, {"own_id": self._own_id})
        require_release(versions.oldest_release)
        self.own_lease_until = versions.own_lease_until
        book_version = (versions.state_serial, versions.environment)
        if self._book is None or (self._book.serial, self._book.environment) != book_version:
            self._book = self._load(connection)
        holds_version = (versions.newest_hold, versions.standing_holds)
        if self._holds_version != holds_version:
            self._holds, self._holds_version = tuple(standing_holds(connection)), holds_version
        return self._book, self._holds

    def forget(self) -> None:
        """Know nothing any more: what was read in a transaction that failed may not hold."""
        self._book, self._holds, self._holds_version = None, (), (-1, -1)

    def _load(self, connection: Connection) -> DialBook:
        row = connection.execute(select(installation)).one()
        organizations = {org.id: org for org in map(_tenancy, connection.execute(select(organization)))}
        terms = {org.adhoc_key: adhoc_terms(org) for org in organizations.values()}
        for declared in connection.execute(_CAMPAIGNS):
            terms[declared.id] = self._terms(declared)
        return DialBook(
            serial=row.state_serial,
            environment=row.environment,
            global_limit=row.global_concurrency_limit,
            hash_key=row.hash_key,
            organizations=organizations,
            terms=terms,
        )

    def _terms(self, row: AnyRow) -> Terms:
        spec, windows = self._compile(row.revision, row.spec)
        own = Agent(row.agent_id, row.agent_version, row.agent_number)
        return Terms(
            key=row.id,
            org_id=row.org_id,
            name=row.external_id,
            status=row.status,
            priority=row.priority,
            agent=own.over(Agent(spec.agent_id, spec.agent_version, spec.agent_number)),
            start_at=row.start_at,
            end_at=row.end_at,
            policy=spec.dialing,
            windows=windows,
            infer_timezone=spec.schedule.infer_timezone,
            default_timezone=spec.schedule.default_timezone,
            revision=row.revision,
            source_revision=_newest_source_revision(row),
        )

    def _compile(self, revision: str, spec: dict[str, Any]) -> tuple[ConfigurationSpec, CallingWindows]:
        if revision not in self._compiled:
            parsed = ConfigurationSpec.model_validate(spec)
            self._compiled[revision] = (parsed, CallingWindows(parsed.schedule))
        return self._compiled[revision]


def standing_holds(connection: Connection) -> list[Hold]:
    """Give every hold that is not released, oldest first; some may have run out by now."""
    return [_hold(row) for row in connection.execute(_STANDING)]


def _newest_source_revision(row: AnyRow) -> str | None:
    newer_campaign = row.serial >= row.configuration_serial
    found: str | None = row.source_revision if newer_campaign else row.configuration_source_revision
    return found


def _tenancy(row: AnyRow) -> Tenancy:
    limits = {caller["number"]: caller["max_concurrent_calls"] for caller in row.caller_ids}
    return Tenancy(row.id, row.name, row.concurrency_limit, row.adhoc_key, limits)


def _hold(row: AnyRow) -> Hold:
    return Hold(
        id=row.id,
        seq=row.seq,
        scope=HoldScope(row.scope),
        value=row.value,
        cause=HoldCause(row.cause),
        reason=row.reason,
        actor=row.actor,
        created_at=row.created_at,
        expires_at=row.expires_at,
        org_id=row.org_id,
        blamed=Blamed(**row.detail) if row.detail else None,
        hang_up=row.hang_up,
    )
