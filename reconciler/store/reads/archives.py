"""Files that hold old months of history, as records: where evidence is that is no longer here."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import Connection, func, select

from reconciler.core.months import Month
from reconciler.store.reads.contacts import Record
from reconciler.store.tables import archive


def archive_records(connection: Connection) -> Iterator[Record]:
    """Give the archives of the whole installation, by month."""
    rows = connection.execute(select(archive).order_by(archive.c.month, archive.c.history, archive.c.id))
    for row in rows:
        yield {
            "id": row.id,
            "name": f"{row.history}-{row.month}",
            "history": row.history,
            "month": row.month,
            "rows": row.row_count,
            "file": row.file,
            "sha256": row.sha256,
            "actor": row.actor,
            "created_at": row.created_at,
        }


def archived_months(connection: Connection, history: str | None = None) -> tuple[Month, Month] | None:
    """Give the first and the last month that was archived, of one table or of any; None where none was."""
    months = select(func.min(archive.c.month), func.max(archive.c.month))
    if history is not None:
        months = months.where(archive.c.history == history)
    first, last = connection.execute(months).one()
    return None if first is None else (Month.read(first), Month.read(last))


def file_of(connection: Connection, history: str, id_: UUID) -> str | None:
    """Name the newest file that holds the month in which an attempt or a conversation was made."""
    of_month = (archive.c.history == history, archive.c.month == str(Month.of_id(id_)))
    newest = select(archive.c.file).where(*of_month).order_by(archive.c.id.desc()).limit(1)
    found: str | None = connection.execute(newest).scalar_one_or_none()
    return found
