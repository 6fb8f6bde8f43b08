"""The schemas that editors use: current, and accepting what dialctl accepts."""

import json
import re
from pathlib import Path

import pytest

from reconciler.manifests.documents import split_documents
from reconciler.manifests.schemas import schema_files
from reconciler.manifests.yaml_tree import compose, read_values
from reconciler.spec.registry import ANY_MANIFEST, KINDS
from reconciler.spec.scalars import PlainScalar

ROOT = Path(__file__).parents[2]
TYPES = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "integer": int,
    "number": (int, float),
}  # fmt: skip
EXAMPLES = """\
apiVersion: campaigns/v1
kind: Dialer
metadata: {name: default}
spec: {global_concurrency_limit: 200}
---
apiVersion: campaigns/v1
kind: Organization
metadata: {name: acme}
spec: {concurrency_limit: 40, caller_ids: [{number: "+12125550123", max_concurrent_calls: 10}]}
---
apiVersion: campaigns/v1
kind: Configuration
metadata: {name: us-business-hours, org: acme, labels: {team: growth}}
spec:
  schedule:
    default_timezone: America/New_York
    infer_timezone: false
    default_windows:
      - {days: [mon, tue, wed, thu, fri], start: "09:00", end: "17:00"}
    overrides:
      - {timezones: [America/Los_Angeles], windows: [{days: [mon, tue], start: 10:00, end: 16:30}]}
    scheduled_windows: null
    scheduled_overrides: null
    holidays: {country: US}
    blackouts: [{start: 2026-12-24, end: 2026-12-26, reason: office closed}]
  dialing:
    max_attempts: 4
    retry_delay: 2h
    backoff: exponential
    max_delay: 24h
    outcomes: {busy: {delay: 15m}, machine: {delay: 1d, max_attempts: 1}}
    default_country: US
    ring_timeout: 30s
    max_call_duration: 20m
    calls_per_second: 5
    max_concurrent_calls: 20
  agent_id: agent-renewals
  agent_version: 7
  agent_number: "+12125550123"
---
apiVersion: campaigns/v1
kind: Campaign
metadata: {name: spring-renewals, org: acme}
spec: {configuration: us-business-hours, status: active, priority: 100, end_at: 2026-05-31T18:00:00-04:00}
---
apiVersion: campaigns/v1
kind: Contact
metadata: {name: crm-1001, org: acme, campaign: spring-renewals}
spec:
  phone_numbers: ["(212) 555-0142", +1 646 555 0119]
  timezone: America/Chicago
  scheduled_at: 2026-03-09T15:00:00-05:00
  data: {first_name: Ada, plan: gold}
---
apiVersion: campaigns/v1
kind: ContactList
metadata: {name: spring-crm, org: acme, campaign: spring-renewals}
spec:
  from: contacts/spring.csv
  columns: {external_id: CRM Id, phone_numbers: [Mobile, Office phone], timezone: TZ}
  mode: mirror
  expect_rows: {min: 500, max: 5000}
---
apiVersion: campaigns/v1
kind: SuppressionList
metadata: {name: do-not-call, org: acme}
spec: {numbers: [+12125550199, {number: "+442079460018", expires_at: 2027-01-01, reason: asked by mail}]}
---
apiVersion: campaigns/v1
kind: ContactList
metadata: {name: not-reached, org: acme, campaign: autumn-renewals}
spec:
  from:
    campaign: spring-renewals
    where: {status: exhausted, outcome: [no_answer, busy]}
    as_of: 2026-03-09T15:00:00-05:00
---
apiVersion: campaigns/v1
kind: ContactList
metadata: {name: 1001, campaign: default}
spec:
  columns: {phone_numbers: Mobile}
  from: x.csv
"""


