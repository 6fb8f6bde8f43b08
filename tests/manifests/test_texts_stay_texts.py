"""Texts that other readers of YAML turn into something else."""

import json

import pytest

TEXTS = ["22:00", "NO", "0441234567", "+14155551234", "2026-01-05", "1e3", "0x10", "1_000", "on", "1.10", "y"]
MANIFEST = """\
apiVersion: campaigns/v1
kind: Configuration
metadata: {{name: {0}, labels: {{k: {0}}}}}
---
apiVersion: campaigns/v1
kind: Campaign
metadata: {{name: {0}}}
spec: {{configuration: {0}, agent_id: {0}}}
---
apiVersion: campaigns/v1
kind: Contact
metadata: {{name: {0}, campaign: {0}}}
spec: {{phone_numbers: [+1 212 555 0142], data: {{{0}: [{0}, {{k: {0}}}]}}, initial_context: {0}}}
"""


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_a_scalar_is_the_text_that_stands_there_quoted_or_not(examined, text, quote):
    """R-MAN-1: names, labels, references, ids, data and free text, in YAML."""
    examination = examined({"m.yaml": MANIFEST.format(f"{quote}{text}{quote}")})
    assert not examination.faults
    configuration, campaign = examination.desired.objects
    [contact] = examination.desired.contacts
    assert (configuration.key.name, configuration.spec["labels"]) == (text, {"k": text})
    assert (campaign.spec["configuration"], campaign.spec["agent_id"]) == (text, text)
    assert (contact.external_id, contact.campaign, contact.fields["initial_context"]) == (text, text, text)
    assert contact.fields["data"] == {text: [text, {"k": text}]}


@pytest.mark.parametrize("text", TEXTS)
def test_a_cell_is_the_text_that_stands_there(contact_list, text):
    """R-MAN-1: ids and data of CSV, and strings of JSONL."""
    csv = f"id,phone,note\n{text},+1 212 555 0142,{text}\n"
    row = json.dumps({"id": text, "phone": "+12125550142", "note": text})
    for content, file in ((csv, "crm.csv"), (row, "crm.jsonl")):
        [contact] = contact_list(content, file=file).desired.contacts
        assert (contact.external_id, contact.fields["data"]) == (text, {"note": text})


def test_plain_values_of_data_keep_their_type_where_nothing_is_lost(examined):
    """R-MAN-1: in free JSON `42`, `true` and `null` unquoted are values; quoted they are texts."""
    text = MANIFEST.format("x").replace(
        "{x: [x, {k: x}]}", "{a: [42, '42', true, 'true', null, ~, 'null', 0.5]}"
    )
    [contact] = examined({"m.yaml": text}).desired.contacts
    assert contact.fields["data"] == {"a": [42, "42", True, "true", None, None, "null", 0.5]}
