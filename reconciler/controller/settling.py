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
from reconciler.controller.consequences import CallEnd, draw_consequences
from reconciler.controller.conversations import conversation_changes
from reconciler.controller.cycle import Cycle
from reconciler.controller.hearing import on_our_clock
from reconciler.controller.settled_contacts import settle_contacts
from reconciler.controller.traces import Trace, advance, trace_of
from reconciler.core.outcomes import Disposition, Outcome
from reconciler.core.phones import mask_numbers_in
from reconciler.core.settlement import Ending, Verdict, lose_track, settle, take_back
from reconciler.ports import GatewayEvent
from reconciler.store import attempts, conversations, open_attempts, queue
from reconciler.store.called_contacts import called
from reconciler.store.columns import AnyRow
from reconciler.store.tallies import UNUSED_ATTEMPTS, USED_ATTEMPTS, TallyChange


class Judged(NamedTuple):
    """A contact's row as it was, and what its attempt means for it."""

    contact: AnyRow
    verdict: Verdict


class Settlement(NamedTuple):
    """An attempt that moved: its row as it was, open or history; where it stands now; what that means."""

    row: AnyRow
    is_open: bool
    trace: Trace
    judged: Judged | None = None

    @property
    def was_lost(self) -> bool:
        """Tell whether its fate had been unknown before."""
        return bool(self.row.state == "unknown")

    @property
    def is_late(self) -> bool:
        """Tell whether the attempt had been settled before."""
        return bool(self.row.state == "ended")

    @property
    def needs_verdict(self) -> bool:
        """Tell whether what has happened means something for the contact."""
        return self.trace.ended is not None or (self.trace.state == "unknown" and not self.was_lost)


def settle_events(cycle: Cycle, events: Iterable[GatewayEvent]) -> int:
    """Write down what events say; gives how many attempts they closed. Runs in the cycle's transaction.

    Events of attempts that this database does not know change nothing; those of attempts that have ended only
    add when a stage was reached.
    """
    by_attempt: dict[UUID, list[GatewayEvent]] = defaultdict(list)
    for event in events:
        by_attempt[event.attempt_id].append(event)
    if not by_attempt:
        return 0
    running, past = attempts.open_and_past(cycle.connection, by_attempt)
    moved = [
        *_moved(running, by_attempt, cycle.now, is_open=True),
        *_moved(past, by_attempt, cycle.now, is_open=False),
    ]
    _write(cycle, _judged(cycle, [settlement for settlement in moved if not settlement.is_late]))
    _note_late(cycle, [settlement for settlement in moved if settlement.is_late])
    return sum(settlement.trace.ended is not None for settlement in moved)


def _moved(
    rows: dict[UUID, AnyRow], events: dict[UUID, list[GatewayEvent]], now: datetime, *, is_open: bool
) -> list[Settlement]:
    moved = []
    for id_, row in rows.items():
        before = trace_of(row)
        after = advance(before, [on_our_clock(event, row, now) for event in events[id_]])
        if after != before:
            moved.append(Settlement(row, is_open, after))
    return moved


def _judged(cycle: Cycle, moved: Sequence[Settlement]) -> list[Settlement]:
    """Add contacts and verdicts where there are any."""
    contacts = called(cycle.connection, {s.row.contact_id for s in moved if s.needs_verdict})
    return [
        s._replace(judged=_judge(cycle, s, contacts[s.row.contact_id])) if s.needs_verdict else s
        for s in moved
    ]


def _judge(cycle: Cycle, settlement: Settlement, contact: AnyRow) -> Judged:
    row, ended, progress = settlement.row, settlement.trace.ended, queue.progress(contact)
    if ended is None:
        return Judged(contact, lose_track(progress))
    ending = Ending(
        number=row.number,
        at=ended.at,
        outcome=ended.outcome,
        rang=settlement.trace.rang,
        disposition=ended.disposition,
        callback_at=ended.callback_at,
        reason=_without_numbers(ended.reason),
        own_fault=ended.outcome is Outcome.CONFIG_ERROR and is_own_fault(cycle, row, contact, ended),
    )
    known = take_back(progress) if settlement.was_lost else progress
    return Judged(contact, settle(known, ending, cycle.book.terms[row.campaign_key].policy))


