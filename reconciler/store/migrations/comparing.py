"""What Alembic leaves out where it compares a database with the tables: what stands on one engine only."""

from __future__ import annotations

from typing import Any

from reconciler.store.partitions import is_part
from reconciler.store.tables.memory import EVENT_SEQ

SERVER_ONLY = frozenset({EVENT_SEQ})
"""Indexes that a file does not have."""


def is_compared(thing: Any, name: str | None, kind: str, *_: object) -> bool:  # noqa: ANN401 - Alembic's `include_object`
    """Tell whether a table, index or constraint is compared: not partitions, which the program makes by itself."""
    table = name if kind == "table" else getattr(getattr(thing, "table", None), "name", None)
    return name not in SERVER_ONLY and not is_part(table or "")
