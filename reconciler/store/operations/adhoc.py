"""An ad hoc call: a contact in no campaign, made and due at once (R-ADHOC-1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert

from reconciler.core.book import adhoc_terms
from reconciler.core.gates import call_target
from reconciler.core.holds import Hold, first_covering
from reconciler.core.lanes import LaneKey, due_at, lane_class, lane_key
from reconciler.core.phones import mask_number
from reconciler.core.settlement import ContactStatus
from reconciler.errors import DialctlError
from reconciler.spec.contact import ContactSpec
from reconciler.store.book import BookReader
from reconciler.store.events import EventRecord, write_events
from reconciler.store.identity import OrganizationRef
from reconciler.store.lanes import lane_ids
from reconciler.store.numbers import suppressed_until
from reconciler.store.operations.operation import Operation, raise_serial
from reconciler.store.tables import contact, contact_number
from reconciler.store.tallies import TallyChange


@dataclass(frozen=True, slots=True)
class AdhocCall:
    """A contact that waits to be called: when it is due, and the hold that covers it now, if one does."""

    contact_id: UUID
    due_at: datetime
    held: Hold | None


def place_adhoc(operation: Operation, org: OrganizationRef, wanted: ContactSpec, gateway: str) -> AdhocCall:
    """Create the contact that a dialer will call once, at the first of its numbers that may be called.

    `wanted` has E.164 numbers, an agent or an inline one (R-AGENT-2), and a `scheduled_at` with an offset, if
    any; `gateway` names the one whose holds count. Raises DialctlError where every number is suppressed.
    """
    connection, now = operation.connection, operation.now
    _refuse_suppressed(connection, org, wanted, now)
    lane = lane_key(
        org.adhoc_key,
        lane_class(attempts=0, callback=None, scheduled_at=wanted.scheduled_at),
        number=wanted.phone_numbers[0],
        timezone=wanted.timezone,
        agent_id=wanted.agent_id,
        agent_number=wanted.agent_number,
    )
    lanes = lane_ids(connection, {org.adhoc_key: org.id}, [lane], operation.ids, now)
    row = _row(operation, org, wanted) | {"lane_id": lanes[lane]}
    connection.execute(insert(contact), row)
    connection.execute(
        insert(contact_number),
        [{"org_id": org.id, "number": number, "contact_id": row["id"]} for number in wanted.phone_numbers],
    )
    tallies = TallyChange()
    tallies.add(org.id, org.adhoc_key, ContactStatus.PENDING.value)
    tallies.write(connection)
    record = EventRecord("create", "Contact", str(row["id"]), org_id=org.id, object_id=row["id"])
    write_events(connection, operation.actor, now, [record])
    held = _hold_on(connection, org, lane, gateway, now)
    return AdhocCall(row["id"], row["due_at"], held)


def _refuse_suppressed(
    connection: Connection, org: OrganizationRef, wanted: ContactSpec, now: datetime
) -> None:
    suppressed = suppressed_until(connection, wanted.phone_numbers, now)
    if all((org.id, number) in suppressed for number in wanted.phone_numbers):
        masked = ", ".join(mask_number(number) for number in wanted.phone_numbers)
        raise DialctlError(
            f"{masked} must not be called: it is suppressed in organization {org.name}",
            hint="dialctl get suppressions says by what",
        )


def _row(operation: Operation, org: OrganizationRef, wanted: ContactSpec) -> dict[str, Any]:
    now = operation.now
    return {
        "id": operation.ids(now),
        "org_id": org.id,
        "campaign_key": org.adhoc_key,
        "phone_numbers": list(wanted.phone_numbers),
        "data": dict(wanted.data) or None,
        "timezone": wanted.timezone,
        "scheduled_at": wanted.scheduled_at,
        "agent_id": wanted.agent_id,
        "agent_version": wanted.agent_version,
        "agent_number": wanted.agent_number,
        "agent_config": wanted.agent_config,
        "initial_context": wanted.initial_context,
        "serial": raise_serial(operation.connection),
        "created_at": now,
        "status": ContactStatus.PENDING.value,
        "due_at": due_at(now, wanted.scheduled_at, None),
    }


def _hold_on(
    connection: Connection, org: OrganizationRef, lane: LaneKey, gateway: str, now: datetime
) -> Hold | None:
    book, holds = BookReader().read(connection)
    target = call_target(adhoc_terms(book.organizations[org.id]), lane, gateway)
    return first_covering(holds, target, now)
