"""Writes of conversations: what calls produced (R-ATT-2)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, update

from reconciler.store.history import run_within, within_ids
from reconciler.store.prepared import Prepared, prepared_insert
from reconciler.store.tables import conversation

_START = prepared_insert(
    conversation, "id", "org_id", "campaign_key", "contact_id", "attempt_id", "status", "transcript",
    "recording_url", "created_at", "answered_at", "ended_at",
)  # fmt: skip
_this_one = update(conversation).where(conversation.c.id == bindparam("id_"), *within_ids(conversation.c.id))
_END = Prepared(
    _this_one.values(
        {
            column: bindparam(f"new_{column}")
            for column in ("status", "transcript", "recording_url", "created_at", "answered_at", "ended_at")
        }
    )
)
_DATE = Prepared(
    _this_one.values(created_at=bindparam("new_created_at"), answered_at=bindparam("new_answered_at"))
)


def start(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Insert the conversations of accepted calls."""
    _START.run_many(connection, rows)


def end(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Write what conversations came to: rows of `id_` and `new_<column>`."""
    run_within(_END, connection, rows)


def date(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Write when conversations began, and were answered: rows of `id_` and `new_<column>`."""
    run_within(_DATE, connection, rows)
