"""One contact with its history and every gate before its next call, as `describe contact` shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select

from reconciler.core.answers import answer
from reconciler.core.book import DialBook
from reconciler.core.explanation import Situation, gates
from reconciler.core.gates import Gate
from reconciler.core.lanes import zones_of_lane
from reconciler.core.settlement import ContactStatus
from reconciler.core.windows.tz_database import wall_time
from reconciler.store.attempts import RUNNING_AND_PAST
from reconciler.store.columns import AnyRow
from reconciler.store.history import ATTEMPTS
from reconciler.store.identity import CampaignRef, OrganizationRef
from reconciler.store.reads.archives import archived_months
from reconciler.store.reads.attempts import History, attempt_records
from reconciler.store.reads.contacts import Record, records_of
from reconciler.store.reads.events import events_of
from reconciler.store.reads.holds import suppression_records
from reconciler.store.reads.situations import read_situation
from reconciler.store.tables import conversation, inventory

LAST_EVENTS = 10
FINAL = frozenset(ContactStatus) - {
    ContactStatus.PENDING,
    ContactStatus.LOCKED,
    ContactStatus.IN_PROGRESS,
}


def contact_view(
    connection: Connection, place: CampaignRef, row: AnyRow, book: DialBook, now: datetime
) -> Record:
    """Give a contact's identity, numbers, history, events, gates and the answer, as one record."""
    situation = read_situation(connection, row, book, now)
    judged = gates(situation)
    agent = situation.waiting.agent.over(situation.terms.agent)
    _, zone_source = zones_of_lane(
        situation.lane.zone_key,
        infer=situation.terms.infer_timezone,
        default_timezone=situation.terms.default_timezone,
    )
    [record] = records_of(connection, [row], place, book, now)
    history = list(_history(connection, place, row.id))
    return {
        **record,
        "org": place.org.name,
        "expires_at": row.expires_at,
        "labels": row.labels or {},
        "source": row.source,
        "list": _list_name(connection, row.list_id),
        "created_at": row.created_at,
        "effective_timezone": situation.zone,
        "timezone_source": zone_source,
        "max_attempts": situation.terms.policy.max_attempts,
        "attempts_forgiven": row.attempts_forgiven,
        "agent_id": agent.agent_id,
        "agent_version": agent.agent_version,
        "agent_number": agent.agent_number,
        "agent_config": row.agent_config,
        "initial_context": row.initial_context,
        "rotation": list(_rotation(connection, place.org, situation)),
        "history": history,
        "archived_attempts": _archived_attempts(connection, row, history),
        "events": events_of(
            connection, place.org, [id_ for id_ in (row.id, row.list_id) if id_], limit=LAST_EVENTS
        ),
        "gates": [_gate_record(gate, situation.zone) for gate in judged],
        "answer": answer(situation, judged),
    }


def _rotation(connection: Connection, org: OrganizationRef, situation: Situation) -> Iterator[Record]:
    """Give the numbers in the order in which they come, then those that were dropped (R-CONTACT-2)."""
    for number in situation.numbers:
        yield {
            "number": number,
            "state": _state(number, situation),
            "suppressed_until": situation.suppressed.get(number),
            "suppressed_by": [
                {"list": one["list"], "reason": one["reason"], "expires_at": one["expires_at"]}
                for one in suppression_records(connection, org, situation.now, number=number)
            ],
        }
    for number in situation.waiting.progress.phone_numbers:
        if number not in situation.numbers:
            yield {"number": number, "state": "dropped", "suppressed_until": None, "suppressed_by": []}


def _state(number: str, situation: Situation) -> str:
    """Say what becomes of a number; none is next of a contact that is not called any more."""
    if number in situation.suppressed:
        return "suppressed"
    if situation.status in FINAL:
        return "not dialled any more"
    return "next" if number == situation.next_number else "waiting"


def _history(connection: Connection, place: CampaignRef, contact_id: UUID) -> Iterator[Record]:
    """Give all attempts with the window that allowed each, and how much was said."""
    evidence = {
        row.id: row
        for source in RUNNING_AND_PAST
        for row in connection.execute(
            select(source.c.id, source.c.window, source.c.reason, conversation.c.transcript)
            .outerjoin(conversation, conversation.c.id == source.c.conversation_id)
            .where(source.c.contact_id == contact_id)
        )
    }
    for record in attempt_records(connection, History(place.org, place, unused=True, contact_id=contact_id)):
        found = evidence[record["id"]]
        turns = len(found.transcript or ())
        yield {**record, "reason": found.reason, "window": found.window, "transcript_turns": turns}


def _archived_attempts(connection: Connection, row: AnyRow, history: Sequence[Record]) -> int:
    """Count the used attempts that the contact remembers and the history does not: they stand in files."""
    if archived_months(connection, ATTEMPTS.name) is None:
        return 0
    return max(0, int(row.attempts) - sum(one["used"] is True for one in history))


def _gate_record(gate: Gate, zone: str) -> Record:
    return {
        "gate": gate.name,
        "open": gate.open,
        "detail": gate.detail,
        "changes_at": gate.changes_at,
        "changes_at_local": gate.changes_at and wall_time(gate.changes_at, zone),
    }


def _list_name(connection: Connection, list_id: UUID | None) -> str | None:
    if list_id is None:
        return None
    statement = select(inventory.c.name).where(
        inventory.c.kind == "ContactList", inventory.c.object_id == list_id
    )
    return connection.execute(statement).scalar_one_or_none()
