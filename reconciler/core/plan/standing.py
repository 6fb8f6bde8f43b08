"""Which status an edit leaves a contact in (R-CONTACT-1): asked when planning, and again under the lock.

An edit never resets a status or an attempt, except as this file says.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from reconciler.core.agents import NO_AGENT
from reconciler.core.desired import Json
from reconciler.core.outcomes import Outcome
from reconciler.core.plan.rules import CampaignRules
from reconciler.core.settlement import CALLBACK_DUE, DEFAULT_RULES, ContactStatus, rule_for

OPEN = frozenset({ContactStatus.LOCKED, ContactStatus.IN_PROGRESS, ContactStatus.UNKNOWN})
"""Statuses with a call that may live: a withdrawal only asks, and the settling of the call answers."""

_CURES = ("phone_numbers", "timezone", "agent_id", "agent_version", "agent_number", "agent_config")


class Edit(NamedTuple):
    """The canonical fields of a contact before and after an edit."""

    before: Mapping[str, Json]
    after: Mapping[str, Json]


def has_agent(fields: Mapping[str, Json], rules: CampaignRules) -> bool:
    """Tell whether anybody would speak to this contact (R-AGENT-2)."""
    return bool(fields.get("agent_id") or fields.get("agent_config") or rules.agent.agent_id)


def status_of_new(fields: Mapping[str, Json], rules: CampaignRules) -> ContactStatus:
    """Give the status of a contact that is written for the first time."""
    return ContactStatus.PENDING if has_agent(fields, rules) else ContactStatus.ERROR


def status_on_return(
    fields: Mapping[str, Json],
    rules: CampaignRules,
    *,
    used: int,
    last_outcome: str | None,
    callback: str | None = None,
) -> ContactStatus:
    """Give the status of a withdrawn contact that returns: as its attempts say, never fresh again.

    A conversation that ended in a request to call back is completed, yet not the contact's end (R-RETRY-3).
    """
    ended = last_outcome is not None and _is_end(Outcome(last_outcome), rules)
    if used and ended and callback != CALLBACK_DUE:
        return ContactStatus.COMPLETED
    if reaches_cap(used, rules.dialing.max_attempts, callback):
        return ContactStatus.EXHAUSTED
    return status_of_new(fields, rules)


def reaches_cap(used: int, max_attempts: int, callback: str | None) -> bool:
    """Tell whether no attempt is left; a callback may exceed the cap by one (R-RETRY-3)."""
    return used >= max_attempts + (callback == CALLBACK_DUE)


def status_after_edit(
    status: ContactStatus,
    reason: str | None,
    edit: Edit,
    rules: CampaignRules,
    now: datetime,
) -> ContactStatus:
    """Give the status after an edit: cured of an error or expiry, in error without an agent, or as it was."""
    cured = (status is ContactStatus.ERROR and _cures_error(reason, edit)) or (
        status is ContactStatus.EXPIRED and _expires_later(edit, now)
    )
    if cured or status is ContactStatus.PENDING:
        return status_of_new(edit.after, rules)
    return status


def _is_end(outcome: Outcome, rules: CampaignRules) -> bool:
    return outcome in DEFAULT_RULES and rule_for(outcome, rules.dialing).then == "complete"


def _cures_error(reason: str | None, edit: Edit) -> bool:
    return reason == NO_AGENT or any(edit.before.get(name) != edit.after.get(name) for name in _CURES)


def _expires_later(edit: Edit, now: datetime) -> bool:
    expires_at = edit.after.get("expires_at")
    if edit.before.get("expires_at") == expires_at:
        return False
    return expires_at is None or datetime.fromisoformat(expires_at) > now