def _write(cycle: Cycle, moved: Sequence[Settlement]) -> None:
    if not moved:
        return
    made = conversation_changes(cycle, [(s.row, s.trace) for s in moved])
    conversations.start(cycle.connection, made.started)
    conversations.end(cycle.connection, made.ended)
    attempts.end(
        cycle.connection, [_record(s, made.ids) for s in moved if s.is_open and s.trace.ended is not None]
    )
    attempts.record(cycle.connection, [_record(s, made.ids) for s in moved if not s.is_open])
    _write_open(cycle, [s for s in moved if s.is_open and s.trace.ended is None], made.ids)
    tallies = TallyChange()
    _count_attempts(moved, tallies)
    judged = [(s, s.judged) for s in moved if s.judged is not None]
    settle_contacts(cycle, [(judged.contact, judged.verdict, s.trace.ended) for s, judged in judged], tallies)
    tallies.write(cycle.connection)
    draw_consequences(
        cycle,
        [CallEnd(s.row, judged.contact, s.trace.ended) for s, judged in judged if s.trace.ended is not None],
    )


def _record(settlement: Settlement, conversation_ids: dict[UUID, UUID]) -> dict[str, Any]:
    row, trace = settlement.row, settlement.trace
    verdict = settlement.judged and settlement.judged.verdict
    ended = trace.ended
    return {
        **_progress(settlement, conversation_ids),
        "new_ended_at": ended.at if ended else None,
        "new_outcome": ended.outcome.value if ended else None,
        "new_disposition": _value(ended.disposition) if ended else None,
        "new_used": verdict.used if verdict else row.used,
        "new_attempt": _attempt_number(row, verdict),
        "new_reason": _without_numbers(ended.reason) if ended else None,
        "new_carrier_code": ended.carrier_code if ended else None,
        "new_cost_micros": ended.cost_micros if ended else None,
        "new_cost_currency": ended.cost_currency if ended else None,
    }


def _attempt_number(row: AnyRow, verdict: Verdict | None) -> int | None:
    if verdict is None:
        return cast("int | None", row.attempt)
    return verdict.progress.attempts if verdict.used else None


def _without_numbers(reason: str | None) -> str | None:
    """A gateway may name a number in its words, which are shown where numbers are masked (R-PLAN-8)."""
    return None if reason is None else mask_numbers_in(reason)


def _value(disposition: Disposition | None) -> str | None:
    return disposition.value if disposition else None


def _write_open(cycle: Cycle, going_on: Sequence[Settlement], conversation_ids: dict[UUID, UUID]) -> None:
    open_attempts.advance(cycle.connection, [_progress(s, conversation_ids) for s in going_on])
    open_attempts.lose(
        cycle.connection,
        [
            {
                "id_": s.row.id,
                "new_used": s.judged.verdict.used,
                "new_attempt": _attempt_number(s.row, s.judged.verdict),
                "new_free_at": _free_at(cycle, s),
            }
            for s in going_on
            if s.judged is not None
        ],
    )


def _progress(settlement: Settlement, conversation_ids: dict[UUID, UUID]) -> dict[str, Any]:
    row, trace = settlement.row, settlement.trace
    return {
        "id_": row.id,
        "new_state": trace.state,
        "new_gateway_ref": trace.gateway_ref,
        "new_placed_at": trace.placed_at,
        "new_ringing_at": trace.ringing_at,
        "new_answered_at": trace.answered_at,
        "new_conversation_id": conversation_ids.get(row.id, row.conversation_id),
    }


def _free_at(cycle: Cycle, lost: Settlement) -> datetime:
    """Give when a lost call no longer counts as active: its longest possible time is over (R-DIAL-3)."""
    policy = cycle.book.terms[lost.row.campaign_key].policy
    over_at: datetime = lost.row.placing_at + policy.ring_timeout + policy.max_call_duration
    return max(over_at, cycle.now)


def _note_late(cycle: Cycle, late: Sequence[Settlement]) -> None:
    """Add to settled attempts what events tell that were late: times, reference, conversation (R-ATT-2)."""
    if not late:
        return
    made = conversation_changes(cycle, [(s.row, s.trace) for s in late])
    attempts.complete(cycle.connection, [_progress(s, made.ids) for s in late])
    conversations.start(cycle.connection, made.started)
    conversations.date(cycle.connection, made.dated)


def _count_attempts(moved: Sequence[Settlement], tallies: TallyChange) -> None:
    for settlement in moved:
        row, judged = settlement.row, settlement.judged
        if judged is None:
            continue
        if settlement.was_lost:
            tallies.add(row.org_id, row.campaign_key, USED_ATTEMPTS, -1)
        name = USED_ATTEMPTS if judged.verdict.used else UNUSED_ATTEMPTS
        tallies.add(row.org_id, row.campaign_key, name)
