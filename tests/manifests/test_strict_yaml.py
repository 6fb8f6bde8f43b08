"""Faulty manifests and the exact lines that they earn."""

import pytest

HEAD = "apiVersion: campaigns/v1\nkind: {kind}\nmetadata: {{name: a{more}}}\n"
CAMPAIGN = HEAD.format(kind="Campaign", more="")
CONTACT = HEAD.format(kind="Contact", more=", campaign: default")

FAULTS = {
    "a misspelt field": (
        CAMPAIGN + "spec:\n  configuration: c\n  prioritty: 5\n",
        ["m.yaml:6:3: unknown field 'prioritty' — did you mean 'priority'?"],
    ),
    "a field that is missing, and a text that is none of those allowed": (
        CAMPAIGN + "spec: {status: activ}\n",
        [
            "m.yaml:4:7: missing field 'configuration'",
            "m.yaml:4:16: 'activ' is not one of active, paused, closed — did you mean 'active'?",
        ],
    ),
    "a field in the wrong part": (
        CAMPAIGN + "status: active\nspec: {configuration: c}\n",
        ["m.yaml:4:1: unknown field 'status' — it goes under spec:"],
    ),
    "a wrong kind": (
        "apiVersion: campaigns/v1\nkind: Campain\n",
        ["m.yaml:2:7: 'Campain' is not a kind — did you mean 'Campaign'?"],
    ),
    "a wrong apiVersion": (
        CAMPAIGN.replace("v1", "v2") + "spec: {configuration: c}\n",
        ["m.yaml:1:13: 'campaigns/v2' is not known; write campaigns/v1"],
    ),
    "no mapping": (
        "- a\n",
        ["m.yaml:1:1: a manifest is a mapping of apiVersion, kind, metadata and spec, not a list"],
    ),
    "neither kind nor apiVersion": (
        "a: 1\n",
        [
            (
                "m.yaml:1:1: missing field 'kind' (one of Dialer, Organization, Configuration, "
                "SuppressionList, Campaign, ContactFeed, ContactList, Contact)"
            )
        ],
    ),
    "a duplicate key": (
        CAMPAIGN + "spec:\n  configuration: c\n  configuration: d\n",
        ["m.yaml:6:3: duplicate key 'configuration' (the first stands 1 line above)"],
    ),
    "a merge key": (
        CAMPAIGN + "spec:\n  <<: {configuration: c}\n  configuration: c\n",
        [
            "m.yaml:5:3: merge keys (<<) are not supported (write the fields out, or alias whole values)",
        ],
    ),
    "a tag": (
        CAMPAIGN + "spec: {configuration: !!binary c}\n",
        ["m.yaml:4:23: tags such as !!binary are not supported (every scalar is the text that stands there)"],
    ),
    "a recursive alias": (
        CONTACT + "spec: {data: &x {y: *x}}\n",
        ["m.yaml:4:14: an alias stands inside its own anchor (write the value out)"],
    ),
    "an undefined alias": (
        CAMPAIGN + "spec: *x\n",
        [
            (
                "m.yaml:4:7: there is no anchor of this name in the document "
                "(write &name before the value that is meant, or quote a text that starts with *)"
            )
        ],
    ),
    "a tab": (CAMPAIGN + "spec:\n\tstatus: active\n", ["m.yaml:5:1: a tab stands here (indent with spaces)"]),
    "an unquoted @": (CAMPAIGN + "spec: @x\n", ["m.yaml:4:7: no plain text starts with @ (quote the text)"]),
    "a list for a key": (
        CONTACT + "spec: {data: {[a]: b}, phone_numbers: ['+12125550142']}\n",
        [
            (
                "m.yaml:4:15: a key must be a text "
                "(quote a text that holds brackets or braces; render a template before)"
            )
        ],
    ),
    "a campaign named default": (
        CAMPAIGN.replace("name: a", "name: default") + "spec: {configuration: c}\n",
        ["m.yaml:3:18: no campaign may be named 'default': contacts under it belong to no campaign"],
    ),
    "nothing where a mapping is meant": (
        CAMPAIGN + "spec:\n",
        [
            (
                "m.yaml:4:1: spec must be a mapping; nothing stands here (its fields: agent_id, "
                "agent_version, agent_number, configuration, status, priority, start_at, end_at)"
            )
        ],
    ),
    "a bound": (
        HEAD.format(kind="Configuration", more="") + "spec: {dialing: {ring_timeout: 0s}}\n",
        ["m.yaml:4:32: ring_timeout must be at least 1s"],
    ),
    "NUL": (
        CAMPAIGN + "spec: \0\n",
        [
            (
                "m.yaml:4:7: has a character that no manifest may have: U+0000 "
                "(write it as an escape in double quotes, or remove it)"
            )
        ],
    ),
    "Latin-1": (
        b"# Z\xfcrich\nkind: x\n",
        ["m.yaml:1:4: is not UTF-8: byte 0xfc at offset 3 (save it as UTF-8)"],
    ),
    "UTF-16": ("kind: x".encode("utf-16"), ["m.yaml:1:1: is UTF-16, not UTF-8 (save it as UTF-8)"]),
    "an unknown campaign": (
        CONTACT.replace("default", "x") + "spec:\n  phone_numbers:\n    - +12125550142\n    - 212-555-01\n",
        [
            (
                "m.yaml:3:31: campaign 'x' does not exist "
                "(validate looks at files only; diff also looks in the database)"
            )
        ],
    ),
    "a number that is not E.164 in no campaign": (
        CONTACT + "spec: {phone_numbers: [+12125550142, (212) 555-0143]}\n",
        [
            (
                "m.yaml:4:38: '********43' must be a valid number in E.164, such as +12125550123: "
                "a contact in no campaign has no country of its own"
            )
        ],
    ),
}


