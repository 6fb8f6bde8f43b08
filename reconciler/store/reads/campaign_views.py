"""One campaign with everything around it, as `describe campaign` shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from reconciler.core.book import DialBook, Terms
from reconciler.core.gates import callable_from
from reconciler.core.lanes import zones_of_lane
from reconciler.core.openings import openings_today
from reconciler.errors import NotFound
from reconciler.spec.model import DEFAULT
from reconciler.store import lanes, pacing, queue
from reconciler.store.book import standing_holds
from reconciler.store.columns import AnyRow
from reconciler.store.identity import CampaignRef
from reconciler.store.reads.contacts import Record
from reconciler.store.reads.events import events_of
from reconciler.store.reads.holds import hold_records
from reconciler.store.reads.installations import running_gateway
from reconciler.store.reads.objects import campaign_record
from reconciler.store.reads.progress import campaigns_progress, holds_over
from reconciler.store.reads.sync import campaign_rows, ownerships
from reconciler.store.tables import configuration

LAST_EVENTS = 10


class _Callable(NamedTuple):
    """When the first contact of a lane may be called, and the time zones that must be open for it."""

    at: datetime
    zones: tuple[str, ...]


def campaign_view(connection: Connection, place: CampaignRef, book: DialBook, now: datetime) -> Record:
    """Give a campaign's spec, status, ownership, holds, rules, progress and last events, as one record."""
    if place.name is None:
        raise NotFound(
            f"'{DEFAULT}' is no campaign: it stands for contacts in none",
            hint="dialctl get contacts --campaign default",
        )
    terms = book.terms[place.key]
    rows = [row for row in campaign_rows(connection, place.org.id) if row.id == place.key]
    owner = ownerships(connection, rows)[place.key]
    progress = next(
        one for one in campaigns_progress(connection, book, now, place.org) if one.key == place.key
    )
    waiting = list(_waiting(connection, terms, now))
    soonest = min(waiting, default=None)
    gateway = running_gateway(connection, now) or ""
    covering = {hold.id for hold in holds_over(terms, standing_holds(connection), gateway, now)}
    return {
        **campaign_record(rows[0], place.org, owner, progress.sync.value),
        "document": owner.document,
        "drift": [{"path": one.path, "applied": one.applied, "live": one.live} for one in owner.drift],
        "holds": [one for one in hold_records(connection, place.org, now) if one["id"] in covering],
        "agent": _agent(rows[0], connection, terms),
        "configuration_revision": terms.revision,
        "schedule": _schedule(terms, now) | {"other_zones": _other_zones(terms, waiting, now)},
        "dialing": terms.policy.model_dump(mode="json", exclude_none=True),
        "next_callable_at": soonest.at if soonest else None,
        "next_callable_timezone": soonest.zones[0] if soonest else None,
        "contacts": {"total": progress.total, **progress.contacts},
        "attempts": {"total": progress.attempts, "average_per_contact": progress.average},
        "active_calls": progress.active_calls,
        "limits": {
            "campaign": terms.policy.max_concurrent_calls,
            "organization": progress.concurrency_limit,
            "global": book.global_limit,
            "calls_per_second": terms.policy.calls_per_second,
            "next_start_at": pacing.next_starts(connection).get(place.key),
        },
        "conditions": [{"condition": "Complete", "status": progress.complete}],
        "events": events_of(connection, place.org, [place.key], limit=LAST_EVENTS),
    }


def _agent(row: AnyRow, connection: Connection, terms: Terms) -> Record:
    """Give each agent field as it holds, and the level that sets it (R-AGENT-1)."""
    spec: dict[str, Any] = connection.execute(
        select(configuration.c.spec).where(configuration.c.id == row.configuration_id)
    ).scalar_one()
    levels = (("campaign", row._mapping), ("configuration", spec))  # noqa: SLF001 - SQLAlchemy's public name
    return {
        name: {
            "value": getattr(terms.agent, name),
            "from": next((level for level, fields in levels if fields.get(name) is not None), None),
        }
        for name in ("agent_id", "agent_version", "agent_number")
    }


def _schedule(terms: Terms, now: datetime) -> Record:
    """Give today's windows in the default zone, and when they open or close next."""
    if terms.windows is None:
        return {}
    zone = terms.default_timezone
    is_open = terms.windows.is_open((zone,), now)
    look = terms.windows.next_close if is_open else terms.windows.next_open
    return {
        "default_timezone": zone,
        "infer_timezone": terms.infer_timezone,
        "windows_today": [
            {"start": start, "end": end} for start, end in openings_today(terms.windows, zone, now)
        ],
        "open_now": is_open,
        "changes_at": look((zone,), now),
    }


def _other_zones(terms: Terms, waiting: Sequence[_Callable], now: datetime) -> Record:
    """Tell, of the zones besides the default one in which contacts wait, whether their windows are open."""
    if terms.windows is None:
        return {}
    found = sorted({one.zones for one in waiting} - {(terms.default_timezone,)})
    return {"+".join(zones): terms.windows.is_open(zones, now) for zones in found}


def _waiting(connection: Connection, terms: Terms, now: datetime) -> Iterator[_Callable]:
    """Give, lane by lane, when the first waiting contact may be called, by due times, windows and period."""
    heads = queue.heads(connection, [terms.key])
    keys = lanes.keys_of(connection, heads)
    for lane_id, due in heads.items():
        opens = callable_from(terms, keys[lane_id], due, now)
        if opens is not None:
            zones, _ = zones_of_lane(
                keys[lane_id].zone_key,
                infer=terms.infer_timezone,
                default_timezone=terms.default_timezone,
            )
            yield _Callable(opens, zones)
