"""Rows of history as JSON, a line each: every column, and the names of what they belong to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, FromClause, Select, select

from reconciler.core.canonical import instant_text
from reconciler.core.months import Month
from reconciler.store.columns import AnyRow
from reconciler.store.history import EVENTS, History
from reconciler.store.tables import campaign, contact, organization

ROWS_AT_A_TIME = 1_000


@contextmanager
def lines(
    connection: Connection, history: History, month: Month, source: FromClause | None = None
) -> Iterator[Iterator[bytes]]:
    """Read the rows of a month in their order: those of the table, or of what looks like it."""
    statement = rows_of(history, month, source).execution_options(yield_per=ROWS_AT_A_TIME)
    with connection.execute(statement) as rows:
        yield map(line, rows)


def rows_of(history: History, month: Month, source: FromClause | None = None) -> Select[*tuple[Any, ...]]:
    """Select the rows of a month in their order, with the names that go into their lines.

    Names, for ids alone mean nothing once the database is gone. What is in no campaign has none.
    """
    rows = history.table if source is None else source
    named = select(organization.c.name.label("org"), rows)
    joined = rows.outerjoin(organization, organization.c.id == rows.c.org_id)
    if history is not EVENTS:
        joined = joined.outerjoin(campaign, campaign.c.id == rows.c.campaign_key)
        joined = joined.outerjoin(contact, contact.c.id == rows.c.contact_id)
        named = select(
            organization.c.name.label("org"),
            campaign.c.external_id.label("campaign"),
            contact.c.external_id.label("contact"),
            rows,
        )
    order = rows.c[history.order.name]
    return named.select_from(joined).where(*history.inside(month, source)).order_by(order)


def line(row: AnyRow) -> bytes:
    """Write a row as a line of JSON: ids and instants as `get` writes them."""
    return json.dumps(row._asdict(), ensure_ascii=False, default=_text).encode() + b"\n"


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")
