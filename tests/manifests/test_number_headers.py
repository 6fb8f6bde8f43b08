"""Headers of columns of phone numbers, and of columns that only speak of phones."""

import time

import pytest

from reconciler.manifests.number_headers import fold, names_numbers

NUMBERS = """
phone|phones|Phone Number|phone_numbers|phone1|Phone #2|PhoneNumber|mobile|Mobile No.|cell|tel|Tel. Nr.
Telephone|Phone (mobile)|Contact Number|Telephone (home)|Mobile phone number|Work phone #
Primary Phone|Phone Number 1
Home Phone|Business Phone 2|Office tel|Work mobile|Cell/Mobile|Other Phone|Company Main Phone|Phone 1 - Value
Contact phone|Customer Phone Number|Alt. phone|2nd phone|Daytime telephone|Phone - E.164|Landline
Mobile number (work)|Mobile (cell phone)|Phone/Mobile|Phone: work
"""
OTHERS = """
phone_type|phone consent|mobile_carrier|Phone notes|Phone 1 - Type|phone verified|phone opt in|Phone country
Contact no.|Best time to phone|Contact|Contact method|Number|Account number|Contact id|Mobile home|Cell plan
Fax|Home fax
Emergency phone|Assistant phone|Do not phone|Last phoned|Telework|Hotel|Home|Office|Phone model|Mobile OS
Cellar|phone status|phone owner|Old phone|Telephone extension|Phone (fax)|1|2|
"""


def headers(text):
    return [header for line in text.strip().splitlines() for header in line.split("|")]


@pytest.mark.parametrize("header", headers(NUMBERS))
def test_headers_of_numbers(header):
    """R-MAN-4: however a CRM qualifies and punctuates them."""
    assert names_numbers(fold(header))


@pytest.mark.parametrize("header", headers(OTHERS))
def test_headers_that_only_speak_of_phones(header):
    """R-MAN-4: what is not surely a number to call stays in `data`."""
    assert not names_numbers(fold(header))


def test_a_header_that_repeats_itself_takes_no_time():
    """R-MAN-4: no header makes the reading slow."""
    started = time.perf_counter()
    assert not names_numbers(fold("mobile cell phone " * 3 + "type"))
    assert not names_numbers(fold("mobile phone " * 100_000))
    assert time.perf_counter() - started < 1
