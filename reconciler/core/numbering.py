"""Numbering plans: libphonenumber's answer for most numbers, at a tenth of its price.

The library asks a dozen patterns one by one, each through layers of Python. All that it has to know of a
calling code goes into two: what may be cut off the front of a number, and which numbers are valid. Where
these do not say at once that a number is valid as it stands, nobody guesses: the library is asked. Nothing
here is written down about any country, so new metadata changes the answers here as it does there; a test
compares them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType
from phonenumbers.phonemetadata import PhoneNumberDesc

_CALLING_CODES = frozenset(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
_LONGEST_CALLING_CODE = max(map(len, _CALLING_CODES))
_NOTHING = re.compile(r"(?!)")
_NONE_AT_ALL = (-1,)
"""The lengths of a kind of which a region has no numbers."""
_KINDS = {
    "premium_rate": PhoneNumberType.PREMIUM_RATE,
    "toll_free": PhoneNumberType.TOLL_FREE,
    "shared_cost": PhoneNumberType.SHARED_COST,
    "voip": PhoneNumberType.VOIP,
    "personal_number": PhoneNumberType.PERSONAL_NUMBER,
    "pager": PhoneNumberType.PAGER,
    "uan": PhoneNumberType.UAN,
    "voicemail": PhoneNumberType.VOICEMAIL,
    "fixed_line": PhoneNumberType.FIXED_LINE,
    "mobile": PhoneNumberType.MOBILE,
}
"""The kinds of numbers in the order in which the library tries them."""


class _Region(NamedTuple):
    """A region of a calling code: its ISO 3166 code, and a pattern of the national numbers that are its own.

    `claims`: numbers that begin like this are its own, valid or not, where the library says so. `valid` has a
    group for each kind of valid numbers; the one that fits says which kind it is.
    """

    code: str
    valid: re.Pattern[str]
    claims: re.Pattern[str] | None


class _Plan(NamedTuple):
    """What is known of a calling code: its regions, in the library's order, and what may be cut off."""

    regions: tuple[_Region, ...]
    cut_off: re.Pattern[str]


class _Dialing(NamedTuple):
    """How numbers are written inside a region.

    `elsewhere` begins what may not be national: an international prefix, or the calling code without a plus;
    `prefix` is what may stand before a national number, None where more than cutting it off is to be done.
    It is cut off only if what is left, `general`, may be a number of the region.
    """

    calling_code: str
    elsewhere: re.Pattern[str]
    prefix: re.Pattern[str] | None
    general: re.Pattern[str]


def valid_international(digits: str) -> str | None:
    """Give the E.164 of ASCII digits that followed a plus; None: ask the library, which may know better."""
    e164 = f"+{digits}"
    return e164 if _found(e164) else None


def valid_national(digits: str, region: str) -> str | None:
    """Give the E.164 of ASCII digits as people of a region dial them; None: ask the library."""
    dialing = _dialing(region)
    if dialing is None or dialing.prefix is None or dialing.elsewhere.match(digits):
        return None
    cut = dialing.prefix.match(digits)
    national = digits[cut.end() :] if cut else digits
    if cut and not dialing.general.fullmatch(national):
        return None
    if _standing_in(_plan(dialing.calling_code), national) is None:
        return None
    return f"+{dialing.calling_code}{national}"


def region_of(e164: str) -> str | None:
    """Give the ISO 3166 region of a valid number; None: ask the library."""
    found = _found(e164)
    return found[1].code if found else None


class Standing(NamedTuple):
    """What a number is: its calling code, the ISO 3166 region that it belongs to, and its PhoneNumberType.

    A line that may be mobile as well as fixed counts as fixed.
    """

    calling_code: str
    region: str
    kind: int


def standing_of(e164: str) -> Standing | None:
    """Give what a valid number is; None: ask the library."""
    found = _found(e164)
    return None if found is None else Standing(found[0], found[1].code, found[2])


