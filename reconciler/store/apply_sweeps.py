"""What new rules of a campaign do to contacts that no manifest touched (R-CONF-1, R-AGENT-2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, update

from reconciler.core.agents import NO_AGENT
from reconciler.core.plan.plan import Sweep
from reconciler.core.settlement import ContactStatus, all_used
from reconciler.store.apply_work import ApplyWork
from reconciler.store.observed.facts import COUNTED_ATTEMPTS, FOR_WANT_OF_AN_AGENT, WITHOUT_OWN_AGENT
from reconciler.store.tables import contact

_IS_PENDING = contact.c.status == ContactStatus.PENDING.value


def sweep_contacts(work: ApplyWork, sweeps: Sequence[Sweep]) -> None:
    """Move contacts, in bulk and by their status, to what the new rules make of them."""
    for sweep in sweeps:
        org_id = work.directory.org_id(sweep.campaign.org)
        campaign = (org_id, work.directory.objects[sweep.campaign])
        if sweep.agent is True:
            _move(work, campaign, FOR_WANT_OF_AN_AGENT, ContactStatus.PENDING, reason=None)
        if sweep.agent is False:
            _move(work, campaign, (_IS_PENDING, *WITHOUT_OWN_AGENT), ContactStatus.ERROR, reason=NO_AGENT)
        if sweep.cap is not None:
            used_up = (_IS_PENDING, sweep.cap <= COUNTED_ATTEMPTS)
            _move(work, campaign, used_up, ContactStatus.EXHAUSTED, reason=all_used(sweep.cap))


def _move(
    work: ApplyWork,
    campaign: tuple[UUID, UUID],
    which: Sequence[ColumnElement[bool]],
    after: ContactStatus,
    *,
    reason: str | None,
) -> None:
    org_id, key = campaign
    before = ContactStatus.ERROR if after is ContactStatus.PENDING else ContactStatus.PENDING
    values: dict[str, Any] = {"status": after.value, "reason": reason}
    if after is not ContactStatus.PENDING:
        values["parked"] = None
    moved = work.connection.execute(
        update(contact).where(contact.c.campaign_key == key, *which).values(values)
    ).rowcount
    work.tallies.move(org_id, key, before.value, after.value, moved)
