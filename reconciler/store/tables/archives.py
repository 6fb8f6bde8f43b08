"""What is no longer here: months of history that stand in files."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field

from reconciler.store.columns import UtcDateTime
from reconciler.store.tables.base import Table, core_table


class Archive(Table, table=True):
    """A file that holds a month of attempts, conversations or events, written before they left the database.

    `history` is the plural name of the table, `month` as in `2026-03`, `sha256` that of the file. It belongs
    to the whole installation, like the months.
    """

    __table_args__ = (UniqueConstraint("history", "month", "sha256"),)

    id: UUID = Field(primary_key=True)
    history: str
    month: str
    row_count: int = Field(sa_type=BigInteger)
    file: str
    sha256: str
    actor: str
    created_at: datetime = Field(sa_type=UtcDateTime)


archive = core_table(Archive)
