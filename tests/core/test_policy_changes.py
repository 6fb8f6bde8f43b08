"""What a changed dialing policy adds: more attempts, or sooner ones (R-PLAN-6)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.outcomes import Outcome
from reconciler.core.policy_changes import added_attempts
from reconciler.core.settlement import ContactStatus, Ending, Progress, settle
from reconciler.spec.dialing import DialingPolicy

AT = datetime(2026, 3, 2, 15, tzinfo=UTC)
BUSY_TWICE = {"outcomes": {"busy": {"delay": "2h", "max_attempts": 2}}}


def added(before, after):
    return added_attempts(DialingPolicy.model_validate(before), DialingPolicy.model_validate(after))


@pytest.mark.parametrize(
    ("before", "after", "texts"),
    [
        ({}, {"max_attempts": 5}, ["max_attempts rises from 3 to 5"]),
        (
            BUSY_TWICE,
            {"outcomes": {"busy": {"delay": "2h", "max_attempts": 3}}},
            ["after busy: its own max_attempts rises from 2 to 3"],
        ),
        (
            BUSY_TWICE,
            {"outcomes": {"busy": {"delay": "30m", "max_attempts": 2}}},
            ["after busy: attempt 2 comes after 30m instead of 2h"],
        ),
        (
            BUSY_TWICE,
            {},
            [
                "after busy: its own max_attempts rises from 2 to none",
                "after busy: attempt 2 comes after 1h instead of 2h",
            ],
        ),
        ({"on_machine": "complete"}, {}, ["after machine: retry follows instead of complete"]),
        (
            {},
            {"outcomes": {"no_answer": {"then": "next_number"}}},
            ["after no_answer: another number is called at once instead of after a delay"],
        ),
        (
            {"backoff": "exponential"},
            {"outcomes": {"machine": {"delay": "24h"}, "agent_fault": {"delay": "24h"}}},
            [
                (
                    "after no_answer, busy, rejected, invalid_number, blocked, provider_fault, quota, "
                    "cancelled: attempt 3 comes after 1h instead of 2h"
                ),
            ],
        ),
    ],
)  # fmt: skip
def test_what_rings_more_often_or_sooner_is_named(before, after, texts):
    """R-PLAN-6, R-RETRY-2: caps, delays and consequences are compared as they take effect."""
    assert list(added(before, after)) == texts


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {}),
        ({}, BUSY_TWICE),
        ({}, {"retry_delay": "2h", "max_attempts": 2}),
        ({}, {"outcomes": {"rejected": {"then": "exhaust", "max_attempts": 9}}}),
        ({"max_attempts": 2}, {"max_attempts": 2, "outcomes": {"rejected": {"max_attempts": 9}}}),
        ({"max_attempts": 1}, {"max_attempts": 1, "retry_delay": "1m"}),
    ],
)
def test_what_rings_no_phone_more_is_not(before, after):
    """R-PLAN-6: fewer, later, or beyond the cap over all outcomes."""
    assert added(before, after) == ()


RULES = st.fixed_dictionaries(
    {},
    optional={
        "delay": st.sampled_from(["0s", "10m", "1h", "2d"]),
        "max_attempts": st.integers(1, 4),
        "then": st.sampled_from(["retry", "next_number", "complete", "exhaust"]),
    },
)
POLICIES = st.fixed_dictionaries(
    {
        "max_attempts": st.integers(1, 4),
        "retry_delay": st.sampled_from(["10m", "1h", "1d"]),
        "backoff": st.sampled_from(["fixed", "linear", "exponential"]),
        "max_delay": st.sampled_from(["30m", "24h"]),
        "outcomes": st.dictionaries(st.sampled_from(["busy", "no_answer", "rejected"]), RULES),
    }
)


@given(
    POLICIES, POLICIES, st.lists(st.sampled_from(["busy", "no_answer", "rejected"]), min_size=1, max_size=4)
)
def test_what_is_not_named_rings_nobody_more_or_sooner(before, after, outcomes):
    """R-PLAN-6: if nothing is named, no story of a contact has more attempts, or earlier ones."""
    if added(before, after):
        return
    due_before, due_after = (story(DialingPolicy.model_validate(p), outcomes) for p in (before, after))
    assert len(due_after) <= len(due_before)
    assert all(later >= earlier for earlier, later in zip(due_before, due_after, strict=False))


def story(policy, outcomes):
    """Give how long a contact with two numbers waits after each attempt, until it has no more."""
    progress, waits = Progress(("+12125550142", "+12125550143")), []
    for outcome in outcomes:
        number = progress.number_to_dial()
        verdict = settle(progress, Ending(number, AT, Outcome(outcome)), policy)
        if verdict.status is not ContactStatus.PENDING:
            break
        progress = verdict.progress
        waits.append(verdict.retry_at - AT)
    return waits
