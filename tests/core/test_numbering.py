"""The short way to a number's E.164 says what libphonenumber says, or nothing."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number

from reconciler.core.numbering import region_of, valid_international, valid_national
from reconciler.core.phones import BadNumber, country_of, parse_number, zones_of
from reconciler.core.zones import canonical_zone

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
FORMATS = (PhoneNumberFormat.E164, PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL)
NO_REGION = phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY
NOWHERE = frozenset(
    {
        PhoneNumberType.TOLL_FREE, PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN, PhoneNumberType.VOICEMAIL,
    }
)  # fmt: skip
MOST = 0.8
"""The library's own examples that are answered without it, at least this share."""


def examples():
    """Give the library's example numbers: of every region and kind, and of no country."""
    for region in REGIONS:
        for kind in PhoneNumberType.values():
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                yield region, number
    for code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS:
        yield None, phonenumbers.example_number_for_non_geo_entity(code)


EXAMPLES = tuple(examples())


def by_the_library(text, region):
    """Give E.164 and region as libphonenumber reads a number, None where it is not valid."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return e164, phonenumbers.region_code_for_number(number)


def zones_by_the_library(e164):
    """Give the zones of a number as the library knows them; none of numbers that are not tied to a place."""
    number = phonenumbers.parse(e164)
    kind = phonenumbers.number_type(number)
    nowhere = kind in NOWHERE or phonenumbers.region_code_for_number(number) == NO_REGION
    zones = {canonical_zone(zone) for zone in time_zones_for_number(number) if zone != UNKNOWN_TIMEZONE}
    return () if nowhere else tuple(sorted(zones))


def by_us(text, region):
    try:
        e164 = parse_number(text, region)
    except BadNumber:
        return None
    assert zones_of(e164) == zones_by_the_library(e164)
    return e164, country_of(e164) or NO_REGION


@st.composite
def almost_numbers(draw):
    """Take an example of the library in one of its formats, and change, insert or drop a few characters."""
    region, number = draw(st.sampled_from(EXAMPLES))
    text = list(phonenumbers.format_number(number, draw(st.sampled_from(FORMATS))))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text) - 1))
        what = draw(st.sampled_from(["other digit", "one more", "one less"]))
        if what == "one less" and len(text) > 1:
            del text[at]
        elif what == "one more":
            text.insert(at, draw(st.sampled_from("0123456789 ()-.")))
        elif text[at].isdecimal():
            text[at] = draw(st.sampled_from("0123456789"))
    read_in = draw(st.one_of(st.just(region), st.none(), st.sampled_from(REGIONS)))
    return "".join(text), read_in


@settings(max_examples=1_000, deadline=None)
@given(almost_numbers())
@example(("+049 1512 3056781", "DE"))
@example(("+5491123456789", None))
@example(("+39 06 698 12345", None))
@example(("0 2 1 2 5 5 5 0 1 4 2", "US"))
def test_what_is_plainly_valid_is_what_the_library_says(case):
    """R-PHONE-1: libphonenumber's answer, always: E.164 and region, of good and of almost good numbers."""
    text, region = case
    digits = "".join(character for character in text if character.isdecimal())
    said = by_the_library(text, region)
    at_once = valid_international(digits) if text.startswith("+") else None
    if region is not None and "+" not in text:
        at_once = valid_national(digits, region)
    if at_once is not None:
        assert said is not None
        assert at_once == said[0]
        assert region_of(at_once) in {None, said[1]}
        assert zones_of(at_once) == zones_by_the_library(at_once)


@pytest.mark.parametrize("format_", FORMATS)
def test_every_example_of_the_library_is_read_as_it_reads_it(format_):
    """R-PHONE-1: each kind of number of each region, in E.164, national and international form."""
    for region, number in EXAMPLES:
        text = phonenumbers.format_number(number, format_)
        if text.isascii() and not any(character.isalpha() for character in text):
            assert by_us(text, region) == by_the_library(text, region), (text, region)


def test_the_library_is_seldom_asked():
    """R-PHONE-1: else a list of a million would take the library's minutes."""
    texts = [phonenumbers.format_number(number, PhoneNumberFormat.E164) for _, number in EXAMPLES]
    assert sum(valid_international(text[1:]) == text for text in texts) > MOST * len(texts)


@pytest.mark.parametrize("text", ["212555012.0", "2125550142.0", "2125550142.00"])
def test_a_decimal_number_is_none_that_lacks_a_point(text):
    """R-PHONE-1: a spreadsheet made it; without its point it would be another person's number."""
    with pytest.raises(BadNumber, match="spreadsheet"):
        parse_number(text, "US")