def as_an_editor_reads(value):
    """Type plain scalars as YAML 1.2 does."""
    if isinstance(value, dict):
        return {key: as_an_editor_reads(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_an_editor_reads(item) for item in value]
    if isinstance(value, PlainScalar):
        if re.fullmatch(r"[-+]?[0-9]+", value):
            return int(value)
        return {"true": True, "false": False}.get(value, str(value))
    return value


def documents(text):
    return [read_values(compose(d.text), d.text)[0] for d in split_documents(text)]


def accepts(schema, value, root):
    """Judge by the part of JSON Schema that the generated schemas use."""
    if "$ref" in schema:
        return accepts(root["$defs"][schema["$ref"].rpartition("/")[2]], value, root)
    if "anyOf" in schema and not any(accepts(option, value, root) for option in schema["anyOf"]):
        return False
    if "oneOf" in schema and sum(accepts(option, value, root) for option in schema["oneOf"]) != 1:
        return False
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(_is(value, name) for name in types):
        return False
    if ("const" in schema and value != schema["const"]) or ("enum" in schema and value not in schema["enum"]):
        return False
    if isinstance(value, dict):
        return _accepts_object(schema, value, root)
    if isinstance(value, list):
        length = schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value))
        return length and all(accepts(schema.get("items", {}), item, root) for item in value)
    if isinstance(value, str):
        length = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
        return length and re.search(schema.get("pattern", ""), value) is not None
    number = isinstance(value, (int, float))
    return not number or schema.get("minimum", value) <= value <= schema.get("maximum", value)


def _is(value, name):
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def _accepts_object(schema, value, root):
    known = schema.get("properties", {})
    extra = schema.get("additionalProperties", True)
    return set(schema.get("required", [])) <= set(value) and all(
        accepts(known[name], item, root)
        if name in known
        else bool(extra) and (extra is True or accepts(extra, item, root))
        for name, item in value.items()
    )


def test_the_schemas_on_disk_are_current():
    """Whoever changes a model writes the schemas anew: `make schemas`."""
    on_disk = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "schemas").glob("*.json")}
    assert on_disk == schema_files()


def test_every_kind_has_a_schema_of_its_own():
    """Draft 2020-12, an id, a title, a description, a line end at the end."""
    files = schema_files()
    assert set(files) == {*(f"{kind}.json" for kind in KINDS), "all.json"}
    for name, text in files.items():
        schema = json.loads(text)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["$id"].endswith(f":{name.removesuffix('.json')}")
        assert schema["title"]
        assert text.endswith("}\n")


@pytest.mark.parametrize("document", documents(EXAMPLES), ids=lambda d: d["kind"])
def test_an_editor_accepts_what_dialctl_accepts(document):
    """R-MAN-3: the examples of the interface are valid for both, by kind and in the file of any kind."""
    ANY_MANIFEST.validate_python(document)
    typed = as_an_editor_reads(document)
    for name in (f"{document['kind']}.json", "all.json"):
        schema = json.loads(schema_files()[name])
        assert accepts(schema, typed, schema)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "Campain"},
        {"extra": 1},
        {"apiVersion": "v1"},
        {"spec": {}},
        {"spec": {"status": "on"}},
        {"spec": {"configuration": "c", "priority": -1}},
        {"spec": {"configuration": "c", "priority": 1_000_000}},
    ],
)
def test_an_editor_refuses_what_dialctl_refuses(change):
    """R-MAN-1: unknown fields, kinds and values show while typing."""
    document = as_an_editor_reads(documents(EXAMPLES)[3]) | change
    schema = json.loads(schema_files()["all.json"])
    assert not accepts(schema, document, schema)


def test_an_editor_is_told_in_its_own_words():
    """Bounds as JSON Schema names them, durations as manifests write them, none of our rules' ids."""
    text = schema_files()["all.json"]
    policy = json.loads(text)["$defs"]["DialingPolicy"]["properties"]
    assert (policy["max_attempts"]["minimum"], policy["max_attempts"]["maximum"]) == (1, 100)
    assert policy["retry_delay"]["default"] == "1h"
    assert policy["calls_per_second"]["anyOf"][0]["exclusiveMinimum"] == 0
    assert not re.search(r'"(ge|gt|le|lt)":|\bP\d*T?\d|R-[A-Z]+-\d', text)
