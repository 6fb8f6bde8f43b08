"""Parquet files of contacts: read as JSON Lines are, by an extra."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reconciler.manifests import parquet_rows


def parquet(**columns):
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


PEOPLE = {
    "external_id": ["ada", "bob", "cyd"],
    "Mobile": ["+12125550142", "(212) 555-0143", None],
    "Home phone": [None, None, "+12125550144"],
    "plan": ["gold", None, "tin"],
}


def found(examination):
    assert not examination.faults
    return {contact.external_id: contact for contact in examination.desired.contacts}


def test_rows_are_read_as_those_of_other_data_files(contact_list):
    """R-MAN-4: headers are recognised, what is missing stays away, the rest is data; a row is a line."""
    contacts = found(contact_list(parquet(**PEOPLE), file="crm.parquet"))
    assert {name: one.fields["phone_numbers"] for name, one in contacts.items()} == {
        "ada": ["+12125550142"], "bob": ["+12125550143"], "cyd": ["+12125550144"],
    }  # fmt: skip
    assert [one.fields.get("data") for one in contacts.values()] == [{"plan": "gold"}, None, {"plan": "tin"}]
    assert [one.origin.line for one in contacts.values()] == [1, 2, 3]


def test_values_of_every_type(contact_list):
    """R-MAN-4: numbers as ids, dates, decimals and lists; NaN, as pandas writes it, is missing."""
    columns = {
        "external_id": [7, 8],
        "phone": [["+12125550142", "+12125550143"], ["+12125550144"]],
        "since": [date(2026, 3, 1), None],
        "at": [datetime(2026, 3, 1, 12, tzinfo=UTC), None],
        "owed": [Decimal("12.50"), None],
        "score": [1.5, float("nan")],
        "vip": [True, False],
    }
    one, other = found(contact_list(parquet(**columns), file="crm.parquet")).values()
    assert one.fields["phone_numbers"] == ["+12125550142", "+12125550143"]
    assert one.fields["data"] == {
        "since": "2026-03-01", "at": "2026-03-01T12:00:00+00:00", "owed": "12.50", "score": 1.5, "vip": True,
    }  # fmt: skip
    assert (other.external_id, other.fields["data"]) == ("8", {"vip": False})


def test_a_number_that_became_decimal_is_told(contact_list):
    """R-PHONE-1: a column of numbers with gaps is one of floats in pandas."""
    [row] = contact_list(parquet(external_id=["ada"], phone=[12125550142.0]), file="crm.parquet").bad_rows
    assert "spreadsheet" in row.message


def test_bytes_are_no_value(contact_list):
    """R-PHONE-2: a row that cannot be kept is left out."""
    table = parquet(external_id=["ada"], phone=["+12125550142"], photo=[b"\x89PNG"])
    [row] = contact_list(table, file="crm.parquet").bad_rows
    assert (row.line, row.message) == (1, "holds bytes, which is no text, number, date or list of them")


@pytest.mark.parametrize("content", [b"external_id,phone\nada,+12125550142\n", b"PAR1", b"PAR1xxxxPAR1", b""])
def test_what_is_no_parquet_is_a_fault(contact_list, content):
    """R-MAN-1: never a traceback."""
    [fault] = contact_list(content, file="crm.parquet").faults
    assert str(fault).endswith("crm.parquet: is no Parquet file, or a damaged one (export it again)")


def test_a_mapped_column_that_is_not_there_is_a_fault(contact_list):
    """R-MAN-4: told with those that are."""
    [fault] = contact_list(parquet(**PEOPLE), file="crm.parquet", spec="  columns: {timezone: TZ}\n").faults
    assert "'TZ'" in fault.message


def test_without_the_extra_it_is_said_what_to_install(contact_list):
    """R-MAN-1: Parquet is read by an extra."""
    with patch.object(parquet_rows, "find_spec", return_value=None):
        [fault] = contact_list(parquet(**PEOPLE), file="crm.parquet").faults
    assert str(fault).endswith("what reads it is not installed (pip install 'dialctl[parquet]')")
