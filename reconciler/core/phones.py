"""Phone numbers: reading, masking, and what a number says about where it rings (R-PHONE-1, R-TZ-1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType, phonenumberutil

from reconciler.core.numbering import region_of, standing_of, valid_international, valid_national
from reconciler.core.zones import UnknownZone, canonical_zone
from reconciler.spec.scalars import E164_NUMBER

REGIONS: frozenset[str] = frozenset(phonenumbers.SUPPORTED_REGIONS)
"""Every region that libphonenumber knows, as ISO 3166 codes."""

_INVISIBLE = dict.fromkeys([0x00AD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF])
"""Soft hyphens, zero-width characters and direction marks: copying from a web page brings them along."""

_EXTENSION = re.compile(r"(?:;ext=|x|ext\.?|extn\.?|extension|#)\s*[:.]?\s*\d+\s*$", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"\s*[+-]?\d+(?:[.,]\d+)?e\+?\d+\s*", re.IGNORECASE)
_DECIMAL = re.compile(r"\s*\d{7,}[.,]0+\s*")
_PUNCTUATION = frozenset("+\uff0b()[]./-~\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d")
_SEPARATORS = str.maketrans("", "", " ()-.")
_NANP, _WITH_AREA = "+1", len("+1212")
_PLAIN = re.compile(r"\+?[ ().-]*\d[\d ().-]*", re.ASCII)
_NOWHERE = frozenset(
    {
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
        PhoneNumberType.UNKNOWN,
    }
)
_PHONE_LIKE = re.compile(r"\+?\d(?:[ ().\-/]*\d){6,}")
_DATE_LIKE = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}/(?:19|20)\d\d(?=\s|\Z)")
_WHY_INVALID = {
    phonenumbers.ValidationResult.TOO_SHORT: "too few digits",
    phonenumbers.ValidationResult.TOO_LONG: "too many digits",
}
_NATIONAL_WITH_ZERO = re.compile(r"0[1-9]\d{8,9}", re.ASCII)
_FEW_DIGITS = 4
"""As many digits begin an area nearly everywhere."""

_MIN_ID_DIGITS = 10
_SHOWN_DIGITS = 2
_MIN_NATIONAL_DIGITS = 5


class BadNumber(ValueError):
    """A text that is no phone number that can be dialled; the message shows it masked."""


@lru_cache(maxsize=4096)
def parse_number(text: str, region: str | None) -> str:
    """Read a number as people write it and give its E.164 (R-PHONE-1).

    `region` (ISO 3166) is the country of numbers without a plus; None: only numbers with one can be read.
    Raises BadNumber: letters, an extension, foreign characters, or no valid number of its country.
    """
    cleaned = text if text.isascii() else text.translate(_INVISIBLE)
    e164 = _at_once(cleaned, region)
    if e164 is not None:
        return e164
    cleaned = " ".join(cleaned.split())
    _refuse_foreign_characters(cleaned)
    try:
        return _valid(phonenumbers.parse(cleaned, region), text, region)
    except phonenumbers.NumberParseException as fault:
        if fault.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
            raise BadNumber(f"'{mask_number(text)}' has no known country code") from None
        if fault.error_type == phonenumbers.NumberParseException.TOO_LONG:
            raise BadNumber(f"'{mask_number(text)}' has too many digits; write one number") from None
        raise BadNumber(f"'{mask_number(text)}' is not a phone number; write one, in digits") from None


@lru_cache(maxsize=4096)
def is_e164(text: str) -> bool:
    """Whether the text is a valid number, already in E.164."""
    if not E164_NUMBER.match(text):
        return False
    try:
        return parse_number(text, None) == text
    except BadNumber:
        return False


def mask_number(number: str) -> str:
    """Hide a number but for its country code, where known, and its last two digits: `+1********42`.

    Of a text with fewer than five digits beside the country code nothing is shown (R-PLAN-8).
    """
    digits = "".join(character for character in number if character.isdecimal())
    code = _calling_code(digits) if number.lstrip(" (").startswith("+") else ""
    hidden = len(digits) - len(code) - _SHOWN_DIGITS
    if hidden + _SHOWN_DIGITS < _MIN_NATIONAL_DIGITS:
        return "*" * max(len(digits), 1)
    return f"{'+' if code else ''}{code}{'*' * hidden}{digits[-_SHOWN_DIGITS:]}"


def mask_numbers_in(text: str) -> str:
    """Mask whatever looks like a phone number inside a message; dates stay readable."""
    return _PHONE_LIKE.sub(lambda m: m[0] if _DATE_LIKE.match(m[0]) else mask_number(m[0]), text)


def reads_as_number(text: str) -> bool:
    """Tell whether a whole text is a phone number as people write it, and not some id made of digits."""
    digits = text.strip().translate(_SEPARATORS)
    if not digits.removeprefix("+").isdecimal():
        return False
    if digits.startswith("+") or _NATIONAL_WITH_ZERO.fullmatch(digits):
        return True
    return len(digits) >= _MIN_ID_DIGITS and (_is_valid(digits, "US") or _is_valid(f"+{digits}", None))


def _is_valid(text: str, region: str | None) -> bool:
    try:
        parse_number(text, region)
    except BadNumber:
        return False
    return True


def country_of(e164: str) -> str:
    """Give the ISO 3166 region that a number belongs to; '' if unknown or of no country."""
    region = region_of(e164)
    if region is None:
        return _country_of_number(e164) or (_country_of_area(e164[:_WITH_AREA]) if e164[:2] == _NANP else "")
    return "" if region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY else region


def zones_of(e164: str) -> tuple[str, ...]:
    """Give the canonical zones, sorted, in which the number may ring (R-TZ-1).

    () for toll-free, non-geographic and unknown numbers: those say nothing about where somebody is.
    """
    standing = standing_of(e164)
    if standing is None:
        return _zones_by_the_library(e164)
    if standing.kind in _NOWHERE or standing.region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY:
        return ()
    code = standing.calling_code
    if _is_geographical(standing.kind, code):
        decisive = _decisive_digits().get(e164[1 : _FEW_DIGITS + 1], _FEW_DIGITS)
        return _zones_by_prefix(e164[1 : decisive + 1])
    return _zones_by_prefix(code)


@cache
def _is_geographical(kind: int, calling_code: str) -> bool:
    return bool(phonenumberutil.is_number_type_geographical(kind, int(calling_code)))


@cache
def _decisive_digits() -> Mapping[str, int]:
    """Give how many digits tell a number's zones, by its first few; those, where more tell nothing more."""
    from phonenumbers.tzdata import TIMEZONE_DATA  # noqa: PLC0415 - as in _zones_by_prefix

    longest: dict[str, int] = {}
    for prefix in TIMEZONE_DATA:
        few = prefix[:_FEW_DIGITS]
        longest[few] = max(longest.get(few, _FEW_DIGITS), len(prefix))
    return longest


