"""The verdict on evidence that was made up: each rule sees its breach, and nothing where there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from torture.declared import CALLER_ID, first_terms
from torture.evidence import Call, Evidence
from torture.journal import Entry
from torture.stops import worst_lag
from torture.verdict import judge

pytestmark = pytest.mark.torture

BEGUN = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()
TERMS = first_terms(3)
NEVER = {"spring": {"Etc/UTC": []}}


def order(at):
    return {"what": "order", "true": at, "not_after": datetime.fromtimestamp(at + 5, UTC).isoformat()}


def call(at, number="+12015550000", **changes):
    """A call of somebody at an instant that nobody answers: it rings for a second."""
    made = Call(
        f"{at:.3f}", "default", "spring", "spring-0", number, None, "ended", "no_answer", None,
        used=True, attempt=1, placed=True, accepted=True, contact_id="a contact", started=at,
        orders=[order(at)],
        rings=[{"true": at}],
        ends=[{"true": at + 1, "outcome": "no_answer"}],
    )  # fmt: skip
    return replace(made, **changes)


def contact(name, campaign, status="pending", attempts=0):
    number = next(person.number for person in TERMS.people[campaign] if person.name == name)
    return SimpleNamespace(
        external_id=name, id=name, status=status, reason=None, attempts=attempts, phone_numbers=[number]
    )


def evidence(*calls, acts=(), terms=TERMS, **changes):
    """A storm in which these calls were made; what else would be amiss with contacts is left out."""
    journal = [Entry("apply", BEGUN - 20, BEGUN - 19, {"terms": terms}), *acts]
    whole = Evidence(
        calls=list(calls), strangers=[], contacts=[], conversations=[one.id for one in calls],
        open_attempts=0,
        suppressed=set(), journal=journal, samples=[], logs=[], by_server=True, kept={}, counted={},
    )  # fmt: skip
    return replace(whole, **changes)


def rules_broken(found):
    """Name the rules that were broken; contacts, of which there are none, are lost."""
    return {breach.split(":")[0] for breach in judge(found)} - {"nobody lost"}


def test_a_call_that_is_as_it_should_be_breaks_nothing():
    """A judge who condemns everybody would be of no use."""
    assert rules_broken(evidence(call(BEGUN))) == set()


ACTS = {
    "pause": Entry("pause", BEGUN - 3, BEGUN - 2, {"campaign": "spring"}),
    "hold": Entry("hold", BEGUN - 3, BEGUN - 2, {"scope": "country", "value": "US", "org": None}),
    "suppress": Entry("suppress", BEGUN - 3, BEGUN - 2, {"org": "default", "number": "+12015550000"}),
    "shut": Entry("apply", BEGUN - 3, BEGUN - 2, {"terms": replace(TERMS, windows=NEVER)}),
    "withdraw": Entry(
        "apply", BEGUN - 3, BEGUN - 2, {"terms": replace(TERMS, people={**TERMS.people, "spring": []})}
    ),
}


@pytest.mark.parametrize(
    ("act", "rules"),
    [
        ("pause", {"pauses and holds"}), ("hold", {"pauses and holds"}), ("suppress", {"suppression"}),
        ("shut", {"windows"}), ("withdraw", {"withdrawn", "windows"}),
    ],
)  # fmt: skip
def test_a_call_that_an_act_forbids_is_seen(act, rules):
    """R-LIFE-4, R-HOLD-1, R-SUP-1, R-WIN-6, R-CONTACT-3: by when it was committed, and the call placed."""
    assert rules_broken(evidence(call(BEGUN), acts=[ACTS[act]])) == rules
    assert rules_broken(evidence(call(BEGUN - 10), acts=[ACTS[act]])) == set()


@pytest.mark.parametrize("act", ["pause", "suppress", "shut", "withdraw"])
def test_an_act_that_may_not_have_come_about_excuses_a_call(act):
    """It was killed, or its commit was lost: nobody knows."""
    assert rules_broken(evidence(call(BEGUN), acts=[replace(ACTS[act], done=None)])) == set()


def test_a_pause_is_over_once_somebody_begins_to_start_the_campaign():
    """R-LIFE-4: and what was committed for less than a second is still being noticed."""
    lifted = Entry("start", BEGUN - 0.1, BEGUN + 1, {"campaign": "spring"})
    assert rules_broken(evidence(call(BEGUN), acts=[ACTS["pause"], lifted])) == set()
    fresh = replace(ACTS["pause"], done=BEGUN - 0.5)
    found = evidence(call(BEGUN), acts=[fresh])
    assert rules_broken(found) == set()
    assert worst_lag(found) == 0.5


@pytest.mark.parametrize(
    ("calls", "rule"),
    [
        ([call(BEGUN, orders=[order(BEGUN)] * 2)], "once"),
        ([call(BEGUN, rings=[{}, {}])], "once"),
        ([call(BEGUN, orders=[{**order(BEGUN), "true": BEGUN + 6}])], "sleepers"),
        ([call(BEGUN), call(BEGUN + 0.5)], "one call per number"),
        ([call(BEGUN + 2 * n) for n in range(4)], "caps"),
        ([call(BEGUN, disposition="opt_out")], "opt-outs"),
        ([call(BEGUN, f"+1201555{n:04}", caller_id=CALLER_ID) for n in range(7)], "limits"),
        ([call(BEGUN, f"+1201555{n:04}") for n in range(15)], "limits"),
        ([call(BEGUN + n / 10, f"+1201555{n:04}") for n in range(7)], "pace"),
        ([call(BEGUN, used=False)], "told truly"),
        ([call(BEGUN, outcome="completed")], "told truly"),
        ([call(BEGUN, state="placing")], "told truly"),
    ],
)  # fmt: skip
def test_calls_that_must_not_be_are_seen(calls, rule):
    """R-CRASH-1, R-CRASH-3, R-CONTACT-4, R-RETRY-1, R-SUP-2, R-DIAL-3, R-DIAL-5."""
    assert rule in rules_broken(evidence(*calls))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"strangers": ["an id"]}, "told truly"),
        ({"open_attempts": 1}, "nothing open"),
        ({"conversations": ["of nobody"]}, "nothing open"),
        ({"kept": {"pending": 2}, "counted": {"pending": 1}}, "nothing open"),
        ({"samples": [(BEGUN, 21, {})]}, "limits by rows"),
        ({"samples": [(BEGUN, 7, {"acme": 7})]}, "limits by rows"),
    ],
)
def test_what_must_not_be_left_is_seen(changes, rule):
    """R-CRASH-4, R-DIAL-3."""
    assert rule in rules_broken(evidence(**changes))


@pytest.mark.parametrize(
    ("row", "calls"),
    [
        (contact("spring-0", "spring"), []),
        (contact("spring-0", "spring", "exhausted"), []),
        (contact("spring-0", "spring", "completed", attempts=1), [call(BEGUN, contact_id="spring-0")]),
        (contact("spring-0", "spring", "exhausted", attempts=2), [call(BEGUN, contact_id="spring-0")]),
        (contact("spring-0", "spring", "error"), []),
    ],
)
def test_a_contact_that_is_not_where_its_attempts_say_is_seen(row, calls):
    """R-CONTACT-1, R-CRASH-4: and one that is not there at all."""
    breaches = judge(evidence(*calls, contacts=[("default", "spring", row)]))
    assert any(text.startswith("nobody lost: spring-0 ") for text in breaches)
    assert any("spring-1" in text and "is lost" in text for text in breaches)


def test_a_traceback_in_a_log_is_seen(tmp_path):
    """An error is a sentence."""
    log = tmp_path / "dialer-0.log"
    log.write_text("Traceback (most recent call last):\n")
    assert rules_broken(evidence(logs=[log])) == {"no traceback"}
