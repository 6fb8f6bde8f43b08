"""Phone numbers and countries as people type them on a command line (R-PHONE-1)."""

from __future__ import annotations

from reconciler.errors import UsageError


def read_number(text: str, country: str | None) -> str:
    """Read a number and give its E.164; raises UsageError, which shows it masked.

    `country` is the region of numbers without a plus; None: it must be E.164 as it stands.
    """
    from reconciler.core.phones import BadNumber, is_e164, mask_number, parse_number

    if country is None:
        if not is_e164(text):
            raise UsageError(
                f"'{mask_number(text)}' is not a valid number in E.164",
                hint="write it like +12125550123, or name its --country",
            )
        return text
    try:
        return parse_number(text, region(country))
    except BadNumber as fault:
        raise UsageError(str(fault)) from None


def region(text: str) -> str:
    """Read an ISO 3166 code of a country that has phone numbers; raises UsageError."""
    from reconciler.core.phones import REGIONS

    code = text.strip().upper()
    if code not in REGIONS:
        raise UsageError(f"'{text}' is not a country", hint="write an ISO 3166 code such as US, GB or DE")
    return code
