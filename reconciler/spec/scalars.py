"""The texts that manifests are made of, and what they mean.

Every scalar of a manifest reaches these types as the text that stands in the file (R-MAN-1), so each type
here parses text, and writes one canonical text back.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

DURATION = re.compile(r"^(?=.)(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,8})s)?$")
TIME_OF_DAY = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)$|^(24):(00)$")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
E164_NUMBER = re.compile(r"^\+[1-9]\d{6,14}$")
MINUTES_PER_DAY = 24 * 60
MAX_TEXT = 200


class PlainScalar(str):
    """A YAML scalar without quotes: typed fields read its text, free JSON fields its value."""

    __slots__ = ()


def parse_duration(value: object) -> object:
    """Read `90s`, `15m`, `2h`, `1d` or a compound such as `1h30m`."""
    if isinstance(value, timedelta):
        return value
    match = DURATION.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is not a duration; write 90s, 15m, 2h, 1d or 1h30m")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def format_duration(value: timedelta) -> str:
    """Write the canonical text of a duration: `1h30m`, never `90m`."""
    rest = int(value.total_seconds())
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def parse_time_of_day(value: object) -> object:
    """Read `HH:MM` as minutes after midnight; `24:00` is 1440 (R-WIN-1)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not TIME_OF_DAY.match(value):
        raise ValueError(f"{value!r} is not a time of day; write HH:MM from 00:00 to 24:00")
    return int(value[:2]) * 60 + int(value[3:])


def format_time_of_day(minutes: int) -> str:
    """Write minutes after midnight as `HH:MM`."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def parse_whole_number(value: object) -> object:
    """Read a whole number as people write it: digits, perhaps a sign; no `1e3`, no `1_000`, no `1.0`."""
    if isinstance(value, str) and not re.fullmatch(r"[+-]?\d{1,18}", value):
        raise ValueError(f"{value!r} is not a whole number")
    return value


def parse_number(value: object) -> object:
    """Read a decimal number such as `5` or `0.5`."""
    if isinstance(value, str) and not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value):
        raise ValueError(f"{value!r} is not a number; write 5 or 0.5")
    return value


def parse_flag(value: object) -> object:
    """Read `true` or `false`, and nothing else: `no` is a text (R-MAN-1)."""
    if isinstance(value, bool):
        return value
    if value not in ("true", "false"):
        raise ValueError(f"{value!r} is neither true nor false")
    return value == "true"


def parse_date(value: object) -> object:
    """Read a calendar date, `YYYY-MM-DD`."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            raise ValueError  # noqa: TRY301 - one message for both ways to be no date
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a date; write YYYY-MM-DD") from None


def parse_instant(value: object) -> object:
    """Read an ISO 8601 date and time; one without an offset stays naive, a wall-clock time."""
    if isinstance(value, datetime):
        return value
    try:
        if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", value):
            raise ValueError  # noqa: TRY301 - one message for both ways to be no instant
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a date and time; write 2026-03-09T15:00:00-05:00") from None


def require_offset(value: datetime) -> datetime:
    """Give the instant in UTC, so that one instant has one text; refuse a time that is none."""
    if value.tzinfo is None:
        raise ValueError(f"'{value.isoformat()}' has no UTC offset; write 2026-03-09T15:00:00-05:00")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"'{value.isoformat()}' is outside the years 1 to 9999 in UTC") from None


def plain_text(value: object) -> object:
    """Take the text as it stands; say so where a mapping or a list stands instead."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # JSONL and the API: 1001 and "1001" are the same external id
    raise ValueError("must be a text")


def parse_e164(value: object) -> object:
    """Read a number that is already in E.164: a plus, the country code, digits only."""
    if not isinstance(value, str) or not E164_NUMBER.match(value):
        raise ValueError("is not a number in E.164; write a plus, the country code and digits: +12125550123")
    return str(value)


def parse_agent_version(value: object) -> object:
    """Read an agent's version: a whole number, or a text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = printable(str(plain_text(value)))
    if not 1 <= len(text) <= MAX_TEXT:
        raise ValueError(f"must have 1 to {MAX_TEXT} characters")
    return int(text) if text.isascii() and text.isdigit() and str(int(text)) == text else text


