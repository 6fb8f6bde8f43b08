"""Why a contact was not called, in one plain sentence: the first reason that is enough by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from reconciler.core.explanation import LastAttempt, Situation
from reconciler.core.gates import Gate, call_target, first_opening
from reconciler.core.holds import HoldCause, first_covering
from reconciler.core.lanes import NEVER, LaneClass
from reconciler.core.settlement import ContactStatus
from reconciler.core.windows.tz_database import wall_time

_LATE_GATES = (
    "number free", "dialer", "breaker", "global limit", "organization limit", "campaign limit",
    "caller ID limit", "pacing", "order",
)  # fmt: skip
"""What may stand in the way of a contact that could be called by all that is said of itself."""

_TURN = {
    LaneClass.CALLBACK.value: "the callback that was asked for",
    LaneClass.SCHEDULED.value: "its scheduled_at",
    LaneClass.FRESH.value: "its due time",
    LaneClass.RETRY.value: "its retry",
}


def local_text(at: datetime, zone: str) -> str:
    """Write an instant on the wall clock of a zone: `Mon 2026-03-02 09:00 America/Chicago`."""
    return f"{wall_time(at, zone):%a %Y-%m-%d %H:%M} {zone}"


def answer(situation: Situation, judged: Sequence[Gate]) -> str:
    """Say why the contact is not on the phone; `judged` are the gates of this situation."""
    by_name = {gate.name: gate for gate in judged}
    if situation.status is not ContactStatus.PENDING:
        return _standing(situation)
    if not by_name["expiry"].open:
        return "It is too late for it: expires_at has passed, and the next step of a dialer says `expired`."
    return (
        _stopped(situation, by_name)
        or _unfit(situation, by_name)
        or _waits_for_time(situation)
        or _waits_for_others(situation, by_name)
        or "Nothing stands in its way: the dialer calls it at its next step."
    )


def _standing(situation: Situation) -> str:
    """Say why a contact that does not wait is where it is."""
    last = _last(situation.last_attempt, situation.zone)
    because = f": {situation.reason}" if situation.reason else ""
    match situation.status:
        case ContactStatus.LOCKED:
            return "It is claimed: its call is about to be placed."
        case ContactStatus.IN_PROGRESS:
            return f"It is being called now{last}."
        case ContactStatus.COMPLETED:
            return f"It is completed{because}{last or ': a call reached its end'}."
        case ContactStatus.EXHAUSTED:
            return f"It is exhausted{because}{last}; `dialctl requeue` makes it pending again."
        case ContactStatus.EXPIRED:
            return f"It is expired{because}; a later expires_at makes it pending again."
        case ContactStatus.ERROR:
            return f"It cannot be called{because}; an edit that cures this makes it pending again."
        case ContactStatus.WITHDRAWN:
            return "It is withdrawn: it was removed from its list or manifest, or deleted."
        case ContactStatus.UNKNOWN:
            return (
                f"It is never redialled by itself{because}{last}; `dialctl resolve` says what became of it."
            )
        case ContactStatus.PENDING:
            raise ValueError("a pending contact waits; its gates say for what")


def _last(last: LastAttempt | None, zone: str) -> str:
    if last is None:
        return ""
    which = "an attempt" if last.attempt is None else f"attempt {last.attempt}"
    came_to = last.outcome or last.state
    said = f" ({last.disposition})" if last.disposition else ""
    return f": {which}, {local_text(last.at, zone)}, is {came_to}{said}" if last.outcome is None else (
        f": {which}, {local_text(last.at, zone)}, ended in {came_to}{said}"
    )  # fmt: skip


def _stopped(situation: Situation, by_name: Mapping[str, Gate]) -> str | None:
    """Name what a person, or the dialer itself, has stopped."""
    hold = None if by_name["hold"].open else _hold_text(situation)
    if not by_name["campaign status"].open:
        status = situation.terms.status
        if status == "closed":
            return "Its campaign is closed, which is final: it is not called any more."
        return f"Its campaign is {status}{f', {hold}' if hold else ''}."
    if hold:
        return f"It is not called while a hold covers it: {hold}."
    period = by_name["period"]
    if not period.open and period.changes_at is None:
        return "Its campaign is over: end_at has passed."
    return None


def _hold_text(situation: Situation) -> str:
    plain = [hold for hold in situation.holds if hold.cause is not HoldCause.BREAKER]
    target = call_target(situation.terms, situation.lane, situation.gateway or "")
    hold = first_covering(plain, target, situation.now)
    until = f", until {local_text(hold.expires_at, situation.zone)}" if hold and hold.expires_at else ""
    return f"{hold}{until}"


def _unfit(situation: Situation, by_name: Mapping[str, Gate]) -> str | None:
    """Name what has to be cured about the contact itself."""
    agent, suppression = by_name["agent"], by_name["suppression"]
    if not situation.numbers:
        return "No number of it is left: each turned out invalid or wrong."
    if not agent.open:
        return f"It cannot be called: {agent.detail}."
    if not suppression.open:
        until = suppression.changes_at
        ends = f" until {local_text(until, situation.zone)}" if until else ""
        return f"It is not called: every number of it is suppressed{ends}."
    if not by_name["number free"].open:
        return "It waits for its number, which is on another call of the organization."
    if situation.due_at >= NEVER:
        return (
            f"It is parked: {situation.reason or 'it waits for something that does not come by time alone'}."
        )
    return None


def _waits_for_time(situation: Situation) -> str | None:
    """Name the instants that have to come, and the first one at which it may be called."""
    waits = list(_turns(situation))
    base = max([situation.now, *(at for _, at in waits)])
    opens = first_opening(situation.terms, situation.lane, base)
    if opens is None:
        return "It is never called: no calling window opens within 370 days."
    for name, limit in (("it expires", situation.expires_at), ("its campaign ends", situation.terms.end_at)):
        if limit is not None and opens >= limit:
            return f"It is never called: its calling window opens only after {name}."
    if opens > base:
        waits.append(("its calling window", opens))
    if not waits:
        return None
    *before, (last, at) = waits
    steps = "".join(f"{name} ({local_text(when, situation.zone)}), then for " for name, when in before)
    verb = "opens" if last == "its calling window" else "at"
    return f"It waits for {steps}{last}: {verb} {local_text(at, situation.zone)}."


def _turns(situation: Situation) -> Iterator[tuple[str, datetime]]:
    starts = situation.terms.start_at
    if situation.due_at > situation.now:
        yield _TURN[situation.lane.class_], situation.due_at
    if starts is not None and starts > max(situation.now, situation.due_at):
        yield "the start_at of its campaign", starts


def _waits_for_others(situation: Situation, by_name: Mapping[str, Gate]) -> str | None:
    shut = next((by_name[name] for name in _LATE_GATES if not by_name[name].open), None)
    if shut is None:
        return None
    if shut.name == "dialer":
        return "It could be called now, but no dialer runs: start one with `dialctl run`."
    if shut.name == "order":
        return f"It waits for its turn: {shut.detail}."
    again = f", until {local_text(shut.changes_at, situation.zone)}" if shut.changes_at else ""
    return f"It could be called now, but for the {shut.name}: {shut.detail}{again}."