@lru_cache(maxsize=65_536)
def _zones_by_prefix(digits: str) -> tuple[str, ...]:
    """Give the zones of the longest prefix that the library knows zones of."""
    from phonenumbers.tzdata import TIMEZONE_DATA  # noqa: PLC0415 - 0.2 s that only infer_timezone needs

    for length in range(len(digits), 0, -1):
        if digits[:length] in TIMEZONE_DATA:
            return _canonical(TIMEZONE_DATA[digits[:length]])
    return ()


@lru_cache(maxsize=65_536)
def _zones_by_the_library(e164: str) -> tuple[str, ...]:
    from phonenumbers import timezone  # noqa: PLC0415 - as in _zones_by_prefix

    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return ()
    if phonenumbers.number_type(number) in _NOWHERE or not _region(number):
        return ()
    return _canonical(timezone.time_zones_for_number(number))


def _canonical(names: Sequence[str]) -> tuple[str, ...]:
    zones = {_zone_or_nowhere(name) for name in names}
    return () if "" in zones else tuple(sorted(zones))


def _zone_or_nowhere(name: str) -> str:
    try:
        return canonical_zone(name)
    except UnknownZone:
        return ""  # libphonenumber's Etc/Unknown


@lru_cache(maxsize=1024)
def _country_of_area(plus_one_and_area: str) -> str:
    """Give the region of a North American area code, '' where it takes more than the area code to tell.

    A number that was valid once, and is no more, still belongs to a country.
    """
    return _country_of_number(f"{plus_one_and_area}2345678")


@lru_cache(maxsize=65_536)
def _country_of_number(e164: str) -> str:
    try:
        return _region(phonenumbers.parse(e164, None))
    except phonenumbers.NumberParseException:
        return ""


def _region(number: PhoneNumber) -> str:
    region = phonenumbers.region_code_for_number(number) or ""
    return "" if region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY else region


def _at_once(text: str, region: str | None) -> str | None:
    """Give the E.164 of what is plainly a number, None where it takes a closer look."""
    if not _PLAIN.fullmatch(text) or _DECIMAL.fullmatch(text):
        return None
    digits = text.translate(_SEPARATORS)
    if digits[0] == "+":
        return valid_international(digits[1:])
    return valid_national(digits, region) if region is not None else None


def _valid(number: PhoneNumber, text: str, region: str | None) -> str:
    if not phonenumbers.is_valid_number(number):
        national = region and not text.lstrip(" (").startswith("+")
        where = f" in {region}" if national else ""
        why = _WHY_INVALID.get(phonenumbers.is_possible_number_with_reason(number), "no such area or range")
        also = "; a number of another country needs a plus and its country code" if national else ""
        raise BadNumber(f"'{mask_number(text)}' is not a valid phone number{where}: {why}{also}")
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def _refuse_foreign_characters(text: str) -> None:
    if _EXTENSION.search(text):
        raise BadNumber(f"'{mask_number(text)}' has an extension, which cannot be dialled; leave it out")
    if _SCIENTIFIC.fullmatch(text) or _DECIMAL.fullmatch(text):
        raise BadNumber("a spreadsheet turned this number into a decimal one; format the column as text")
    if text.startswith(("=", "#")):
        raise BadNumber("a spreadsheet's formula or error stands here, not a number; export values, as text")
    if text and not any(character.isdecimal() for character in text):
        raise BadNumber("a text without digits stands here, not a phone number")
    if any(character.isalpha() for character in text):
        raise BadNumber(f"'{mask_number(text)}' has letters; write digits only")
    strange = {c for c in text if not (c.isdecimal() or c.isspace() or c in _PUNCTUATION)}
    if strange:
        raise BadNumber(f"'{mask_number(text)}' has the character {min(strange)!r}, which no number has")
    if text.count("+") + text.count("\uff0b") > 1:
        raise BadNumber(f"'{mask_number(text)}' has two plus signs; write one number")


def _calling_code(digits: str) -> str:
    """Give the country code that international digits start with, '' if none does."""
    for length in (1, 2, 3):
        if int(digits[:length] or 0) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return digits[:length]
    return ""
