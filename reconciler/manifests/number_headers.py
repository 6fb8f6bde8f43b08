"""Which headers name a column of phone numbers, as CRMs spell them (R-MAN-4)."""

from __future__ import annotations

import re

_PLACE = "home|work|office|business|company|personal|main|other|primary|secondary|alternate|alternative|alt"
_TIME = "day|daytime|evening"
_DEVICE = "mobile|cell|cellular"
_ORDER = "first|second|third|1st|2nd|3rd"
_PERSON = "contact|customer|client|lead|best|direct"
_NUMBER = "numbers?|nos?|nr|num|value|e164"
_ALWAYS = "(?:tele)?phones?|tels?|landlines?"
"""Whatever qualifies these, they are phones."""
_ALONE = "mobiles?|cells?|cellular"
"""These are phones, but `Mobile home` is none: only a word for a number lets a qualifier follow.

`Contact number` is a phone, too; `Contact no.` is as often the key of a contact.
"""

_BEFORE = f"(?:{_PLACE}|{_TIME}|{_DEVICE}|{_ORDER}|{_PERSON})*"
_AFTER = rf"(?:{_PLACE}|{_TIME}|{_DEVICE}|{_NUMBER}|{_ALWAYS}|\d{{1,2}})*"
_HEADER = re.compile(
    rf"{_BEFORE}(?:(?:{_ALWAYS}){_AFTER}"
    rf"|(?:{_ALONE})\d{{0,2}}"
    rf"|(?:(?:{_ALONE})(?:{_NUMBER})|contactnumbers?){_AFTER})"
)
_LONGEST = 60


def fold(header: str) -> str:
    """Give a header without case, spaces and punctuation: `Phone (mobile) #2` is `phonemobile2`."""
    return re.sub(r"[\W_]+", "", header.casefold())


def names_numbers(folded: str) -> bool:
    """Tell whether a folded header names phone numbers, and nothing about them such as `phone type`.

    Every part of it must be a word for a phone, a number, or where and whose the phone is.
    """
    return len(folded) <= _LONGEST and _HEADER.fullmatch(folded) is not None
