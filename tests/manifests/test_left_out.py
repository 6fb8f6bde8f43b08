"""What is left of a long inline list without its contacts."""

from __future__ import annotations

import io
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from support import inline_lists
from support.inline_lists import text_of

from reconciler.core.existing import OFFLINE
from reconciler.manifests import left_out
from reconciler.manifests.left_out import without_contacts
from reconciler.manifests.load import load_manifests
from reconciler.manifests.resolve import examine
from reconciler.manifests.summary import summarise

CONTACTS = [(f"c{n}", "+12125550142", "") for n in range(200)]


@pytest.fixture(autouse=True, scope="module")
def _any_list_is_long():
    with patch.object(left_out, "WORTH_LEAVING_OUT", 1):
        yield


@settings(deadline=None)
@given(inline_lists.lists)
def test_every_line_keeps_its_place(declared):
    """R-MAN-1: a fault stands where it would stand in the whole document."""
    whole = text_of(**declared)
    left = without_contacts(whole)
    if left is not None:
        pairs = list(zip(whole.splitlines(), left.splitlines(), strict=True))
        assert [ours for theirs, ours in pairs if ours not in {theirs, ""}] == ["  contacts: []"]
        assert ("expect_rows" in left) is ("expect_rows" in whole)


HOURS = """\
apiVersion: campaigns/v1
kind: Configuration
metadata: {name: hours}
spec: {agent_id: agent-a}
---
apiVersion: campaigns/v1
kind: Campaign
metadata: {name: spring}
spec: {configuration: hours}
---
"""


def told(text):
    """Give what `validate` tells of manifests, and their contacts with the lines on which they stand."""
    found = examine(load_manifests(["-"], stdin=io.BytesIO(text.encode())), OFFLINE, b"a key")
    return summarise(found), list(found.desired.contacts), found.desired.objects


@settings(deadline=None)
@given(inline_lists.lists)
def test_whatever_is_left_out_at_first_comes_to_the_same(declared):
    """R-MAN-1: faults, warnings, counts, contacts and their places are those of a list read at once."""
    text = HOURS + text_of(**declared)
    later = told(text)
    with patch.object(left_out, "WORTH_LEAVING_OUT", len(text)):
        assert told(text) == later


def test_contacts_are_left_out():
    """R-MAN-4: all of them, and nothing else."""
    left = without_contacts(text_of(CONTACTS, tail="  expect_rows: {max: 300}\n"))
    assert left.split() == text_of([], tail="  expect_rows: {max: 300}\n").split()


@pytest.mark.parametrize(
    "text",
    [
        text_of([]),
        text_of(CONTACTS).replace("ContactList", "Contact"),
        text_of(CONTACTS).replace("  contacts:\n", "  contacts: # ours\n"),
        "kind: ContactList\nspec: {contacts: [" + "{}, " * 200 + "]}\n",
    ],
    ids=["no contacts", "no list", "a comment", "one line"],
)
def test_what_looks_otherwise_is_left_as_it_is(text):
    """R-MAN-4: it is read as a whole, at once."""
    assert without_contacts(text) is None


def test_short_lists_are_left_as_they_are():
    """R-MAN-4: they are read as quickly."""
    with patch.object(left_out, "WORTH_LEAVING_OUT", 10_000):
        assert without_contacts(text_of(CONTACTS[:20])) is None
        assert without_contacts(text_of(CONTACTS)) is not None
