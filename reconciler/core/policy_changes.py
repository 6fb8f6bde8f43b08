"""What a changed dialing policy adds: attempts that a contact did not have before, or that come sooner.

These are the texts of the guard `attempts-raised` (R-PLAN-6).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import get_args

from reconciler.core.outcomes import Outcome
from reconciler.core.settlement import retry_delay, rule_for
from reconciler.spec.dialing import AdjustableOutcome, DialingPolicy, OutcomeRule
from reconciler.spec.scalars import format_duration

_FINAL = ("complete", "exhaust")


def added_attempts(before: DialingPolicy, after: DialingPolicy) -> tuple[str, ...]:
    """Say what would ring phones more often or sooner: `max_attempts rises from 3 to 5`.

    Outcomes are compared as they take effect (R-RETRY-2): an override that is removed counts as the default
    that shows again, and a delay as the waits that it comes to with `backoff` and `max_delay`.
    """
    outcomes_by_text: dict[str, list[str]] = {}
    for name in get_args(AdjustableOutcome):
        outcome = Outcome(name)
        for text in _of_outcome(rule_for(outcome, before), before, rule_for(outcome, after), after):
            outcomes_by_text.setdefault(text, []).append(name)
    texts = [f"after {', '.join(names)}: {text}" for text, names in outcomes_by_text.items()]
    if after.max_attempts > before.max_attempts:
        texts.insert(0, f"max_attempts rises from {before.max_attempts} to {after.max_attempts}")
    return tuple(texts)


def _of_outcome(
    rule_before: OutcomeRule, before: DialingPolicy, rule_after: OutcomeRule, after: DialingPolicy
) -> Iterator[str]:
    if rule_after.then in _FINAL:
        return
    if rule_before.then in _FINAL:
        yield f"{rule_after.then} follows instead of {rule_before.then}"
        return
    if (rule_before.then, rule_after.then) == ("retry", "next_number"):
        yield "another number is called at once instead of after a delay"
    # Beyond the cap over all outcomes, which is told apart, an outcome's own one makes no difference.
    most = after.max_attempts
    cap_before, cap_after = (min(rule.max_attempts or most, most) for rule in (rule_before, rule_after))
    if cap_after > cap_before:
        yield f"its own max_attempts rises from {cap_before} to {rule_after.max_attempts or 'none'}"
    for used in range(1, after.max_attempts):
        wait_before, wait_after = _wait(rule_before, before, used), _wait(rule_after, after, used)
        if wait_after < wait_before:
            shorter, longer = format_duration(wait_after), format_duration(wait_before)
            yield f"attempt {used + 1} comes after {shorter} instead of {longer}"
            return


def _wait(rule: OutcomeRule, policy: DialingPolicy, used_attempts: int) -> timedelta:
    base = rule.delay if rule.delay is not None else policy.retry_delay
    return retry_delay(policy, base, used_attempts)