@lru_cache(maxsize=1024)  # whoever reads a number asks next where it belongs
def _found(e164: str) -> tuple[str, _Region, int] | None:
    """Give the calling code of a valid number, its region, and its kind."""
    code = _calling_code_of(e164[1 : _LONGEST_CALLING_CODE + 1])
    if code is None:
        return None
    plan, national = _plan(code), e164[1 + len(code) :]
    standing = None if plan.cut_off.match(national) else _standing_in(plan, national)
    return (code, *standing) if standing else None


def _standing_in(plan: _Plan, national: str) -> tuple[_Region, int] | None:
    """Give region and kind of a valid number; of several regions, the first that claims it decides."""
    for region in plan.regions:
        if region.claims is not None and not region.claims.match(national):
            continue
        valid = region.valid.fullmatch(national)
        if valid is not None and valid.lastgroup is not None:
            return region, _KINDS[valid.lastgroup]
        if region.claims is not None:
            return None
    return None


@cache
def _calling_code_of(beginning: str) -> str | None:
    codes = (beginning[:length] for length in range(1, len(beginning) + 1))
    return next((code for code in codes if code in _CALLING_CODES), None)


@cache
def _plan(calling_code: str) -> _Plan:
    code = int(calling_code)
    names = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
    known = [(name, PhoneMetadata.metadata_for_region_or_calling_code(code, name)) for name in names]
    regions = []
    cut_off = _NOTHING
    for name, metadata in known:
        if metadata is None:
            continue
        claims = metadata.leading_digits if len(names) > 1 else None
        regions.append(_Region(name, _valid_in(metadata), re.compile(claims) if claims else None))
        if name == names[0]:  # the main region, whose rules numbers with a plus are read by
            cut_off = _prefix_of(metadata)
    return _Plan(tuple(regions), cut_off)


@cache
def _dialing(region: str) -> _Dialing | None:
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None:
        return None
    prefix = _prefix_of(metadata)
    is_plain = not prefix.groups and not metadata.national_prefix_transform_rule
    code = str(metadata.country_code)
    elsewhere = "|".join(f"(?:{one})" for one in (metadata.international_prefix, code) if one)
    general = re.compile(_whole(metadata.general_desc))
    return _Dialing(code, re.compile(elsewhere), prefix if is_plain else None, general)


def _prefix_of(metadata: PhoneMetadata) -> re.Pattern[str]:
    """Give the pattern of what the library may cut off the front of a number of a region."""
    written = metadata.national_prefix_for_parsing
    return re.compile(written) if written else _NOTHING


def _valid_in(metadata: PhoneMetadata) -> re.Pattern[str]:
    """Give one pattern of all numbers that the library takes for valid in a region, with a group per kind."""
    kinds = "|".join(f"(?P<{name}>{pattern})" for name, pattern in _patterns(metadata))
    return re.compile(f"(?={_whole(metadata.general_desc)})(?:{kinds})") if kinds else _NOTHING


def _patterns(metadata: PhoneMetadata) -> Iterator[tuple[str, str]]:
    for name in _KINDS:
        if name == "mobile" and metadata.same_mobile_and_fixed_line_pattern:
            continue  # then the library takes the pattern of fixed lines
        description: PhoneNumberDesc | None = getattr(metadata, name)
        if description is None or description.possible_length == _NONE_AT_ALL:
            continue
        if description.national_number_pattern:
            yield name, _whole(description)


def _whole(description: PhoneNumberDesc | None) -> str:
    """Give the pattern of whole numbers of one kind, which have one of its lengths."""
    if description is None:
        return _NOTHING.pattern
    lengths = "|".join(rf"\d{{{length}}}" for length in description.possible_length if length > 0)
    pattern = rf"(?:{description.national_number_pattern})\Z"
    return rf"(?:(?=(?:{lengths})\Z){pattern})" if lengths else f"(?:{pattern})"
