"""Whatever the manifests say and whoever meddled: one apply, and there is nothing left to do."""

from __future__ import annotations

from databases import ON_POSTGRESQL, ON_SQLITE
from declared import campaign, configuration, contact, contact_list, organization, state, suppression_list
from hypothesis import given, settings
from hypothesis import strategies as st
from installation import Installation

from reconciler.core.desired import ObjectKey
from reconciler.core.plan.digest import PlanDigest
from reconciler.errors import PlanRefused
from reconciler.store import tables

NAMES = "abcde"
ZONES = (None, "America/Chicago", "Europe/Berlin")
SPRING, AUTUMN = contact_list(), contact_list("later", campaign="autumn")

contacts = st.builds(
    lambda name, zone, number, data: contact(
        name, number, list_=SPRING, **({"timezone": zone} if zone else {}), **({"data": data} if data else {})
    ),
    st.sampled_from(NAMES),
    st.sampled_from(ZONES),
    st.sampled_from(["+12125550142", "+442079460018", ["+12125550143", "+12125550144"]]),
    st.sampled_from([None, {"plan": "gold"}, {"plan": {"deep": [1, 2]}}]),
)
suppressed = st.lists(
    st.sampled_from(["+12125550198", "+12125550199", ("+12125550197", "2027-01-01")]), unique_by=str
)


@st.composite
def desired_states(draw):
    """A small source: a campaign that may be paused or closed, a second one that comes and goes, lists."""
    agent = draw(st.sampled_from(["agent-a", "agent-b", None]))
    cap = draw(st.integers(1, 4))
    objects = [
        configuration(agent_id=agent, dialing={"max_attempts": cap}),
        campaign(
            status=draw(st.sampled_from(["active", "active", "paused"])), priority=draw(st.integers(0, 2))
        ),
        contact_list(mode=draw(st.sampled_from(["mirror", "append"]))),
    ]
    rows = draw(st.lists(contacts, max_size=5, unique_by=lambda item: item.external_id))
    if draw(st.booleans()):
        objects += [
            campaign("autumn", status=draw(st.sampled_from(["active", "closed"])), configuration="hours"),
            AUTUMN,
        ]
        rows += [contact("z", campaign="autumn", list_=AUTUMN)]
    if draw(st.booleans()):
        objects.append(organization("acme", concurrency_limit=draw(st.integers(1, 3))))
    if draw(st.booleans()):
        objects.append(suppression_list(*draw(suppressed)))
    return state(*objects, contacts=rows)


@st.composite
def meddlings(draw):
    """What people and dialers do between two applies: a function over the installation."""
    kind = draw(
        st.sampled_from(["priority", "pause", "close", "contact", "dial", "delete", "settle", "none"])
    )
    status = draw(st.sampled_from(["completed", "exhausted", "expired", "error", "in_progress", "locked"]))
    name = draw(st.sampled_from(NAMES))
    attempts = draw(st.integers(0, 3))

    def meddle(scratch):
        known = {row.external_id for row in scratch.rows(tables.contact)}
        closed = scratch.campaign().status == "closed"
        match kind:
            case "priority":
                scratch.edit_campaign(priority=5, agent_id="agent-x")
            case "pause" if not closed:
                scratch.pause()
            case "close":
                scratch.edit_campaign(status="closed")
            case "contact" if name in known:
                scratch.edit_contact(name, timezone="Asia/Tokyo")
            case "delete" if name in known:
                scratch.edit_contact(name, status="withdrawn")
            case "dial" if name in known:
                scratch.edit_contact(name, attempts=attempts, last_outcome="busy")
            case "settle" if name in known:
                scratch.edit_contact(name, status=status)

    return meddle


histories = st.lists(st.tuples(desired_states(), meddlings(), st.booleans()), min_size=1, max_size=4)


@ON_SQLITE
@settings(max_examples=40, deadline=None)
@given(histories)
def test_after_an_apply_nothing_is_left_to_do(history):
    """R-PLAN-1: in many histories."""
    converge(history)


@ON_POSTGRESQL
@settings(max_examples=6, deadline=None)
@given(histories)
def test_after_an_apply_to_a_server_nothing_is_left_to_do(history):
    """R-PLAN-1: in a few histories, on the other engine."""
    converge(history)


def converge(history):
    """R-PLAN-1: after any edits, drift, holds and prunes, one apply leaves nothing to plan.

    Tallies are what count(*) says, and the same states give the same digest.
    """
    scratch = Installation()
    for desired, meddle, prune in history:
        try:
            made = scratch.plan(desired, prune=prune)
        except PlanRefused as refusal:
            assert "closed is final" in str(refusal)  # noqa: PT017 - the only refusal that this history can meet
            continue
        assert scratch.plan(desired, prune=prune).digest == made.digest
        before = scratch.serial()
        scratch.apply_plan(made)
        assert scratch.serial() == before + (not made.in_sync)
        again = scratch.plan(desired, prune=prune)
        assert again.in_sync, [(change.key, change.fields) for change in again.changes]
        assert (list(again.stamps), list(again.remembered)) == ([], [])
        assert again.digest == PlanDigest(_hash_key(scratch), "main").text()
        assert scratch.tallies() == scratch.counted()
        if ObjectKey("Campaign", "default", None, "spring") in {item.key for item in desired.objects}:
            meddle(scratch)


def _hash_key(scratch):
    (row,) = scratch.rows(tables.installation)
    return row.hash_key
