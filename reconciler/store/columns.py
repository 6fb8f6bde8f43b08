"""Column types shared by all tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import JSON, DateTime, Dialect, Row, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
"""A row of a Core statement; columns are read by name."""

SQLITE_WIDTH = len("2026-03-09 15:00:00.000000")

INSTANTS_REMEMBERED = 4096
"""A step writes and reads the same few instants in many rows."""

Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An instant in UTC. Refuses naive datetimes, and never returns one.

    SQLite knows no such type: there it is text of a fixed width, which sorts as time does and which people
    can read.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(SQLITE_WIDTH))

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        """Convert to UTC on the way in."""
        return _to_aware if dialect.name == "postgresql" else _to_text

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """Say again on the way out that it is UTC."""
        del coltype
        return _to_utc if dialect.name == "postgresql" else _from_text


def require_utc(value: datetime) -> datetime:
    """Give an instant in UTC; raises ValueError where it is naive."""
    if value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        raise ValueError(f"naive datetime {value!r}: the database holds instants")
    return value.astimezone(UTC)


def _to_aware(value: datetime | None) -> datetime | None:
    return None if value is None else require_utc(value)


def _to_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


@lru_cache(maxsize=INSTANTS_REMEMBERED)
def _to_text(value: datetime | None) -> str | None:
    return None if value is None else require_utc(value).isoformat(" ", "microseconds")[:SQLITE_WIDTH]


@lru_cache(maxsize=INSTANTS_REMEMBERED)
def _from_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


class VersionText(TypeDecorator[Any]):
    """An agent's version: a whole number or a text, stored as the text that was declared."""

    impl = String(200)
    cache_ok = True

    def process_bind_param(self, value: int | str | None, dialect: Dialect) -> str | None:
        """Write the text."""
        del dialect
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> int | str | None:  # noqa: ANN401 - as the base class has it
        """Read a whole number where the text is one."""
        del dialect
        if value is None:
            return None
        return int(value) if value.isascii() and value.isdigit() and str(int(value)) == value else value