def printable(value: str) -> str:
    """Refuse control characters, and white space at the ends."""
    if value != value.strip():
        raise ValueError(f"{value!r} has white space at an end")
    if not value.isprintable():
        raise ValueError(f"{value!r} has a character that cannot be printed")
    return value


def storable(value: str) -> str:
    """Refuse what no database can keep as text: NUL, and halves of surrogate pairs."""
    if _UNSTORABLE.search(value):
        raise ValueError("has a NUL or half a surrogate pair, which cannot be stored")
    return value


def free_json(value: object) -> object:
    """Give unquoted scalars in free JSON their value, where that loses nothing.

    `42` and `0.5` become numbers because they print back exactly as they stand there; `1e3`, `1.10`,
    `0441234567` and `2026-01-05` stay texts. `true` and `false` are booleans. Quoted scalars are texts.
    """
    if isinstance(value, dict):
        return {storable(str(key)): free_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [free_json(item) for item in value]
    if isinstance(value, PlainScalar):
        return _lossless(str(value))
    return storable(value) if isinstance(value, str) else value


def _lossless(text: str) -> bool | int | float | str:
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"-?\d{1,15}", text) and str(int(text)) == text:
        return int(text)
    if re.fullmatch(r"-?\d{1,12}\.\d{1,12}", text) and repr(float(text)) == text:
        return float(text)
    return text


_TEXT_SCHEMA = {"type": ["string", "number", "boolean"]}
_INSTANT_SCHEMA = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d",
    "description": "ISO 8601 date and time",
}

Text = Annotated[
    str,
    BeforeValidator(plain_text),
    AfterValidator(printable),
    StringConstraints(min_length=1, max_length=MAX_TEXT),
    WithJsonSchema({**_TEXT_SCHEMA, "minLength": 1, "maxLength": MAX_TEXT}),
]
"""A short printable text. Editors may show `1001` as a number; here it is the text that stands there."""

E164 = Annotated[
    str,
    BeforeValidator(parse_e164),
    WithJsonSchema({"type": ["string", "integer"], "pattern": r"^\+[1-9]\d{6,14}$"}),
]

AgentVersion = Annotated[
    int | str,
    BeforeValidator(parse_agent_version),
    WithJsonSchema({"type": ["integer", "string"]}),
]
"""A whole number where the text is one, else a text such as `v2-beta`."""

LongText = Annotated[
    str,
    BeforeValidator(plain_text),
    AfterValidator(storable),
    StringConstraints(min_length=1, max_length=20_000),
    WithJsonSchema({**_TEXT_SCHEMA, "minLength": 1, "maxLength": 20_000}),
]

Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^(?=.)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$"}),
]

TimeOfDay = Annotated[
    int,
    BeforeValidator(parse_time_of_day),
    PlainSerializer(format_time_of_day, return_type=str),
    Field(ge=0, le=MINUTES_PER_DAY),
    WithJsonSchema({"type": "string", "pattern": r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$"}),
]
"""Minutes after local midnight, written `HH:MM`."""

WholeNumber = Annotated[int, BeforeValidator(parse_whole_number)]
Number = Annotated[float, BeforeValidator(parse_number)]
Flag = Annotated[bool, BeforeValidator(parse_flag)]
CalendarDate = Annotated[date, BeforeValidator(parse_date)]

WallClockOrInstant = Annotated[datetime, BeforeValidator(parse_instant), WithJsonSchema(_INSTANT_SCHEMA)]
"""An instant, or, without an offset, a wall-clock time of the contact's own zone."""

Instant = Annotated[
    datetime, BeforeValidator(parse_instant), AfterValidator(require_offset), WithJsonSchema(_INSTANT_SCHEMA)
]

JsonObject = Annotated[
    dict[str, Any],
    BeforeValidator(free_json),
    WithJsonSchema({"type": "object", "additionalProperties": True}),
]
