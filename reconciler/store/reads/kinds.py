"""Every kind that `get` shows: which records there are, how many, and how one is found by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, or_, select

from reconciler.core.book import DialBook
from reconciler.core.feeds import BatchState
from reconciler.core.masking import masked_name
from reconciler.core.outcomes import Outcome
from reconciler.core.phones import mask_number
from reconciler.core.settlement import ContactStatus
from reconciler.errors import NotFound
from reconciler.store.identity import CampaignRef, OrganizationRef
from reconciler.store.reads import archives, attempts, contacts, events, feeds, holds, objects
from reconciler.store.reads.attempts import History
from reconciler.store.reads.contacts import Record
from reconciler.store.reads.names import as_uuid, campaigns_of, did_you_mean, find_contact_row
from reconciler.store.tables import contact


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of one kind. `limit` None is everything; `every` also shows what is past or unused."""

    org: OrganizationRef
    now: datetime
    book: DialBook
    campaign: CampaignRef | None = None
    status: str | None = None
    every: bool = False
    limit: int | None = None

    @property
    def history(self) -> History:
        """The same question about attempts or conversations."""
        return History(self.org, self.campaign, self.status, unused=self.every)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. `filters` are the parts of a query that it understands; `statuses` what --status may be.

    `count` is None for kinds of which there are few: all of them are shown.
    """

    name: str
    singular: str
    records: Callable[[Connection, Query], Iterable[Record]]
    find: Callable[[Connection, Query, str], Sequence[Record]]
    count: Callable[[Connection, Query], int] | None = None
    filters: frozenset[str] = frozenset()
    statuses: tuple[str, ...] = ()


def _by_name(
    records: Callable[[Connection, Query], Iterable[Record]], what: str
) -> Callable[[Connection, Query, str], Sequence[Record]]:
    """Find among few records, by id, then by name."""

    def find(connection: Connection, query: Query, text: str) -> Sequence[Record]:
        known = list(records(connection, query))
        id_ = as_uuid(text)
        found = [one for one in known if id_ is not None and one.get("id") == id_]
        found = found or [one for one in known if _name_of(one) == text]
        if not found:
            raise NotFound(f"there is no {what} '{text}'", hint=did_you_mean(text, map(_name_of, known)))
        return found

    return find


def _by_id(
    records: Callable[[Connection, Query, UUID], Iterable[Record]], what: str
) -> Callable[[Connection, Query, str], Sequence[Record]]:
    """Find what has no name but its id; of what was archived, the file is named."""

    def find(connection: Connection, query: Query, text: str) -> Sequence[Record]:
        id_ = as_uuid(text)
        found = list(records(connection, replace(query, every=True), id_)) if id_ else []
        if not found:
            file = archives.file_of(connection, f"{what}s", id_) if id_ else None
            raise NotFound(
                f"there is no {what} '{masked_name(text)}'",
                hint=f"its month was archived: {file}" if file else f"{what}s are named by their ids",
            )
        return found

    return find


def _name_of(record: Record) -> str:
    return str(record.get("external_id") or record["name"])


def _dialer(connection: Connection, query: Query) -> Iterator[Record]:
    yield objects.dialer_record(connection, query.now)


def _organizations(connection: Connection, query: Query) -> Iterator[Record]:
    del query  # all of them, whatever the organization
    return objects.organization_records(connection)


def _configurations(connection: Connection, query: Query) -> Iterator[Record]:
    return objects.configuration_records(connection, query.org)


def _campaigns(connection: Connection, query: Query) -> Iterator[Record]:
    return objects.campaign_records(connection, query.book, query.org, query.now, status=query.status)


def _places(connection: Connection, query: Query) -> list[CampaignRef]:
    return [query.campaign] if query.campaign else campaigns_of(connection, query.org)


def _contacts(connection: Connection, query: Query) -> Iterator[Record]:
    return contacts.contact_records(
        connection,
        _places(connection, query),
        query.book,
        query.now,
        status=query.status,
        limit=query.limit,
    )


def _count_contacts(connection: Connection, query: Query) -> int:
    return contacts.count_contacts(connection, _places(connection, query), query.status)


def _find_contacts(connection: Connection, query: Query, text: str) -> Sequence[Record]:
    """Find a contact in its campaign, or, where none is named, every contact of that name."""
    if query.campaign is not None:
        row = find_contact_row(connection, query.campaign, text)
        return list(contacts.records_of(connection, [row], query.campaign, query.book, query.now))
    places = {place.key: place for place in campaigns_of(connection, query.org)}
    inside = (contact.c.org_id == query.org.id, contact.c.campaign_key.in_(list(places)))
    named = or_(contact.c.external_id == text, contact.c.id == as_uuid(text))
    rows = connection.execute(select(contact).where(*inside, named)).all()
    if not rows:
        raise NotFound(
            f"there is no contact '{masked_name(text)}' in organization {query.org.name}",
            hint="--campaign narrows it down, and then says what was perhaps meant",
        )
    return [
        record
        for row in rows
        for record in contacts.records_of(connection, [row], places[row.campaign_key], query.book, query.now)
    ]


def _attempts(connection: Connection, query: Query) -> Iterator[Record]:
    return attempts.attempt_records(connection, query.history, query.limit)


def _conversations(connection: Connection, query: Query) -> Iterator[Record]:
    return attempts.conversation_records(connection, query.history, query.limit)


def _holds(connection: Connection, query: Query, id_: UUID | None = None) -> Iterator[Record]:
    return holds.hold_records(
        connection, query.org, query.now, only=query.campaign, ended=query.every, id_=id_
    )


def _suppressions(connection: Connection, query: Query) -> Iterator[Record]:
    return holds.suppression_records(connection, query.org, query.now, ended=query.every, limit=query.limit)


def _find_suppressions(connection: Connection, query: Query, text: str) -> Sequence[Record]:
    found = list(holds.suppression_records(connection, query.org, query.now, ended=query.every, number=text))
    if not found:
        raise NotFound(
            f"number {mask_number(text)} is not suppressed in organization {query.org.name}",
            hint="write it in E.164: +12125550199",
        )
    return found


def _events(connection: Connection, query: Query) -> Iterator[Record]:
    return events.event_records(connection, query.org, query.campaign, limit=query.limit)


def _find_events(connection: Connection, query: Query, text: str) -> Sequence[Record]:
    seq = int(text) if text.isascii() and text.isdigit() else -1
    found = list(events.event_records(connection, query.org, query.campaign, seq=seq))
    if not found:
        raise NotFound(f"there is no event '{text}'", hint="events are named by their seq")
    return found


def _feeds(connection: Connection, query: Query) -> Iterator[Record]:
    return feeds.feed_records(connection, query.org, query.campaign)


def _batches(connection: Connection, query: Query) -> Iterator[Record]:
    return feeds.batch_records(connection, query.org, query.campaign, status=query.status, limit=query.limit)


def _archives(connection: Connection, query: Query) -> Iterator[Record]:
    del query  # all of them, whatever the organization
    return archives.archive_records(connection)


ATTEMPT_STATES = ("intent", "placing", "placed", "ringing", "answered", "ended", "unknown")
_CAMPAIGN, _STATUS, _ALL = "campaign", "status", "all"

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("dialer", "dialer", _dialer, _by_name(_dialer, "dialer")),
        Kind(
            "organizations",
            "organization",
            _organizations,
            _by_name(_organizations, "organization"),
        ),
        Kind(
            "configurations",
            "configuration",
            _configurations,
            _by_name(_configurations, "configuration"),
        ),
        Kind(
            "campaigns",
            "campaign",
            _campaigns,
            _by_name(_campaigns, "campaign"),
            filters=frozenset({_STATUS}),
            statuses=("active", "paused", "closed"),
        ),
        Kind(
            "contacts",
            "contact",
            _contacts,
            _find_contacts,
            _count_contacts,
            filters=frozenset({_CAMPAIGN, _STATUS}),
            statuses=tuple(status.value for status in ContactStatus),
        ),
        Kind(
            "attempts",
            "attempt",
            _attempts,
            _by_id(
                lambda connection, query, id_: attempts.attempt_records(
                    connection, replace(query.history, id=id_)
                ),
                "attempt",
            ),
            lambda connection, query: attempts.count_attempts(connection, query.history),
            filters=frozenset({_CAMPAIGN, _STATUS, _ALL}),
            statuses=(*ATTEMPT_STATES, *(outcome.value for outcome in Outcome)),
        ),
        Kind(
            "conversations",
            "conversation",
            _conversations,
            _by_id(
                lambda connection, query, id_: attempts.conversation_records(
                    connection, replace(query.history, id=id_)
                ),
                "conversation",
            ),
            lambda connection, query: attempts.count_conversations(connection, query.history),
            filters=frozenset({_CAMPAIGN, _STATUS}),
            statuses=("placed", "ringing", "answered", "ended", "unknown"),
        ),
        Kind("holds", "hold", _holds, _by_id(_holds, "hold"), filters=frozenset({_CAMPAIGN, _ALL})),
        Kind(
            "suppressions",
            "suppression",
            _suppressions,
            _find_suppressions,
            lambda connection, query: holds.count_suppressions(
                connection, query.org, query.now, ended=query.every
            ),
            filters=frozenset({_ALL}),
        ),
        Kind(
            "events",
            "event",
            _events,
            _find_events,
            lambda connection, query: events.count_events(connection, query.org, query.campaign),
            filters=frozenset({_CAMPAIGN}),
        ),
        Kind("feeds", "feed", _feeds, _by_name(_feeds, "feed"), filters=frozenset({_CAMPAIGN})),
        Kind(
            "batches",
            "batch",
            _batches,
            _by_name(_batches, "batch"),
            lambda connection, query: feeds.count_batches(
                connection, query.org, query.campaign, query.status
            ),
            filters=frozenset({_CAMPAIGN, _STATUS}),
            statuses=tuple(state.value for state in BatchState),
        ),
        Kind("archives", "archive", _archives, _by_name(_archives, "archive")),
    )
}
"""Every kind, in the order in which `get` lists them."""
