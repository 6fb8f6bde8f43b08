"""Phone numbers: what can be read, what is refused, what is shown."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.phones import (
    BadNumber,
    country_of,
    is_e164,
    mask_number,
    mask_numbers_in,
    parse_number,
    zones_of,
)


@pytest.mark.parametrize(
    ("text", "region", "e164"),
    [
        ("(212) 555-0142", "US", "+12125550142"),
        ("1-212-555-0142", "US", "+12125550142"),
        ("212.555.0142", "CA", "+12125550142"),
        ("+1 646 555 0119", None, "+16465550119"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("+44 (0)20 7946 0018", "US", "+442079460018"),
        ("0044 20 7946 0018", "DE", "+442079460018"),
        ("(+44) 20 7946 0018", "US", "+442079460018"),
        ("0441234567", "CH", "+41441234567"),
        ("\u202a+1 212\u00a0555\u20110142\u202c", "GB", "+12125550142"),
    ],
)
def test_national_and_international_forms_become_e164(text, region, e164):
    """R-PHONE-1: numbers are read by the default country and stored as E.164."""
    assert parse_number(text, region) == e164


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("+353ks.123456789", "has letters"),
        ("1-800-FLOWERS", "has letters"),
        ("212-555-0142 x12", "extension"),
        ("212-555-0142 ext. 12", "extension"),
        ("+12125550142;ext=12", "extension"),
        ("1.21256E+10", "spreadsheet"),
        ("12125550142.0", "spreadsheet"),
        ("*67 212 555 0142", "character '*'"),
        ("+1 212 555 0142 +1 646 555 0119", "two plus signs"),
        ("+999 123456789", "country code"),
        ("+1 555 123 4567", "not a valid phone number"),
        ("2125550", "not a valid phone number in US"),
        ("", "not a phone number"),
    ],
)
def test_what_cannot_be_dialled_is_refused_with_the_reason(text, says):
    """R-PHONE-1: letters, extensions and impossible numbers are refused, and the message shows no number."""
    with pytest.raises(BadNumber, match=says.replace("*", r"\*")) as refused:
        parse_number(text, "US")
    digits = "".join(c for c in text if c.isdecimal())
    assert len(digits) < 5 or digits[:5] not in str(refused.value)


@given(st.integers(2_000_000_000, 9_999_999_999), st.sampled_from(["US", "CA"]), st.booleans())
def test_the_short_cut_for_north_america_agrees_with_libphonenumber(national, region, international):
    """R-PHONE-1: the fast path reads and refuses as the library does, and knows the country."""
    text = f"+1{national}" if international else str(national)
    parsed = phonenumbers.parse(text, region)
    if not phonenumbers.is_valid_number(parsed):
        with pytest.raises(BadNumber):
            parse_number(text, region)
        return
    e164 = parse_number(text, region)
    assert e164 == phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    assert country_of(e164) == phonenumbers.region_code_for_number(parsed)


@given(st.text(), st.sampled_from(["US", "GB", "DE", None]))
def test_any_text_is_a_number_or_is_refused(text, region):
    """R-PHONE-1: nothing but BadNumber is raised, and what is read is E.164."""
    try:
        e164 = parse_number(text, region)
    except BadNumber:
        return
    assert is_e164(e164)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("+12125550142", True), ("12125550142", False), ("+1 2125550142", False), ("+15551234567", False)],
)
def test_only_valid_numbers_written_as_e164_are_e164(text, is_one):
    """R-PHONE-1: what must already be E.164 is not guessed at."""
    assert is_e164(text) is is_one


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+12125550142", "+1********42"),
        ("+442079460018", "+44********18"),
        ("+41441234567", "+41*******67"),
        ("(212) 555-0142", "********42"),
        ("1234", "****"),
        ("", "*"),
    ],
)
def test_a_mask_keeps_the_country_code_and_two_digits(number, shown):
    """R-PLAN-8: never more than the country code and the last two digits."""
    assert mask_number(number) == shown


@given(st.integers(10**6, 10**14))
def test_a_mask_shows_at_most_five_digits(number):
    """R-PLAN-8: three digits of country code at most, and two more."""
    assert sum(c.isdecimal() for c in mask_number(f"+{number}")) <= 5


def test_numbers_inside_messages_are_masked_and_dates_are_not():
    """R-PLAN-8: an error that quotes a cell shows no phone number."""
    text = "'+1 212 555 0142' at 2026-13-45 is '2125550142'"
    assert mask_numbers_in(text) == "'+1********42' at 2026-13-45 is '********42'"


@pytest.mark.parametrize(
    ("number", "country", "zones"),
    [
        ("+12125550142", "US", ("America/New_York",)),
        ("+33612345678", "FR", ("Europe/Paris",)),
        ("+46812345678", "SE", ("Europe/Stockholm",)),
        ("+919876543210", "IN", ("Asia/Kolkata",)),
        ("+18005550199", "US", ()),
        ("+80012345678", "", ()),
        ("+999123456", "", ()),
        ("nonsense", "", ()),
    ],
)
def test_country_and_zones_of_a_number(number, country, zones):
    """R-TZ-1: toll-free, non-geographic and unknown numbers tell no zone; links are resolved."""
    assert (country_of(number), zones_of(number)) == (country, zones)
