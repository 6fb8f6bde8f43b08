"""Whatever calls come to, in whatever order: caps hold, finals stay, silence never counts, numbers rotate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.core.outcomes import Disposition, Outcome
from reconciler.core.settlement import DEAD_NUMBER, ContactStatus, Ending, Progress, is_used, settle
from reconciler.spec.dialing import DialingPolicy

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NUMBERS = tuple(f"+1212555010{digit}" for digit in range(4))
ADJUSTABLE = sorted({outcome.value for outcome in Outcome} - {"config_error", "released"})

delays = st.sampled_from(["0s", "15m", "1d", "90d"])
rules = st.fixed_dictionaries(
    {},
    optional={
        "delay": delays,
        "max_attempts": st.integers(1, 4),
        "then": st.sampled_from(["retry", "next_number", "complete", "exhaust"]),
    },
)
policies = st.fixed_dictionaries(
    {"max_attempts": st.integers(1, 100), "retry_delay": delays, "max_delay": delays},
    optional={
        "backoff": st.sampled_from(["fixed", "linear", "exponential"]),
        "outcomes": st.dictionaries(st.sampled_from(ADJUSTABLE), rules, max_size=4),
    },
).map(DialingPolicy.model_validate)
ends = st.tuples(
    st.sampled_from(Outcome),
    st.booleans(),
    st.one_of(st.none(), st.sampled_from(Disposition)),
    st.one_of(st.none(), st.integers(-5, 100_000)),
    st.booleans(),
)
calls = st.lists(ends, min_size=1, max_size=40)
CALLBACK_ON_A_DEAD_LINE = (Outcome.INVALID_NUMBER, True, Disposition.CALLBACK, 3600, False)
"""A carrier and an agent that contradict each other."""


def dialled(policy, calls, numbers=NUMBERS):
    """Dial one contact until it is no longer pending; yields (progress before, ending, verdict)."""
    progress, now = Progress(numbers), NOON
    for outcome, rang, disposition, callback_after, own_fault in calls:
        number = progress.number_to_dial()
        callback_at = None if callback_after is None else now + timedelta(seconds=callback_after)
        end = Ending(
            number, now, outcome, rang, disposition, callback_at,
            own_fault=own_fault and outcome is Outcome.CONFIG_ERROR,
        )  # fmt: skip
        verdict = settle(progress, end, policy)
        yield progress, end, verdict
        if verdict.status is not ContactStatus.PENDING:
            return
        progress, now = verdict.progress, verdict.retry_at or now


@given(policies, calls)
def test_attempts_never_exceed_the_cap_and_one_callback(policy, calls):
    """R-RETRY-1, R-RETRY-3: `max_attempts` is over every other rule; a callback may exceed it by one."""
    *_, (before, _, verdict) = dialled(policy, calls)
    assert verdict.progress.attempts <= policy.max_attempts + 1
    if verdict.progress.attempts > policy.max_attempts:
        assert before.callback == "due"
        assert verdict.status is not ContactStatus.PENDING


@given(policies, calls)
def test_only_used_attempts_count(policy, calls):
    """R-RETRY-1: attempts grow by one exactly where a call is used, and then its number is the last one."""
    for before, end, verdict in dialled(policy, calls):
        assert verdict.used == is_used(end.outcome, rang=end.rang)
        assert verdict.used or not end.rang
        assert verdict.progress.attempts == before.attempts + verdict.used
        assert sum(verdict.progress.outcome_counts.values()) == verdict.progress.attempts
        if verdict.used:
            assert (verdict.progress.last_number, verdict.progress.unused_streak) == (end.number, 0)
        else:
            assert verdict.progress.number_to_dial() == end.number


@given(policies, calls)
@example(DialingPolicy(), [*3 * [(Outcome.INVALID_NUMBER, True, None, None, False)], CALLBACK_ON_A_DEAD_LINE])
def test_a_pending_contact_has_a_number_and_a_time(policy, calls):
    """R-CONTACT-1: whoever is pending can be dialled: some number is left, and it is due by an instant."""
    for _, end, verdict in dialled(policy, calls):
        if verdict.status is ContactStatus.PENDING:
            assert verdict.progress.number_to_dial() in NUMBERS
            assert verdict.retry_at is not None or not verdict.used
            assert verdict.retry_at is None or verdict.retry_at >= end.at
        else:
            assert verdict.status in {
                ContactStatus.COMPLETED, ContactStatus.EXHAUSTED, ContactStatus.ERROR,
            }  # fmt: skip


@given(policies, calls)
def test_dead_numbers_are_never_dialled_again(policy, calls):
    """R-CONTACT-2: what the network calls invalid, or the person wrong, has left the rotation."""
    dead = set()
    for _, end, verdict in dialled(policy, calls):
        assert end.number not in dead
        if verdict.used and (end.outcome in DEAD_NUMBER or end.disposition is Disposition.WRONG_NUMBER):
            dead.add(end.number)
        assert dead == set(verdict.progress.dropped)


@given(st.integers(1, 4), st.integers(1, 12))
def test_retries_go_round_the_numbers(count, attempts):
    """R-CONTACT-2: the first at the first attempt, the next on each retry, then round again."""
    numbers = NUMBERS[:count]
    policy = DialingPolicy(max_attempts=100)
    calls = [(Outcome.NO_ANSWER, True, None, None, False)] * attempts
    dialled_numbers = [end.number for _, end, _ in dialled(policy, calls, numbers)]
    assert dialled_numbers == [numbers[turn % count] for turn in range(attempts)]
