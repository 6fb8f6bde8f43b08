"""Conditions of sources: what became of the last reconciliation, for `status` to show."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, bindparam, case

from reconciler.store import dialect
from reconciler.store.prepared import Prepared
from reconciler.store.tables import Source, source_state


class Condition(StrEnum):
    """What became of a reconciliation."""

    SYNCED = "Synced"
    REFUSED = "Refused"
    FAULTY = "Faulty"


_COLUMNS = ("name", "revision", "condition", "detail", "looked_at", "changed_at")
_insert = dialect.insert(Source).values({name: bindparam(name) for name in _COLUMNS})
_same = source_state.c.condition == _insert.excluded.condition
_RECORD = Prepared(
    _insert.on_conflict_do_update(
        index_elements=["name"],
        set_={
            "revision": _insert.excluded.revision,
            "condition": _insert.excluded.condition,
            "detail": _insert.excluded.detail,
            "looked_at": _insert.excluded.looked_at,
            "changed_at": case((_same, source_state.c.changed_at), else_=_insert.excluded.changed_at),
        },
    )
)


def record_condition(
    connection: Connection,
    source: str,
    condition: Condition,
    now: datetime,
    *,
    revision: str | None = None,
    detail: str | None = None,
) -> None:
    """Write down what became of a reconciliation; `detail` holds no personal data."""
    row = {
        "name": source,
        "revision": revision,
        "condition": condition.value,
        "detail": detail,
        "looked_at": now,
        "changed_at": now,
    }
    _RECORD.run(connection, row)
