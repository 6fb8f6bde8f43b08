"""The private database of a plan gives back what was put into it, and finds what is repeated."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.canonical import content_hash
from reconciler.core.desired import DesiredContact, FewContacts, ObjectKey, Origin, Place
from reconciler.scratch import contacts as scratch_contacts
from reconciler.scratch.contacts import Remark
from reconciler.scratch.database import Scratch

CRM = ObjectKey("ContactList", "default", "spring", "crm")
numbers = st.lists(
    st.sampled_from(["+12125550142", "+12125550143", "+442079460018"]), max_size=3, unique=True
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
).map(lambda value: {"value": value})


def made(org, campaign, name, of, data, text_hash):  # noqa: PLR0917 - a contact has as many parts
    fields = {"phone_numbers": of, "data": data}
    list_ = CRM if campaign == "spring" else None
    return DesiredContact(
        org, campaign, name, fields, content_hash(fields), "as written", Origin("a.csv", 7), list_, text_hash
    )


contacts = st.lists(
    st.builds(
        made,
        st.sampled_from(["default", "acme"]),
        st.sampled_from(["spring", None]),
        st.text("ab\u00e9\U0001f600", min_size=1, max_size=3),
        numbers,
        values,
        st.none() | st.integers(-(2**63), 2**63 - 1),
    ),
    max_size=12,
)


@pytest.fixture(autouse=True)
def _few_at_once(monkeypatch):
    monkeypatch.setattr(scratch_contacts, "_AT_ONCE", 3)


def filled(declared, **options):
    scratch = Scratch(**options)
    for contact in declared:
        scratch.contacts.add(contact)
    return scratch.contacts


@settings(max_examples=150, deadline=None)
@given(contacts, st.booleans())
def test_it_reads_as_contacts_in_memory_do(declared, in_memory):
    """R-DIAL-2: file order is kept, and key order is that of organization, campaign and external id."""
    few, many = FewContacts(declared), filled(declared, in_memory=in_memory)
    assert list(many) == list(few) == declared
    assert [contact for _, contact in many.by_key()] == [contact for _, contact in few.by_key()]
    assert all(declared[position] == contact for position, contact in many.by_key())
    assert (len(many), many.places(), many.end) == (len(few), few.places(), few.end)


@settings(max_examples=150, deadline=None)
@given(contacts, contacts, st.sets(st.sampled_from(["a", "b", "ab"])))
def test_an_id_that_stands_twice_in_a_list_is_taken_out(before, declared, bad):
    """R-ID-4: all of its rows, also where the other one is bad; what stood there before stays."""
    many = filled([*before, *declared])
    repeated = {name for name, _ in many.take_repeated(len(before), bad)}
    counts = Counter(contact.external_id for contact in declared)
    assert repeated == {name for name, count in counts.items() if count > 1 or name in bad}
    assert list(many) == [*before, *(one for one in declared if one.external_id not in repeated)]


@settings(max_examples=150, deadline=None)
@given(contacts)
def test_the_first_of_several_declarations_stays(declared):
    """R-ID-4: each later one is told with the first."""
    many, first = filled(declared), {}
    for contact in declared:
        first.setdefault((contact.place, contact.external_id), contact)
    again = list(many.take_declared_again())
    assert all(first[one.place, one.external_id] == other for one, other in again)
    assert (len(again), list(many)) == (len(declared) - len(first), list(first.values()))


@settings(max_examples=150, deadline=None)
@given(contacts)
def test_shared_numbers_are_found_and_their_contacts_lose_their_hash(declared):
    """R-ID-4: within a place, in the order in which a second contact came to a number."""
    many = filled(declared)
    many.find_shared()
    for place in many.places():
        here = [one for one in declared if one.place == place]
        under = {
            number: [one for one in here if number in one.fields["phone_numbers"]]
            for one in here
            for number in one.fields["phone_numbers"]
        }
        shared = {number: members for number, members in under.items() if len(members) > 1}
        total, first = many.shared(place, 9)
        found = {one.number: [name.external_id for name in one.contacts] for one in first}
        assert total == len(shared)
        assert found == {number: [one.external_id for one in several] for number, several in shared.items()}
        theirs = {id(one) for several in shared.values() for one in several}
        kept = [one.text_hash for one in many if one.place == place]
        assert kept == [None if id(one) in theirs else one.text_hash for one in here]


def test_what_is_to_be_said_is_counted_by_kind_and_detail():
    """R-TZ-1: how many of which country, and the first of them."""
    scratch = Scratch()
    for n, detail in enumerate(["GB", "GB", "FR"]):
        scratch.contacts.add(made("default", "spring", f"c{n}", [], {}, 1), [Remark("elsewhere", detail)])
    found = scratch.contacts.remarked(Place("default", "spring"), "elsewhere", 2)
    assert (found.total, found.by_detail) == (3, {"GB": 2, "FR": 1})
    assert [one.external_id for one in found.first] == ["c0", "c1"]
    assert scratch.contacts.remarked(Place("default", "spring"), "no-zone", 2) is None
