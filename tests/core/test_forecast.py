"""The forecast's figures: they add up, and say who stays unreached and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.forecast import FOR_EVER, CallMade, outlooks, per_slot
from reconciler.core.plan.schedule_text import schedule_text
from reconciler.core.settlement import ContactStatus

BEGIN = datetime(2026, 3, 2, 14, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def call(minute, outcome="busy", *, used=True, talked=0, campaign="acme/spring"):
    start = BEGIN + minute * MINUTE
    ended = start + MINUTE if outcome else None
    return CallMade(campaign, start, ended, talked * MINUTE, outcome, used)


def test_a_finished_campaign_says_when_its_last_call_ended():
    """Nobody is left to call: it is finished when the last call, not the last reached contact, ended."""
    calls = [call(0, "completed", talked=3), call(9), call(4)]
    counts = {("completed", None): 1, ("exhausted", "all 3 attempts used"): 2}
    [found] = outlooks(calls, {"acme/spring": counts})
    assert (found.finished_at, found.left) == (BEGIN + 10 * MINUTE, 0)
    assert (found.contacts, found.reached, found.calls, found.minutes) == (3, 1, 3, 3)
    assert found.unreached == {"exhausted: all 3 attempts used": 2}


def test_a_campaign_with_contacts_left_is_not_finished():
    """Whoever waits, is on the phone, or whose call's fate is unknown keeps it from being finished."""
    counts = {("pending", None): 1, ("in_progress", None): 1, ("pending", "every number is suppressed"): 1}
    [found] = outlooks([call(0, None, used=False)], {"acme/spring": counts})
    assert (found.finished_at, found.left) == (None, 3)
    assert found.unreached == {
        "time ran out before its next call": 1,
        "its call was still going on": 1,
        "every number is suppressed": 1,
    }


def test_a_campaign_is_finished_but_for_those_who_are_suppressed_for_ever():
    """R-SUP-1: nobody waits for a call that is never made; those whose suppression ends are waited for."""
    [found] = outlooks(
        [call(0, "completed")], {"acme/spring": {("completed", None): 1, ("pending", FOR_EVER): 2}}
    )
    assert (found.finished_at, found.left, found.suppressed) == (BEGIN + MINUTE, 0, 2)
    assert found.unreached == {FOR_EVER: 2}


def test_contacts_that_cannot_be_called_leave_nobody_to_call():
    """A campaign whose contacts are all errors has no end of a call, and nobody left."""
    [found] = outlooks([], {"acme/spring": {("error", "no agent"): 2}})
    assert (found.finished_at, found.left, found.unreached) == (None, 0, {"error: no agent": 2})


def test_a_call_that_used_no_attempt_is_a_start_and_no_call():
    """R-RETRY-1: what never rang is no call that counts, and has no outcome in the sum."""
    [found] = outlooks(
        [call(0, "provider_fault", used=False), call(1)], {"acme/spring": {("pending", None): 1}}
    )
    assert (len(found.starts), found.calls, found.outcomes) == (2, 1, {"busy": 1})


CALLS = st.builds(
    call,
    st.integers(0, 10_000),
    st.sampled_from(["busy", "completed", "no_answer", "provider_fault", None]),
    used=st.booleans(),
    talked=st.integers(0, 30),
    campaign=st.sampled_from(["acme/spring", "acme/autumn"]),
)
COUNTS = st.dictionaries(
    st.tuples(st.sampled_from([status.value for status in ContactStatus]), st.sampled_from([None, "why"])),
    st.integers(1, 500),
    min_size=1,
)


@given(st.lists(CALLS), COUNTS, COUNTS)
def test_the_figures_add_up(calls, spring, autumn):
    """Contacts = reached + unreached, calls = outcomes, starts = calls + unused ones; nothing gets lost."""
    found = outlooks(calls, {"acme/spring": spring, "acme/autumn": autumn})
    assert [one.campaign for one in found] == ["acme/spring", "acme/autumn"]
    for one in found:
        assert one.contacts == one.reached + one.unreached.total()
        fates_unknown = sum(c.used and not c.outcome for c in calls if c.campaign == one.campaign)
        assert one.calls == one.outcomes.total() + fates_unknown
        assert one.left <= one.unreached.total()
    assert sum(len(one.starts) for one in found) == len(calls)
    assert sum((one.talked for one in found), timedelta(0)) == sum((c.talked for c in calls), timedelta(0))


def test_calls_are_counted_in_half_open_slots():
    """A call at a slot's end belongs to the next one; calls outside of all slots are left out."""
    starts = [BEGIN + minutes * MINUTE for minutes in (-1, 0, 59, 60, 119, 120)]
    assert per_slot(starts, BEGIN, timedelta(hours=1), 2) == [2, 2]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([{"days": ["mon", "tue"], "start": "09:00", "end": "17:00"}], "mon,tue 09:00\N{EN DASH}17:00"),
        (
            [{"timezones": ["America/Denver"], "windows": []}],
            "America/Denver: no calls",
        ),
        (
            [{"start": "2026-12-24", "end": "2026-12-26", "reason": "office closed"}],
            "2026-12-24 to 2026-12-26 (office closed)",
        ),
        ([{"start": "2026-12-24", "end": "2026-12-26", "reason": None}], "2026-12-24 to 2026-12-26"),
        ([], None), (None, None), ("mon", None), ([{"days": ["mon"]}], None), ([{}, 3], None),
    ],
)  # fmt: skip
def test_a_schedule_reads_as_people_write_it(value, text):
    """R-PLAN-2: a diff shows windows, overrides and blackouts in words; anything else is left alone."""
    assert schedule_text(value) == text
