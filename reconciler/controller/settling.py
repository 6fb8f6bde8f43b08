"""Settling: events become evidence, and what they mean for contacts is written in the same transaction.

events by attempt ─▶ traces ─▶ verdicts ─▶ attempt, conversation, contact, tallies ─▶ consequences
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from reconciler.controller.blame import is_own_fault
from reconciler.controller.consequences import draw_consequences
from reconciler.controller.conversations import conversation_changes
from reconciler.controller.cycle import Cycle
from reconciler.controller.hearing import on_our_clock
from reconciler.controller.settled_contacts import settle_contacts
from reconciler.controller.traces import Trace, advance, trace_of
from reconciler.core.outcomes import Disposition, Outcome
from reconciler.core.phones import mask_numbers_in
from reconciler.core.settlement import Ending, Verdict, lose_track, settle, take_back
from reconciler.ports import Ended, GatewayEvent
from reconciler.store import attempts, queue
from reconciler.store.columns import AnyRow
from reconciler.store.tallies import UNUSED_ATTEMPTS, USED_ATTEMPTS, TallyChange


class Settlement(NamedTuple):
    """An attempt that moved: its row as it was, where it stands now, and the verdict where there is one."""

    row: AnyRow
    trace: Trace
    verdict: Verdict | None = None

    @property
    def was_lost(self) -> bool:
        """Tell whether its fate had been unknown before."""
        return bool(self.row.state == "unknown")

    @property
    def is_late(self) -> bool:
        """Tell whether the attempt had been settled before."""
        return bool(self.row.state == "ended")


def settle_events(cycle: Cycle, events: Iterable[GatewayEvent]) -> int:
    """Write down what events say; gives how many attempts they closed. Runs in the cycle's transaction.

    Events of attempts that this database does not know change nothing; those of attempts that have ended only
    add when a stage was reached.
    """
    by_attempt: dict[UUID, list[GatewayEvent]] = defaultdict(list)
    for event in events:
        by_attempt[event.attempt_id].append(event)
    rows = attempts.with_contacts(cycle.connection, by_attempt)
    moved = []
    for id_, row in rows.items():
        before = trace_of(row)
        after = advance(before, [on_our_clock(event, row, cycle.now) for event in by_attempt[id_]])
        if after != before:
            moved.append(Settlement(row, after, _verdict(cycle, row, after)))
    _write(cycle, [settlement for settlement in moved if not settlement.is_late])
    _note_late(cycle, [settlement for settlement in moved if settlement.is_late])
    return sum(settlement.trace.ended is not None for settlement in moved)


def _verdict(cycle: Cycle, row: AnyRow, trace: Trace) -> Verdict | None:
    progress = queue.progress(row)
    if trace.ended is not None:
        known = take_back(progress) if row.state == "unknown" else progress
        return settle(
            known, _ending(cycle, row, trace, trace.ended), cycle.book.terms[row.campaign_key].policy
        )
    if trace.state == "unknown" and row.state != "unknown":
        return lose_track(progress)
    return None


def _ending(cycle: Cycle, row: AnyRow, trace: Trace, ended: Ended) -> Ending:
    return Ending(
        number=row.number,
        at=ended.at,
        outcome=ended.outcome,
        rang=trace.rang,
        disposition=ended.disposition,
        callback_at=ended.callback_at,
        reason=_without_numbers(ended.reason),
        own_fault=ended.outcome is Outcome.CONFIG_ERROR and is_own_fault(cycle, row, ended),
    )


def _write(cycle: Cycle, moved: Sequence[Settlement]) -> None:
    if not moved:
        return
    conversations = conversation_changes(cycle, [(s.row, s.trace) for s in moved])
    attempts.record(cycle.connection, [_record(s, conversations.ids) for s in moved])
    attempts.start_conversations(cycle.connection, conversations.started)
    attempts.end_conversations(cycle.connection, conversations.ended)
    _write_open(cycle, moved)
    tallies = TallyChange()
    _count_attempts(moved, tallies)
    settle_contacts(
        cycle, [(s.row, s.verdict, s.trace.ended) for s in moved if s.verdict is not None], tallies
    )
    tallies.write(cycle.connection)
    draw_consequences(cycle, [(s.row, s.trace.ended) for s in moved if s.trace.ended is not None])


def _record(settlement: Settlement, conversation_ids: dict[UUID, UUID]) -> dict[str, Any]:
    row, trace, verdict = settlement.row, settlement.trace, settlement.verdict
    ended = trace.ended
    return {
        "id_": row.id,
        "new_state": trace.state,
        "new_gateway_ref": trace.gateway_ref,
        "new_placed_at": trace.placed_at,
        "new_ringing_at": trace.ringing_at,
        "new_answered_at": trace.answered_at,
        "new_ended_at": ended.at if ended else None,
        "new_outcome": ended.outcome.value if ended else None,
        "new_disposition": _value(ended.disposition) if ended else None,
        "new_used": verdict.used if verdict else row.used,
        "new_attempt": _attempt_number(row, verdict),
        "new_reason": _without_numbers(ended.reason) if ended else None,
        "new_carrier_code": ended.carrier_code if ended else None,
        "new_cost_micros": ended.cost_micros if ended else None,
        "new_cost_currency": ended.cost_currency if ended else None,
        "new_conversation_id": conversation_ids.get(row.id, row.conversation_id),
    }


def _attempt_number(row: AnyRow, verdict: Verdict | None) -> int | None:
    if verdict is None:
        return cast("int | None", row.attempt_number)
    return verdict.progress.attempts if verdict.used else None


def _without_numbers(reason: str | None) -> str | None:
    """A gateway may name a number in its words, which are shown where numbers are masked (R-PLAN-8)."""
    return None if reason is None else mask_numbers_in(reason)


def _value(disposition: Disposition | None) -> str | None:
    return disposition.value if disposition else None


def _write_open(cycle: Cycle, moved: Sequence[Settlement]) -> None:
    going_on = [
        {"id_": s.row.id, "new_state": s.trace.state, "new_free_at": _free_at(cycle, s)}
        for s in moved
        if s.trace.ended is None and s.trace.state != s.row.state
    ]
    attempts.keep_open(cycle.connection, going_on)
    attempts.close(cycle.connection, [s.row.id for s in moved if s.trace.ended is not None])


def _free_at(cycle: Cycle, lost: Settlement) -> datetime | None:
    """Give when a lost call no longer counts as active: its longest possible time is over (R-DIAL-3)."""
    if lost.trace.state != "unknown":
        return None
    policy = cycle.book.terms[lost.row.campaign_key].policy
    over_at: datetime = lost.row.placing_at + policy.ring_timeout + policy.max_call_duration
    return max(over_at, cycle.now)


def _note_late(cycle: Cycle, late: Sequence[Settlement]) -> None:
    """Add to settled attempts what events tell that were late: times, reference, conversation (R-ATT-2)."""
    if not late:
        return
    conversations = conversation_changes(cycle, [(s.row, s.trace) for s in late])
    attempts.complete(
        cycle.connection,
        [
            {
                "id_": s.row.id,
                "new_gateway_ref": s.trace.gateway_ref,
                "new_placed_at": s.trace.placed_at,
                "new_ringing_at": s.trace.ringing_at,
                "new_answered_at": s.trace.answered_at,
                "new_conversation_id": conversations.ids.get(s.row.id, s.row.conversation_id),
            }
            for s in late
        ],
    )
    attempts.start_conversations(cycle.connection, conversations.started)
    attempts.date_conversations(cycle.connection, conversations.dated)


def _count_attempts(moved: Sequence[Settlement], tallies: TallyChange) -> None:
    for settlement in moved:
        row, verdict = settlement.row, settlement.verdict
        if verdict is None:
            continue
        if settlement.was_lost:
            tallies.add(row.org_id, row.campaign_key, USED_ATTEMPTS, -1)
        name = USED_ATTEMPTS if verdict.used else UNUSED_ATTEMPTS
        tallies.add(row.org_id, row.campaign_key, name)
