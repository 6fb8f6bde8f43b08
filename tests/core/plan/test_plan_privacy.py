"""No rendering, digest or refusal of a plan gives a phone number or contact data away."""

from __future__ import annotations

import json

import pytest
from declared import campaign, configuration, contact, contact_list, state, suppression_list, with_fields
from hypothesis import given
from hypothesis import strategies as st
from installation import START as NOW

from reconciler.core.masking import MASK, masked_field, masked_leaves, masked_name
from reconciler.core.plan.observed import empty_state
from reconciler.core.plan.plan import PlanOptions
from reconciler.core.plan.planner import plan
from reconciler.core.plan.render_json import render_json
from reconciler.core.plan.render_markdown import render_markdown
from reconciler.core.plan.render_text import render_text
from reconciler.store.reads.masked import masked

SECRETS = ("+12125550142", "12125550142", "Ada", "loves trains", "+12125550199", "sing to her")


def made(key=b"key", **changes):
    crm = contact_list()
    ada = contact(
        "ada", "+12125550142", list_=crm, data={"first_name": "Ada", "likes": ["loves trains"]},
        initial_context="Ada loves trains", agent_config={"prompt": "sing to her"},
    )  # fmt: skip
    phone = contact("+12125550142", "+12125550142", list_=crm)
    desired = state(
        configuration(), campaign(), crm, suppression_list("+12125550199"),
        contacts=[with_fields(ada, **changes), phone],
    )  # fmt: skip
    return plan(desired, empty_state(key), PlanOptions(NOW))


@pytest.mark.parametrize("render", [render_text, render_json, render_markdown])
def test_renderings_are_masked_unless_asked(render):
    """R-PLAN-8: numbers, data, context, agents and numbers used as names are masked; --show-pii shows."""
    masked, plain = "\n".join(render(made())), "\n".join(render(made(), show_pii=True))
    assert [secret for secret in SECRETS if secret in masked] == []
    assert "+12125550199" in plain


def test_json_has_the_promised_shape():
    """interface.md: the keys of a plan, of a change and of a field, and one document of valid JSON."""
    document = json.loads("".join(render_json(made())))
    assert list(document) == [
        "format_version", "in_sync", "source", "serial", "digest", "summary", "guards", "changes", "notices",
    ]  # fmt: skip
    assert list(document["changes"][0]) == [
        "action", "kind", "org", "campaign", "name", "transition", "cause", "fields", "origin",
    ]  # fmt: skip
    ada = next(change for change in document["changes"] if change["name"] == "ada")
    paths = {field["path"]: field["after"] for field in ada["fields"]}
    assert paths["spec.phone_numbers"] == ["+1********42"]
    assert paths["spec.data.first_name"] == MASK
    assert document["summary"] == {
        "create": 6, "adopt": 0, "update": 0, "withdraw": 0, "close": 0, "delete": 0, "unchanged": 0,
    }  # fmt: skip


def test_the_digest_covers_unmasked_values_and_is_keyed():
    """R-PLAN-8: another number is another digest although it is masked alike; only with the key."""
    alike = made(phone_numbers=["+12125550242"])
    assert made().digest == made().digest
    assert made().digest.startswith("sha256:")
    assert made().digest not in (alike.digest, made(key=b"other").digest)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_values)
def test_masking_leaves_the_shape_and_nothing_else(value):
    """R-PLAN-8: every leaf of data is masked; keys and shape stay, and masking twice is masking once."""
    masked = masked_leaves(value)
    assert masked_leaves(masked) == masked

    def leaves(item):
        if isinstance(item, dict):
            return [leaf for inner in item.values() for leaf in leaves(inner)]
        return [leaf for inner in item for leaf in leaves(inner)] if isinstance(item, list) else [item]

    assert set(map(str, leaves(masked))) <= {MASK, "None"}
    assert len(leaves(masked)) == len(leaves(value))


@pytest.mark.parametrize(
    "name",
    ["(212) 555-0142", "212-555-0142", "2125550142", "12125550142", "1 212.555.0142", "020 7946 0018",
     "02079460018", "442079460018", " +1 (212) 555-0142", "+99999"],
)  # fmt: skip
def test_an_id_that_is_a_number_is_masked_however_it_is_written(name):
    """R-PLAN-8: exports use the phone as the id, in the form that people write."""
    assert masked_name(name).count("*") >= 3
    assert name[-4:] not in masked_name(name)


@pytest.mark.parametrize(
    "name", ["crm-1001", "0000000042", "1000000042", "20260309", "2026-03-09", "7", "", "+", "003-4423"]
)
def test_an_id_of_digits_that_is_no_number_is_not(name):
    """R-PLAN-8: a reviewer has to see which contact is meant."""
    assert masked_name(name) == name


def test_numbers_in_what_a_person_wrote_are_masked():
    """R-PLAN-8: the reason of a suppression, and a contact's labels."""
    entry = {"number": "+12125550142", "expires_at": "2029-01-01", "reason": "asked from 212-555-0143"}
    assert masked_field("spec.numbers", entry) == {
        "number": "+1********42", "expires_at": "2029-01-01", "reason": "asked from ********43",
    }  # fmt: skip
    assert masked_field("metadata.labels.also", "on +12125550142") == "on +1********42"
    assert masked({"reason": "not +12125550142", "labels": {"also": "+12125550142"}}) == {
        "reason": "not +1********42", "labels": {"also": "+1********42"},
    }  # fmt: skip


@pytest.mark.parametrize("render", [render_text, render_json, render_markdown])
def test_the_reason_of_a_blackout_is_masked(render):
    """R-PLAN-8: a configuration is no place for a number, and a person may still have written one there."""
    blackout = {"start": "2026-12-24", "end": "2026-12-26", "reason": "shut; urgent: +1 212-555-0143"}
    desired = state(configuration(schedule={"blackouts": [blackout]}, labels={"desk": "212-555-0144"}))
    made = plan(desired, empty_state(b"key"), PlanOptions(NOW))
    masked, plain = "\n".join(render(made)), "\n".join(render(made, show_pii=True))
    assert "2026-12-24" in masked
    assert "shut; urgent: +1********43" in masked
    assert "0143" not in masked
    assert "0144" not in masked
    assert "+1 212-555-0143" in plain


def test_a_configuration_is_shown_without_the_numbers_in_its_texts():
    """R-PLAN-8: `get configurations --format json` masks the reason of a blackout, and nothing beside it."""
    blackout = {"start": "2026-12-24", "end": "2026-12-26", "reason": "urgent: +1 212-555-0143"}
    spec = {"agent_number": "+12125550123", "schedule": {"blackouts": [blackout]}}
    shown = masked({"spec": spec})["spec"]
    assert shown["schedule"]["blackouts"] == [{**blackout, "reason": "urgent: +1********43"}]
    assert shown["agent_number"] == spec["agent_number"]


def test_names_and_ordinary_fields_stay_readable():
    """R-PLAN-8: only what is personal is masked: a reviewer must see zones, times and ids."""
    assert masked_name("crm-1001") == "crm-1001"
    assert masked_name("+12125550142") == "+1********42"
    assert masked_field("spec.timezone", "America/Chicago") == "America/Chicago"
    assert masked_field("spec.data", None) is None
