"""What follows an attempt: the one place where outcome and disposition become a contact's next state.

    settle(progress, ending, policy) -> Verdict

Pure: the store loads a contact's progress, asks here, and writes the verdict down.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from reconciler.core.outcomes import Disposition, Outcome
from reconciler.core.rotation import rotation
from reconciler.spec.dialing import DialingPolicy, OutcomeRule, Then


class ContactStatus(StrEnum):
    """The one status of a contact (R-CONTACT-1)."""

    PENDING = "pending"
    LOCKED = "locked"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    EXHAUSTED = "exhausted"
    EXPIRED = "expired"
    ERROR = "error"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"


FINAL = frozenset({ContactStatus.COMPLETED, ContactStatus.EXHAUSTED, ContactStatus.EXPIRED})
ACTIVE = frozenset({ContactStatus.LOCKED, ContactStatus.IN_PROGRESS})

UNUSED_IN_A_ROW = 10
"""So many unused attempts in a row make a contact an error (R-RETRY-1)."""

CALLBACK_DUE, CALLBACK_MADE = "due", "made"

DAY = timedelta(hours=24)
DEFAULT_RULES: Mapping[str, OutcomeRule] = {
    Outcome.COMPLETED: OutcomeRule(then="complete"),
    Outcome.TRANSFERRED: OutcomeRule(then="complete"),
    Outcome.MACHINE: OutcomeRule(then="retry", delay=DAY),
    Outcome.NO_ANSWER: OutcomeRule(then="retry"),
    Outcome.BUSY: OutcomeRule(then="retry"),
    Outcome.REJECTED: OutcomeRule(then="retry", max_attempts=2),
    Outcome.AGENT_FAULT: OutcomeRule(then="retry", delay=DAY),
    Outcome.INVALID_NUMBER: OutcomeRule(then="next_number"),
    Outcome.BLOCKED: OutcomeRule(then="next_number"),
    Outcome.PROVIDER_FAULT: OutcomeRule(then="retry"),
    Outcome.QUOTA: OutcomeRule(then="retry"),
    Outcome.CANCELLED: OutcomeRule(then="retry"),
    Outcome.CONFIG_ERROR: OutcomeRule(then="retry"),
    Outcome.RELEASED: OutcomeRule(then="retry"),
}
"""What follows a used attempt unless the configuration says otherwise (R-RETRY-2)."""

DEAD_NUMBER = frozenset({Outcome.INVALID_NUMBER, Outcome.BLOCKED})
UNUSED_IF_SILENT = frozenset(
    {Outcome.PROVIDER_FAULT, Outcome.QUOTA, Outcome.CANCELLED, Outcome.CONFIG_ERROR, Outcome.RELEASED}
)
"""Outcomes of which an attempt is unused if the phone provably never rang; `released` as a rule never has."""


class Progress(NamedTuple):
    """How far a contact has come.

    `attempts` counts used ones for ever, `attempts_forgiven` those that a requeue no longer counts.
    `callback` is `due` while a callback waits, `made` once one was.
    """

    phone_numbers: tuple[str, ...]
    attempts: int = 0
    attempts_forgiven: int = 0
    unused_streak: int = 0
    outcome_counts: Mapping[str, int] = MappingProxyType({})
    last_number: str | None = None
    dropped: tuple[str, ...] = ()
    callback: str | None = None

    @property
    def counted(self) -> int:
        """Used attempts that count toward `max_attempts`."""
        return self.attempts - self.attempts_forgiven

    def number_to_dial(self) -> str | None:
        """The number to dial next: a callback goes to the number that was asked to be called back."""
        numbers = self.numbers_to_dial()
        return numbers[0] if numbers else None

    def numbers_to_dial(self) -> tuple[str, ...]:
        """The numbers that may be dialled, in the order in which they come."""
        numbers = rotation(self.phone_numbers, self.dropped, self.last_number)
        if self.callback == CALLBACK_DUE and self.last_number in numbers:
            return (self.last_number, *(number for number in numbers if number != self.last_number))
        return numbers


class Ending(NamedTuple):
    """How an attempt ended. `own_fault`: a `config_error` that blames a field of the contact itself."""

    number: str
    at: datetime
    outcome: Outcome
    rang: bool = True
    disposition: Disposition | None = None
    callback_at: datetime | None = None
    reason: str | None = None
    own_fault: bool = False


class Verdict(NamedTuple):
    """What becomes of the contact. `retry_at` is None where it keeps its present due time."""

    status: ContactStatus
    used: bool
    progress: Progress
    retry_at: datetime | None = None
    reason: str | None = None


def is_used(outcome: Outcome, *, rang: bool) -> bool:
    """Tell whether an attempt counts: it does unless it provably never rang (R-RETRY-1)."""
    return rang or outcome not in UNUSED_IF_SILENT


def settle(progress: Progress, ending: Ending, policy: DialingPolicy) -> Verdict:
    """Decide what follows an attempt (R-RETRY-1 to R-RETRY-3, R-CONTACT-2)."""
    if not is_used(ending.outcome, rang=ending.rang):
        return _after_unused(progress, ending)
    after = count_used(progress, ending.number, ending.outcome)
    if _is_dead(ending):
        after = after._replace(dropped=(*after.dropped, ending.number))
    if ending.own_fault:
        return Verdict(ContactStatus.ERROR, used=True, progress=after, reason=_own_fault(ending))
    if ending.disposition is Disposition.CALLBACK and ending.callback_at is not None:
        return _after_callback_request(after, ending, policy)
    if ending.disposition is Disposition.OPT_OUT:
        return Verdict(ContactStatus.COMPLETED, used=True, progress=after)
    return _after_used(after, ending, policy)


def lose_track(progress: Progress) -> Verdict:
    """Decide what follows an attempt whose fate nobody knows: it counts; no redial (R-CRASH-2).

    Nothing else moves on: number, callback and streak wait for the proof that `take_back` makes way for.
    """
    return Verdict(
        ContactStatus.UNKNOWN,
        used=True,
        progress=progress._replace(attempts=progress.attempts + 1),
        reason="nobody knows whether the last call rang",
    )


def take_back(progress: Progress) -> Progress:
    """Undo `lose_track`, so that the proof of what became of the call can be settled."""
    return progress._replace(attempts=progress.attempts - 1)


def count_used(progress: Progress, number: str, outcome: Outcome) -> Progress:
    """Count one used attempt."""
    counts = dict(progress.outcome_counts)
    counts[outcome.value] = counts.get(outcome.value, 0) + 1
    return progress._replace(
        attempts=progress.attempts + 1,
        unused_streak=0,
        outcome_counts=counts,
        last_number=number,
        callback=_spent(progress),
    )


def rule_for(outcome: Outcome, policy: DialingPolicy) -> OutcomeRule:
    """Merge the configuration's rule for an outcome over the default one, each field on its own."""
    default = DEFAULT_RULES[outcome]
    if outcome is Outcome.MACHINE and policy.on_machine == "complete":
        default = OutcomeRule(then="complete")
    override = policy.outcomes.get(outcome.value)  # type: ignore[call-overload] # a subset of the outcomes
    if override is None:
        return default
    return OutcomeRule(
        delay=override.delay if override.delay is not None else default.delay,
        max_attempts=override.max_attempts or default.max_attempts,
        then=override.then or default.then,
    )


