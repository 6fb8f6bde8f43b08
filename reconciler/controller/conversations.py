"""Conversations: made when the gateway accepts a call, ended with it (R-ATT-2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from reconciler.controller.cycle import Cycle
from reconciler.controller.traces import Trace
from reconciler.store.columns import AnyRow


@dataclass(frozen=True, slots=True)
class ConversationChanges:
    """Rows to write; `ids` are the new conversations by attempt, `dated` those of calls settled before."""

    ids: dict[UUID, UUID] = field(default_factory=dict)
    started: list[dict[str, Any]] = field(default_factory=list)
    ended: list[dict[str, Any]] = field(default_factory=list)
    dated: list[dict[str, Any]] = field(default_factory=list)


def conversation_changes(cycle: Cycle, moved: Sequence[tuple[AnyRow, Trace]]) -> ConversationChanges:
    """Work out which conversations begin and which end."""
    changes = ConversationChanges()
    for row, trace in moved:
        content = _content(row, trace)
        if row.conversation_id is not None and row.state == "ended":
            first_sign = min(at for at in (trace.accepted_at, row.ended_at) if at is not None)
            dates = {"new_created_at": first_sign, "new_answered_at": trace.answered_at}
            changes.dated.append({"id_": row.conversation_id, **dates})
        elif row.conversation_id is not None:
            if trace.ended is not None or trace.answered_at is not None:
                new = {f"new_{name}": value for name, value in content.items()}
                changes.ended.append({"id_": row.conversation_id, **new})
        elif trace.accepted_at is not None:
            changes.ids[row.id] = cycle.ids(cycle.now)
            changes.started.append(
                {
                    "id": changes.ids[row.id],
                    "org_id": row.org_id,
                    "campaign_key": row.campaign_key,
                    "contact_id": row.contact_id,
                    "attempt_id": row.id,
                    **content,
                }
            )
    return changes


def _content(row: AnyRow, trace: Trace) -> dict[str, Any]:
    ended = trace.ended
    return {
        "status": trace.state,
        "created_at": trace.accepted_at,
        "transcript": [dict(turn) for turn in ended.transcript] or None if ended else None,
        "recording_url": ended.recording_url if ended else None,
        "answered_at": trace.answered_at,
        "ended_at": ended.at if ended else row.ended_at,
    }
