"""Lists that call contacts of a campaign again, as manifests: strict, and every fault with its place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from manifests.conftest import CAMPAIGN

from reconciler.core.desired import ObjectKey, Origin
from reconciler.core.existing import Existing
from reconciler.core.outcomes import Outcome
from reconciler.manifests.redial import still_to_come
from reconciler.spec.redial import BY_OUTCOME, FinalStatus, LastOutcome
from reconciler.store.operations import requeue

AS_OF = datetime(2026, 3, 9, 19, tzinfo=UTC)


def manifests(choice, spec="", campaign="autumn"):
    """A campaign `spring`, and a list of another one that calls its contacts again; `from:` is on line 20."""
    return f"""{CAMPAIGN}---
apiVersion: campaigns/v1
kind: Campaign
metadata: {{name: autumn}}
spec: {{configuration: office}}
---
apiVersion: campaigns/v1
kind: ContactList
metadata: {{name: again, campaign: {campaign}}}
spec:
  from: {choice}
{spec}"""


def choice(where="{status: exhausted}", campaign="spring", as_of="2026-03-09T15:00:00-04:00"):
    return f"{{campaign: {campaign}, where: {where}, as_of: {as_of}}}"


def test_a_choice_is_resolved_and_nobody_is_read(examined):
    """R-MAN-4: what is to be selected, and where each part of it stands."""
    text = manifests(
        choice("{status: [exhausted, error], outcome: busy}"), "  expect_rows: {min: 5, max: 9}\n"
    )
    examination = examined({"m.yaml": text})
    assert examination.faults == []
    [redial] = examination.desired.redials.values()
    assert (redial.key.name, redial.campaign) == ("again", ObjectKey("Campaign", "default", None, "spring"))
    assert (redial.statuses, redial.outcomes, redial.as_of) == (("error", "exhausted"), ("busy",), AS_OF)
    assert (redial.least, redial.most) == (5, 9)
    assert (redial.origin, redial.bounds_origin) == (Origin("m.yaml", 20), Origin("m.yaml", 21))
    assert list(examination.desired.contacts) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{status: exhausted}", "{status: [exhausted, exhausted]}"),
        ("{status: [error, exhausted]}", "{status: [exhausted, error]}"),
        ("{outcome: busy}", "{status: [completed, exhausted], outcome: [busy]}"),
    ],
)
def test_the_same_choice_is_the_same_spec(examined, one, other):
    """A list is selected anew where its choice changes, not where it is only written otherwise."""
    specs = [
        next(item.spec["from"] for item in examined({"m.yaml": text}).desired.objects if "from" in item.spec)
        for text in (manifests(choice(one)), manifests(choice(other, as_of="2026-03-09T19:00:00Z")))
    ]
    assert specs[0] == specs[1]


def test_the_words_are_those_of_contacts_and_calls():
    """R-CONTACT-1: what a requeue may leave may be chosen, and every outcome."""
    assert set(get_args(FinalStatus)) == set(requeue.REQUEUABLE)
    assert set(BY_OUTCOME) == set(requeue.BY_OUTCOME)
    assert get_args(LastOutcome) == tuple(Outcome)


def test_a_campaign_of_the_database_may_be_named(examined):
    """Also one that another source declares, or that is closed; not one of another organization."""
    existing = Existing(
        organizations=frozenset({"default", "acme"}),
        campaigns={("default", "winter"): "gone", ("acme", "sprung"): "hours"},
    )
    assert examined({"m.yaml": manifests(choice(campaign="winter"))}, existing).faults == []
    [fault] = examined({"m.yaml": manifests(choice(campaign="sprung"))}, existing).faults
    assert str(fault) == "m.yaml:20:20: campaign 'sprung' does not exist — did you mean 'spring'?"


def test_faults_of_both_campaigns_are_told_at_once(examined):
    """R-MAN-1: the one that the list is in, and the one whose contacts it calls."""
    faults = examined({"m.yaml": manifests(choice(campaign="sprig"), campaign="autum")}).faults
    assert [(fault.line, fault.message) for fault in sorted(faults)] == [
        (18, "campaign 'autum' does not exist — did you mean 'autumn'?"),
        (20, "campaign 'sprig' does not exist — did you mean 'spring'?"),
    ]


def test_a_campaign_whose_document_is_faulty_does_exist(examined):
    """R-MAN-1: the fault of one document is told once."""
    text = manifests(choice(campaign="winter"))
    text += "---\napiVersion: campaigns/v1\nkind: Campaign\nmetadata: {name: winter}\nspec: {}\n"
    [fault] = examined({"m.yaml": text}).faults
    assert fault.message == "missing field 'configuration'"


def test_an_instant_that_is_still_to_come_is_refused(load):
    """Until then nobody knows who will be chosen; from that instant on, it never changes again."""
    loaded = load({"m.yaml": manifests(choice())})
    assert list(still_to_come(loaded.documents, AS_OF)) == []
    [fault] = still_to_come(loaded.documents, AS_OF - timedelta(microseconds=1))
    assert (fault.place, fault.message) == (
        "m.yaml:20:63",
        "as_of is still to come: 2026-03-09T19:00:00Z; what calls came to is known until now",
    )