def retry_delay(policy: DialingPolicy, base: timedelta, used_attempts: int) -> timedelta:
    """Give the wait before a retry: base times 1, n or 2^(n-1), at most max(base, max_delay)."""
    ceiling = max(base, policy.max_delay)
    match policy.backoff:
        case "fixed":
            factor = 1
        case "linear":
            factor = used_attempts
        case "exponential":
            factor = 2 ** min(used_attempts - 1, 32)
    return min(base * min(factor, ceiling // base + 1), ceiling) if base else base


def all_used(max_attempts: int) -> str:
    """Give the reason of a contact that is exhausted because its attempts are used up."""
    return "its only attempt is used" if max_attempts == 1 else f"all {max_attempts} attempts used"


def _after_unused(progress: Progress, ending: Ending) -> Verdict:
    after = progress._replace(unused_streak=progress.unused_streak + 1)
    if ending.own_fault:
        return Verdict(ContactStatus.ERROR, used=False, progress=after, reason=_own_fault(ending))
    if after.unused_streak >= UNUSED_IN_A_ROW:
        reason = f"{UNUSED_IN_A_ROW} attempts in a row came to nothing; the last: {ending.outcome.value}"
        return Verdict(ContactStatus.ERROR, used=False, progress=after, reason=reason)
    return Verdict(ContactStatus.PENDING, used=False, progress=after)


def _after_callback_request(after: Progress, ending: Ending, policy: DialingPolicy) -> Verdict:
    if after.counted > policy.max_attempts:
        return _exhausted(after, "no attempt left for the callback")
    if not after.numbers_to_dial():
        return _exhausted(after, "no number left for the callback")
    assert ending.callback_at is not None  # noqa: S101 - the caller looked
    # Nobody asks to be called in the past: a time that is over would only ring the phone again at once.
    later = ending.at + retry_delay(policy, policy.retry_delay, after.counted)
    return Verdict(
        ContactStatus.PENDING,
        used=True,
        progress=after._replace(callback=CALLBACK_DUE),
        retry_at=ending.callback_at if ending.callback_at > ending.at else later,
    )


def _after_used(after: Progress, ending: Ending, policy: DialingPolicy) -> Verdict:
    rule = rule_for(ending.outcome, policy)
    then: Then | None = "next_number" if ending.disposition is Disposition.WRONG_NUMBER else rule.then
    if then == "complete":
        return Verdict(ContactStatus.COMPLETED, used=True, progress=after)
    if then == "exhaust":
        return _exhausted(after, f"{ending.outcome.value} is final")
    if rule.max_attempts and after.outcome_counts[ending.outcome.value] >= rule.max_attempts:
        return _exhausted(after, f"{ending.outcome.value} for the {_ordinal(rule.max_attempts)} time")
    if after.counted >= policy.max_attempts:
        return _exhausted(after, all_used(policy.max_attempts))
    if not after.numbers_to_dial():
        return _exhausted(after, "no number left")
    if then == "next_number" and _another_number_waits(after, ending):
        return Verdict(ContactStatus.PENDING, used=True, progress=after, retry_at=ending.at)
    base = rule.delay if rule.delay is not None else policy.retry_delay
    retry_at = ending.at + retry_delay(policy, base, after.counted)
    return Verdict(ContactStatus.PENDING, used=True, progress=after, retry_at=retry_at)


def _another_number_waits(after: Progress, ending: Ending) -> bool:
    """Tell whether the next number is due at once; a round that begins anew waits like any retry."""
    if _is_dead(ending) or ending.number not in after.phone_numbers:
        return True
    following = after.numbers_to_dial()[0]
    return after.phone_numbers.index(following) > after.phone_numbers.index(ending.number)


def _is_dead(ending: Ending) -> bool:
    return ending.outcome in DEAD_NUMBER or ending.disposition is Disposition.WRONG_NUMBER


def _own_fault(ending: Ending) -> str:
    return ending.reason or "the gateway refuses this contact's own settings"


def _spent(progress: Progress) -> str | None:
    return CALLBACK_MADE if progress.callback == CALLBACK_DUE else progress.callback


def _exhausted(after: Progress, reason: str) -> Verdict:
    return Verdict(ContactStatus.EXHAUSTED, used=True, progress=after, reason=reason)


def _ordinal(count: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(count, f"{count}th")
