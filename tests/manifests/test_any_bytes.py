"""No file whatsoever raises anything but faults."""

import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.core.existing import OFFLINE
from reconciler.manifests.load import load_manifests
from reconciler.manifests.resolve import examine

MANIFEST = """\
apiVersion: campaigns/v1
kind: {kind}
metadata: {{name: a, org: default{more}}}
spec:
  {field}: {value}
"""
YAML_PIECES = st.sampled_from(
    ["- ", "? ", ": ", "a: ", "\n", "\n  ", "\n---\n", "\n...\n", "{", "}", "[", "]", ",", "'", '"', "&a ",
     "*a", "!!x ", "<<: ", "|\n ", ">-\n ", "%YAML 1.2\n", "#", "null", "~", "kind: Contact\n", "\ufeff",
     "spec:\n  ", "apiVersion: campaigns/v1\n", "metadata: {name: a}\n", "\u2028", "@", "`", "\\", "\0"]
)  # fmt: skip
CSV_PIECES = st.sampled_from(
    ["id", "phone", "name", ",", ";", "\t", "\n", "\r", "\r\n", '"', '""', "2125550142", "x", "sep=;\n",
     "\ufeff", "timezone", "scheduled_at", "2026-01-05T10:00", "\0", "\x85", " "]
)  # fmt: skip


def examine_yaml(content):
    return examine(load_manifests(["-"], stdin=io.BytesIO(content)), OFFLINE, b"")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.lists(YAML_PIECES, max_size=40).map(lambda p: "".join(p).encode()))
@example(b"")
@example(b"a: &a [*a]\n")
@example(b'"\\ud800"')
def test_any_bytes_as_yaml_are_manifests_or_faults(content):
    """R-MAN-1: a file can be wrong in every way, and is reported in one."""
    loaded = load_manifests(["-"], stdin=io.BytesIO(content))
    read = loaded.all_read()
    assert read.faults or read.documents
    assert all(str(fault).startswith("<stdin>") for fault in loaded.faults)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        [
            ("Dialer", "", "global_concurrency_limit"),
            ("Organization", "", "caller_ids"),
            ("Configuration", "", "schedule"),
            ("Configuration", "", "dialing"),
            ("Campaign", "", "end_at"),
            ("Contact", ", campaign: default", "phone_numbers"),
            ("ContactList", ", campaign: default", "from"),
            ("ContactList", ", campaign: default", "contacts"),
            ("SuppressionList", "", "numbers"),
        ]
    ),
    st.recursive(
        st.text(max_size=8) | st.integers() | st.none() | st.booleans(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
        max_leaves=6,
    ).map(repr),
)
def test_any_value_in_any_field_is_taken_or_a_fault(kind, value):
    """R-MAN-1: validation says no in words, never by an exception of its own."""
    name, more, field = kind
    examination = examine_yaml(MANIFEST.format(kind=name, more=more, field=field, value=value).encode())
    assert examination.faults or examination.desired.objects or examination.desired.contacts


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
@settings(max_examples=150, deadline=None)
@given(
    content=st.binary(max_size=200)
    | st.lists(CSV_PIECES, max_size=40).map(lambda p: ("id,phone\n" + "".join(p)).encode())
    | st.lists(CSV_PIECES, max_size=40).map(lambda p: "".join(p).encode())
    | st.text(alphabet='{}[]":,\\u0d8 phoneid1', max_size=60).map(lambda t: f'{{"id":"a"}}\n{t}'.encode())
)
@example(content=b'{"id":"a","phone":"2125550142","scheduled_at":"0001-01-01T00:00:00+14:00"}')
def test_any_bytes_as_a_data_file_are_rows_or_faults(suffix, content):
    """R-MAN-2, R-PHONE-2: rows add up to good ones and bad ones, whatever the file holds."""
    text = MANIFEST.format(kind="ContactList", more=", campaign: default", field="from", value=f"x.{suffix}")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "list.yaml").write_text(text)
        (Path(folder) / f"x.{suffix}").write_bytes(content)
        examination = examine(load_manifests([folder], stdin=io.BytesIO()), OFFLINE, b"")
    [rows] = examination.desired.lists.values()
    assert rows.rows == rows.bad + len(examination.desired.contacts)
    assert len(examination.bad_rows) >= rows.bad
    assert rows.unreadable_ids + len(rows.kept) <= rows.bad
