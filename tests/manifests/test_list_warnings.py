"""What is probably not meant in a data file: numbers that nobody dials, rows most of which are bad."""

import pytest

NUMBERS = ["(212) 555-0142", "212-555-0143", "2125550144", "+1 212 555 0145"]


def warnings(examination):
    notices = examination.desired.notices
    return [notice.detail for notice in notices if notice.notice == "warning"]


def listed(header, *cells, phone="6465550142"):
    """Give a file with one row per cell; each contact has a number of its own."""
    rows = [
        f"{n},{phone[: len(phone) - 1]}{n},{cell}" if phone else f"{n},,{cell}"
        for n, cell in enumerate(cells)
    ]
    return "\n".join([f"id,phone,{header}", *rows, ""])


def test_a_column_of_numbers_that_is_not_dialled(contact_list):
    """R-MAN-4: it lands in `data`, and not without a word on how it would be dialled."""
    [said] = warnings(contact_list(listed("Handy", *NUMBERS)))
    assert said == (
        "column 'Handy' looks like phone numbers and is not dialled; "
        "map it: columns: {phone_numbers: [phone, Handy]}"
    )


def test_a_name_that_yaml_would_misread_is_quoted(contact_list):
    """R-MAN-4: what the warning says to write can be written; numbers in headers are masked (R-PLAN-8)."""
    [said] = warnings(contact_list(listed("Fax: +12125550199 #", *NUMBERS)))
    assert said.endswith('[phone, "Fax: +1********99 #"]}')


@pytest.mark.parametrize(
    "cells", [["12", "7", "9", "4"], [*NUMBERS[:2], "no", "no"], ["2026-03-01"] * 4, [""] * 4]
)
def test_columns_of_something_else(contact_list, cells):
    """R-MAN-4: at most half of the cells read as numbers, or none is filled."""
    assert warnings(contact_list(listed("notes", *cells))) == []


def test_whoever_maps_the_numbers_has_decided(contact_list):
    """R-MAN-4: `columns: phone_numbers` says which to dial; others stay data without a word."""
    examination = contact_list(listed("Fax", *NUMBERS), "  columns: {phone_numbers: phone}\n")
    assert warnings(examination) == []


def test_json_lines_are_looked_at_as_well(contact_list):
    """R-MAN-4: their keys are recognised as CSV headers are."""
    rows = "\n".join(
        f'{{"id": "{n}", "phone": "646555014{n}", "handy": "{text}"}}' for n, text in enumerate(NUMBERS)
    )
    [said] = warnings(contact_list(rows, file="crm.jsonl"))
    assert said.endswith("[phone, handy]}")


def test_most_rows_are_bad_because_their_numbers_stand_elsewhere(contact_list):
    """R-PHONE-2: said in one sentence, with what most of them have in common and the likeliest cause."""
    [_, said] = warnings(contact_list(listed("Handy", *NUMBERS, phone="")))
    assert said == (
        "most rows are bad, 4 of 4; 4 of them for this: phone: has no phone number; "
        "is column 'Handy' the one to dial?"
    )


def test_most_rows_are_bad_because_their_country_is_another(contact_list):
    """R-PHONE-1: `default_country` is named; the sorts of faults are counted whatever numbers they show."""
    numbers = ("020 7946 0018", "030 23125001", "01 70 18 99 00", "020 7946 0020")
    rows = "".join(f"{at},{number}\n" for at, number in enumerate(numbers))
    [said] = warnings(contact_list(f"id,phone\n{rows}9,2125550142\n"))
    assert said.startswith("most rows are bad, 4 of 5; ")
    assert said.endswith("; are these numbers of another country? dialing: {default_country: …} says which")


@pytest.mark.parametrize("cells", [["x"] * 3, ["x", "x", "2125550142", "2125550143"]])
def test_a_few_bad_rows_are_no_pattern(contact_list, cells):
    """R-PHONE-2: fewer than four rows, or half of them, are told as bad rows only."""
    content = "id,phone\n" + "".join(f"{at},{cell}\n" for at, cell in enumerate(cells))
    assert warnings(contact_list(content)) == []
