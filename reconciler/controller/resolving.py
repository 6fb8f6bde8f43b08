"""A person says what became of a call whose fate nobody knew (R-CONTACT-1, R-CRASH-2).

Their word is settled exactly as a late proof of the gateway would be.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, select

from reconciler.controller.cycle import Cycle
from reconciler.controller.lane_directory import LaneDirectory
from reconciler.controller.settling import settle_events
from reconciler.core.outcomes import Outcome
from reconciler.core.settlement import ContactStatus
from reconciler.errors import TransitionRefused
from reconciler.ports import Ended
from reconciler.store.attempts import newest_unknown
from reconciler.store.book import BookReader
from reconciler.store.breakers import Shelf
from reconciler.store.events import EventRecord, write_events
from reconciler.store.identity import ContactRef
from reconciler.store.leases import Lease
from reconciler.store.operations.operation import Operation, stated
from reconciler.store.tables import contact

ONLY_A_GATEWAY_KNOWS = frozenset({Outcome.PROVIDER_FAULT, Outcome.QUOTA, Outcome.CONFIG_ERROR})
RESOLVABLE = tuple(outcome for outcome in Outcome if outcome not in ONLY_A_GATEWAY_KNOWS)
"""What a person can find out; `released` says that the phone never rang."""

_NO_LEASE = Lease(UUID(int=0), 0, datetime.min.replace(tzinfo=UTC), timedelta(0))
"""A person places no call, and so holds no lease."""


def resolve(operation: Operation, which: ContactRef, outcome: Outcome, reason: str | None) -> ContactStatus:
    """Settle the unknown attempt of a contact with this outcome; gives the contact's status after it.

    `released` claims that the phone never rang: the attempt is not used, and the contact is due again. Any
    retry counts from now. Raises TransitionRefused where the contact is not `unknown`.
    """
    attempt_id = _unknown_attempt(operation.connection, which)
    text = stated(reason)
    ended = Ended(
        attempt_id,
        operation.now,
        outcome,
        rang=outcome is not Outcome.RELEASED,
        reason=f"resolved by {operation.actor.name}: {text}",
    )
    settle_events(_cycle(operation), [ended])
    after = ContactStatus(_status(operation.connection, which))
    record = EventRecord(
        "resolve",
        "Contact",
        str(which),
        org_id=which.campaign.org.id,
        object_id=which.id,
        campaign=which.campaign.name,
        fields=[
            {"path": "outcome", "before": None, "after": outcome.value},
            {"path": "status", "before": ContactStatus.UNKNOWN.value, "after": after.value},
        ],
        reason=text,
    )
    write_events(operation.connection, operation.actor, operation.now, [record])
    return after


def _unknown_attempt(connection: Connection, which: ContactRef) -> UUID:
    status = _status(connection, which)
    found = newest_unknown(connection, which.id)
    if status != ContactStatus.UNKNOWN.value or found is None:
        raise TransitionRefused(
            f"cannot resolve contact {which} of campaign {which.campaign}: it is {status}, not unknown",
            hint=f"dialctl get contacts --campaign {which.campaign} --status unknown lists what can be",
        )
    return found


def _status(connection: Connection, which: ContactRef) -> str:
    return str(connection.execute(select(contact.c.status).where(contact.c.id == which.id)).scalar_one())


def _cycle(operation: Operation) -> Cycle:
    book, holds = BookReader().read(operation.connection)
    return Cycle(
        connection=operation.connection,
        now=operation.now,
        book=book,
        holds=holds,
        lanes=LaneDirectory(gateway=""),
        gateway="",
        lease=_NO_LEASE,
        ids=operation.ids,
        breakers=Shelf(operation.connection),
    )
