"""JSON Lines as data files."""

import json

import pytest

from reconciler.core.desired import ListRows


def test_rows_have_types_and_nested_data(contact_list):
    """R-MAN-4: keys are recognised as headers are; numbers may be lists; `data` may be an object."""
    lines = [
        {"id": 7, "Phone": ["(212) 555-0142", 12125550143], "data": {"a": [1, None]}, "plan": "gold"},
        {"external_id": "8", "mobile": "2125550144;2125550145", "agent_config": {"m": 1}, "agent_version": 3},
    ]
    content = "\n".join(map(json.dumps, lines)) + "\n\n"
    first, second = contact_list(content, file="crm.jsonl").desired.contacts
    assert (first.external_id, first.fields) == (
        "7",
        {"phone_numbers": ["+12125550142", "+12125550143"], "data": {"plan": "gold", "a": [1, None]}},
    )
    assert second.fields == {
        "phone_numbers": ["+12125550144", "+12125550145"],
        "agent_config": {"m": 1},
        "agent_version": 3,
    }
    assert second.origin.line == 2


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '"x"',
        '{"a": 1, "a": 2}',
        '{"a": NaN}',
        "9" * 5000,
        "[" * 5000,
        '{"a":' * 200 + "1" + "}" * 200,
    ],
)
def test_a_line_that_is_no_object_is_an_unreadable_row(contact_list, line):
    """R-PHONE-2: it stops no good row, and nothing is withdrawn."""
    content = line + '\n{"id": "a", "phone": "2125550142"}\n'
    examination = contact_list(content, file="crm.ndjson")
    assert list(examination.desired.lists.values()) == [ListRows(2, 1, frozenset(), 1)]
    assert [c.external_id for c in examination.desired.contacts] == ["a"]


@pytest.mark.parametrize("value", [True, {"a": 1}, [[True]], 1.5, "\\ud800"])
def test_a_number_of_another_type_is_a_bad_number(contact_list, value):
    """R-PHONE-1: what is no text of a number is refused, not guessed."""
    content = json.dumps({"id": "a", "phone": value}) + "\n"
    examination = contact_list(content, file="crm.jsonl")
    assert list(examination.desired.lists.values()) == [ListRows(1, 1, frozenset({"a"}), 0)]


def test_what_no_database_can_keep_is_a_bad_row(contact_list):
    """R-PHONE-2: NUL and half surrogate pairs come by way of JSON escapes."""
    content = '{"id":"a","phone":"2125550142","n":"\\u0000"}\n{"id":"b","phone":"2125550143","n":"\\ud800"}\n'
    examination = contact_list(content, file="crm.jsonl")
    assert list(examination.desired.lists.values()) == [ListRows(2, 2, frozenset({"a", "b"}), 0)]


def test_a_mapped_key_that_no_row_has_is_a_fault(contact_list):
    """R-MAN-4: a renamed key of an export is noticed."""
    spec = "  columns: {external_id: crm}\n"
    [fault] = contact_list('{"id": "a", "phone": "2125550142"}\n', spec, file="crm.jsonl").faults
    assert str(fault) == "crm.jsonl:1: there is no column 'crm'; the columns are 'id', 'phone'"