@pytest.mark.parametrize(("text", "lines"), FAULTS.values(), ids=FAULTS)
def test_a_fault_says_where_what_and_what_to_do(examined, text, lines):
    """R-MAN-1, R-PHONE-2: file:line:column: message (hint), exactly."""
    assert sorted(map(str, examined({"m.yaml": text}).faults)) == sorted(lines)


@pytest.mark.parametrize(
    "text",
    ["[" * 200_000, "{a: " * 101 + "}" * 101, "- " * 100_000, "? " * 100_000, "a: " + "[" * 101 + "]" * 101],
)
def test_deep_nesting_is_a_fault_and_never_a_crash(load, text):
    """R-MAN-1: bounded before libyaml, which would overflow the C stack."""
    faults = load({"m.yaml": text}).faults
    assert [f.message for f in faults] == ["nested deeper than 100 levels"]


def test_nesting_through_aliases_counts(load):
    """R-MAN-1: levels that only aliases make are levels."""
    text = "a: &a0 [x]\n" + "".join(f"a{i}: &a{i} [[[*a{i - 1}]]]\n" for i in range(1, 60))
    assert [f.message for f in load({"m.yaml": text}).faults] == ["nested deeper than 100 levels"]


def test_exploding_aliases_are_a_fault_at_once(load):
    """R-MAN-1: a billion laughs is told by counting, not by writing them out."""
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)
    )
    assert [f.message for f in load({"m.yaml": laughs}).faults] == ["aliases add more than 1,000,000 values"]


def test_plain_aliases_are_values(examined):
    """R-MAN-1: an alias that neither recurses nor explodes means what its anchor means."""
    text = CONTACT + "spec: {phone_numbers: [+12125550142], data: {a: &x {b: 1}, c: *x}}\n"
    [contact] = examined({"m.yaml": text}).desired.contacts
    assert contact.fields["data"] == {"a": {"b": 1}, "c": {"b": 1}}


def test_a_broken_document_hides_no_fault_of_another(load):
    """R-MAN-1: all faults of all files at once, numbered by the lines of the file."""
    text = "a: [\n---\n# nothing\n---\nkind: Nonsense\n---\n" + CAMPAIGN + "spec: {status: x}\n"
    faults = load({"b.yaml": text, "a/c.yml": "kind: [\n"}).faults
    assert [(f.file, f.line) for f in faults] == [
        ("a/c.yml", 2), ("b.yaml", 2), ("b.yaml", 5), ("b.yaml", 10), ("b.yaml", 10)
    ]  # fmt: skip


def test_documents_are_numbered_hashed_and_placed(load):
    """R-PLAN-2: the origin is the line of the manifest, and the hash is that of its own text alone."""
    one = HEAD.format(kind="Organization", more="")
    two = HEAD.format(kind="Dialer", more="").replace("name: a", "name: default")
    first = load({"m.yaml": f"# head\n{one}---\n---\n\n{two}"}).documents
    again = load({"m.yaml": f"%YAML 1.2\n---\n{two}...\n---\n# head\n{one}"}).documents
    assert [(d.name, d.line, d.manifest.kind) for d in first] == [
        ("m.yaml#1", 2, "Organization"), ("m.yaml#2", 8, "Dialer")
    ]  # fmt: skip
    assert {d.text_hash for d in first} == {d.text_hash for d in again}


def test_a_byte_order_mark_and_any_line_ends_are_fine(load):
    """R-MAN-1: what editors on other systems write."""
    text = HEAD.format(kind="Organization", more="")
    for variant in ("\ufeff" + text, text.replace("\n", "\r\n"), text.replace("\n", "\r")):
        loaded = load({"m.yaml": variant})
        assert not loaded.faults
        assert len(loaded.documents) == 1
