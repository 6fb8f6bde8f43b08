"""Intents: the claim written down before anything is sent (R-CRASH-1)."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any
from uuid import UUID

from reconciler.controller.candidates import Candidate
from reconciler.controller.cycle import Cycle
from reconciler.core.settlement import ContactStatus
from reconciler.store import open_attempts, waiting_room
from reconciler.store.tallies import TallyChange


def write_intents(cycle: Cycle, picks: Sequence[tuple[Candidate, str, UUID]]) -> None:
    """Lock the contacts and write an attempt in state `intent` for each."""
    if not picks:
        return
    waiting_room.change_status(
        cycle.connection,
        [candidate.row.id for candidate, _, _ in picks],
        ContactStatus.PENDING,
        ContactStatus.LOCKED,
    )
    open_attempts.intend(cycle.connection, [_evidence(cycle, *pick) for pick in picks])
    tallies = TallyChange()
    tallies.move_all((candidate.row for candidate, _, _ in picks), "pending", "locked")
    tallies.write(cycle.connection)


def number_hash(key: bytes, number: str) -> str:
    """Give the keyed hash of a number, which cannot be guessed back without the key."""
    return blake2b(number.encode(), digest_size=16, key=key).hexdigest()


def _evidence(cycle: Cycle, candidate: Candidate, number: str, attempt_id: UUID) -> dict[str, Any]:
    row, view = candidate.row, candidate.view
    agent = candidate.waiting.agent.over(view.terms.agent)
    return {
        "id": attempt_id,
        "org_id": row.org_id,
        "campaign_key": row.campaign_key,
        "contact_id": row.id,
        "number": number,
        "number_hash": number_hash(cycle.book.hash_key, number),
        "agent_id": agent.agent_id,
        "agent_version": agent.agent_version,
        "agent_number": agent.agent_number,
        "gateway": cycle.gateway,
        "configuration_revision": view.terms.revision,
        "source_revision": view.terms.source_revision,
        "timezone": view.timezone,
        "timezone_source": view.zone_source,
        "window": view.window_text(cycle.now),
        "state": "intent",
        "intent_at": cycle.now,
        "dialer_id": cycle.lease.dialer_id,
        "epoch": cycle.lease.epoch,
        "country": view.target.country,
    }
