"""Attempts and conversations as records: history, oldest first; a limit keeps the newest."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, FromClause, Select, func, or_, select

from reconciler.store.attempts import RUNNING_AND_PAST
from reconciler.store.columns import AnyRow
from reconciler.store.identity import CampaignRef, OrganizationRef
from reconciler.store.reads.contacts import ROWS_AT_A_TIME, Record
from reconciler.store.tables import campaign, contact, conversation


@dataclass(frozen=True, slots=True)
class History:
    """Which part of the history is asked for.

    `status` is a state or an outcome of attempts, a status of conversations. `unused`: attempts that were not
    used, too. `contact_id` and `id` narrow it down to one contact, or one entry.
    """

    org: OrganizationRef
    campaign: CampaignRef | None = None
    status: str | None = None
    unused: bool = False
    contact_id: UUID | None = None
    id: UUID | None = None

    def of(self, table: FromClause) -> list[ColumnElement[bool]]:
        """Give the conditions on attempts or conversations, as far as they are alike."""
        inside = table.c.org_id == self.org.id
        where = [inside if self.campaign is None else table.c.campaign_key == self.campaign.key]
        if self.contact_id is not None:
            where.append(table.c.contact_id == self.contact_id)
        if self.id is not None:
            where.append(table.c.id == self.id)
        return where


def attempt_records(connection: Connection, asked: History, limit: int | None = None) -> Iterator[Record]:
    """Stream attempts in the shape of interface.md; without `unused`, those that run or were used."""
    names = (campaign.c.external_id.label("campaign"), contact.c.external_id.label("contact"))
    parts = [
        _newest(
            connection,
            _with_names(select(source, *names), source).where(*_attempts(asked, source)),
            source,
            limit,
        )
        for source in RUNNING_AND_PAST
    ]
    rows = merge(*parts, key=attrgetter("id"))
    for row in rows if limit is None else deque(rows, maxlen=limit):
        yield attempt_record(row, asked.org.name)


def count_attempts(connection: Connection, asked: History) -> int:
    """Count attempts."""
    return sum(
        _count(connection, select(func.count()).select_from(source).where(*_attempts(asked, source)))
        for source in RUNNING_AND_PAST
    )


def attempt_record(row: AnyRow, org: str) -> Record:
    """Give an attempt's row, with the names of its campaign and contact, as a record."""
    return {
        "id": row.id,
        "org": org,
        "campaign": row.campaign,
        "contact": row.contact or str(row.contact_id),
        "number": row.number,
        "attempt": row.attempt,
        "started_at": row.placing_at or row.intent_at,
        "ended_at": row.ended_at,
        "timezone": row.timezone,
        "outcome": row.outcome,
        "disposition": row.disposition,
        "used": row.used,
        "state": row.state,
        "conversation_id": row.conversation_id,
        "agent_id": row.agent_id,
        "agent_version": row.agent_version,
        "agent_number": row.agent_number,
        "gateway": row.gateway,
    }


def conversation_records(
    connection: Connection, asked: History, limit: int | None = None
) -> Iterator[Record]:
    """Stream conversations."""
    names = (campaign.c.external_id.label("campaign"), contact.c.external_id.label("contact"))
    statement = _with_names(select(conversation, *names), conversation).where(*_conversations(asked))
    for row in _newest(connection, statement, conversation, limit):
        yield {
            "id": row.id,
            "org": asked.org.name,
            "campaign": row.campaign,
            "contact": row.contact or str(row.contact_id),
            "attempt_id": row.attempt_id,
            "status": row.status,
            "created_at": row.created_at,
            "answered_at": row.answered_at,
            "ended_at": row.ended_at,
            "transcript": row.transcript or [],
            "recording_url": row.recording_url,
        }


def count_conversations(connection: Connection, asked: History) -> int:
    """Count conversations."""
    return _count(connection, select(func.count()).select_from(conversation).where(*_conversations(asked)))


def _attempts(asked: History, source: FromClause) -> list[ColumnElement[bool]]:
    where = asked.of(source)
    if asked.status:
        where.append(or_(source.c.state == asked.status, source.c.outcome == asked.status))
    if not asked.unused:
        where.append(or_(source.c.used.is_(None), source.c.used))
    return where


def _conversations(asked: History) -> list[ColumnElement[bool]]:
    where = asked.of(conversation)
    return [*where, conversation.c.status == asked.status] if asked.status else where


def _with_names(statement: Select[*tuple[Any, ...]], table: FromClause) -> Select[*tuple[Any, ...]]:
    """Join the campaign, which ad hoc contacts have not, and the contact."""
    return statement.outerjoin(campaign, campaign.c.id == table.c.campaign_key).join(
        contact, contact.c.id == table.c.contact_id
    )


def _newest(
    connection: Connection, statement: Select[*tuple[Any, ...]], table: FromClause, limit: int | None
) -> Iterator[AnyRow]:
    """Give rows by id, which grows with time; with a limit the newest ones, still oldest first."""
    if limit is not None:
        found = connection.execute(statement.order_by(table.c.id.desc()).limit(limit)).all()
        yield from reversed(found)
        return
    yield from connection.execute(statement.order_by(table.c.id).execution_options(yield_per=ROWS_AT_A_TIME))


def _count(connection: Connection, statement: Select[int]) -> int:
    return int(connection.execute(statement).scalar_one())
