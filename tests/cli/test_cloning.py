"""`dialctl clone campaign`: a manifest that is valid, round-trips, and calls nobody by accident."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from installation import START
from sqlalchemy import select
from support.present_database import ON_BOTH, change, query

from reconciler.cli.rendering.cloned_campaign import Clone, campaign_document, list_document, manifest_text
from reconciler.manifests.load import load_manifests
from reconciler.store import tables

ODD = """\
apiVersion: campaigns/v1
kind: Campaign
metadata: {name: "NO", labels: {team: "true", "1": 'it''s "odd": # yes', ünï: "0441"}}
spec:
  configuration: hours
  priority: 100
  agent_id: "007"
  agent_version: 7
  agent_number: "+12125550123"
  start_at: 2026-03-01T09:00:00-05:00
  end_at: 2026-05-31T18:00:00-04:00
"""
COPIED = ("configuration_id", "priority", "agent_id", "agent_version", "agent_number", "labels", "org_id")


def campaign_row(name):
    [row] = query(select(tables.campaign).where(tables.campaign.c.external_id == name))
    return row


@ON_BOTH
def test_a_copy_is_what_the_campaign_is_but_paused(dialctl, applied):
    """Applied beside the others it gives the same campaign under another name, and then an empty diff."""
    (applied / "odd.yaml").write_text(ODD)
    assert dialctl("apply", applied, "--yes").code == 0
    finished = dialctl("clone", "campaign", "NO", "yes: really", "--output", applied / "copy.yaml")
    assert (finished.code, finished.err) == (0, "")
    assert finished.out == f"{applied}/copy.yaml: campaign yes: really, paused, as a copy of NO\n"
    assert dialctl("validate", applied).code == 0
    assert dialctl("apply", applied, "--yes").code == 0
    assert dialctl("diff", applied).code == 0
    source, copy = campaign_row("NO"), campaign_row("yes: really")
    assert [getattr(copy, name) for name in COPIED] == [getattr(source, name) for name in COPIED]
    assert (copy.status, copy.start_at, copy.end_at) == ("paused", None, None)


def test_it_reads_as_a_person_would_have_written_it(dialctl, applied):
    """What is not set is left out; what is left out of what is set is said above it."""
    change("UPDATE campaign SET end_at = '2026-05-31 22:00:00.000000', status = 'closed'")
    first, *rest = dialctl("clone", "campaign", "spring", "autumn").out.splitlines()
    assert first.startswith("# A copy of campaign spring of organization default, as of 2")
    assert rest == [
        "# It is paused: nobody is called until its status is active.",
        "# Left out, for its time was that of spring: end_at: 2026-05-31T22:00:00Z",
        "apiVersion: campaigns/v1", "kind: Campaign", "metadata:", "  name: autumn", "  org: default",
        "spec:", "  configuration: hours", "  status: paused", "  priority: 1",
    ]  # fmt: skip


@ON_BOTH
def test_its_contacts_may_be_called_again(dialctl, applied):
    """--contacts adds a list with the choice, as of now; it round-trips like any other."""
    change("UPDATE contact SET status = 'exhausted', last_outcome = 'busy' WHERE external_id <> 'bob'")
    chosen = ("--contacts", "--status", "exhausted", "--outcome", "busy", "--outcome", "no_answer")
    finished = dialctl("clone", "campaign", "spring", "autumn", *chosen)
    (applied / "autumn.yaml").write_text(finished.out)
    done = dialctl("apply", applied, "--yes")
    assert "selected: 2 contacts of campaign spring: exhausted, last outcome busy or no_answer" in done.out
    assert query("SELECT external_id, status FROM contact WHERE last_outcome IS NULL ORDER BY id") == [
        ("bob", "pending"), ("ada", "pending"), ("cyd", "pending"),
    ]  # fmt: skip
    assert dialctl("diff", applied).code == 0


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("sprong", "autumn"), 1, "there is no campaign 'sprong'"),
        (("default", "autumn"), 1, "'default' is no campaign"),
        (("spring", "spring"), 1, "there is a campaign 'spring' in organization default, and it is active"),
        (("spring", "default"), 64, "TARGET cannot be a campaign's name: no campaign may be named 'default'"),
        (("spring", " x"), 64, "TARGET cannot be a campaign's name: ' x' has white space at an end"),
        (("spring", "x" * 201), 64, "TARGET cannot be a campaign's name: name must have at most 200"),
        (("spring", "autumn", "--contacts"), 64, "say which contacts"),
        (("spring", "autumn", "--status", "exhausted"), 64, "--status and --outcome choose contacts"),
        (("spring", "autumn", "--contacts", "--status", "pending"), 64, "Invalid value for '--status'"),
        (("spring", "autumn", "--output", "no/such/file"), 64, "--output no/such/file: cannot be written"),
        (("spring", "autumn", "--org", "acme"), 1, "there is no organization 'acme'"),
    ],
)
def test_what_cannot_be_copied(dialctl, applied, words, code, says):
    """interface.md: nothing is printed, and the message says what to do."""
    finished = dialctl("clone", "campaign", *words)
    assert (finished.code, finished.out) == (code, "")
    assert finished.err.startswith(says)


def test_no_file_is_overwritten(dialctl, applied):
    """Whatever stands there stays, also where it is empty."""
    (applied / "mine.yaml").write_text("mine")
    finished = dialctl("clone", "campaign", "spring", "autumn", "--output", applied / "mine.yaml")
    assert (finished.code, finished.err) == (
        64, f"--output {applied}/mine.yaml: is there already, and is not overwritten\n",
    )  # fmt: skip
    assert (applied / "mine.yaml").read_text() == "mine"


def test_a_campaign_that_lost_its_configuration_cannot_be_copied(dialctl, applied):
    """R-LIFE-6: a copy of it would be a manifest that no plan accepts."""
    change("UPDATE campaign SET status = 'closed'")
    change("UPDATE configuration SET deleted_at = created_at")
    finished = dialctl("clone", "campaign", "spring", "autumn")
    assert (finished.code, finished.out) == (1, "")
    assert finished.err.startswith("campaign spring has no configuration any more: 'hours' was deleted\n")


NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=30) | st.sampled_from(
    [
        "NO",
        "0441234567",
        "22:00",
        "1e3",
        "~",
        "null",
        "- x",
        "a: b",
        "#a",
        "'",
        '"',
        "=",
        "<<",
        "2026-01-05",
        "%a",
    ]
)


@given(NAMES, NAMES, st.dictionaries(NAMES, NAMES, max_size=3), NAMES | st.integers(0, 10**6) | st.none())
def test_whatever_names_there_are_they_are_read_back(source, target, labels, version):
    """R-MAN-1: what is written down is the text that a manifest is read with."""
    spec = {
        "configuration": source, "status": "active", "priority": 5, "agent_id": target,
        "agent_version": version, "agent_number": None, "start_at": None, "end_at": None, "labels": labels,
    }  # fmt: skip
    clone = Clone("acme", source, target, START)
    documents = [campaign_document(clone, spec), list_document(clone, ["error"], [])]
    loaded = load_manifests(["-"], stdin=io.BytesIO(manifest_text(clone, spec, documents).encode()))
    if "default" in (source, target):
        return
    assert loaded.faults == []
    copy, again = (document.manifest for document in loaded.documents)
    assert (copy.metadata.name, copy.metadata.labels, copy.spec.agent_id) == (target, labels, target)
    assert (copy.spec.configuration, copy.spec.status, copy.spec.priority) == (source, "paused", 5)
    assert str(copy.spec.agent_version) == str(version)
    assert (again.metadata.campaign, again.spec.redial.campaign) == (target, source)
    assert (again.spec.redial.where.status, again.spec.redial.as_of) == (("error",), START)
