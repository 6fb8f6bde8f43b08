"""What all tables share: the base class, the naming of constraints, and the way to Core."""

from __future__ import annotations

from typing import cast

from pydantic import ConfigDict
from sqlalchemy import BigInteger, Integer, MetaData, text
from sqlalchemy import Table as SqlTable
from sqlmodel import SQLModel

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(SQLModel):
    """Base of all tables, with one naming convention so that migrations can name every constraint."""

    metadata = MetaData(naming_convention=NAMING)
    # every start would pay for validators that nobody asks
    model_config = ConfigDict(defer_build=True)  # type: ignore[assignment] # SQLModel's own type is private


BIG_SERIAL = BigInteger().with_variant(Integer, "sqlite")
LIVE = text("deleted_at IS NULL")
PENDING = text("status = 'pending'")
UNKNOWN = text("state = 'unknown'")


def core_table(model: type[SQLModel]) -> SqlTable:
    """Give the SQLAlchemy table of a model, for Core statements: `contact.c.status`."""
    return cast(SqlTable, model.__table__)  # type: ignore[attr-defined] # SQLModel leaves it untyped
