"""All that a database holds, to compare: exactly, or apart from ids and times that an apply makes anew."""

from __future__ import annotations

import json
from collections import Counter
from uuid import UUID

from sqlalchemy import select

from reconciler.store.tables import Table

NAMED_BY = {
    "organization": ("name",),
    "configuration": ("org_id", "external_id"),
    "campaign": ("org_id", "external_id"),
    "lane": ("campaign_key", "class_", "zone_key", "caller_id_key", "agent_key", "country_key"),
    "contact": ("org_id", "campaign_key", "external_id"),
}
"""What names a row of a table to people; tables stand behind those that they refer to."""

SAY_WHEN = {"at", "created_at", "deleted_at", "released_at", "seq"}
"""Columns that say when, or as which, something was written."""


class Contents:
    """Every row of every table of a database at one moment."""

    def __init__(self, connection):
        self._rows = {
            table.name: [row._asdict() for row in connection.execute(select(table))]
            for table in Table.metadata.sorted_tables
        }

    def exactly(self):
        """Give each row as it is, as a text."""
        return Counter(_text(table, row) for table, rows in self._rows.items() for row in rows)

    def apart_from_what_is_new(self, before):
        """Give each row as a text that tells no id and no time that was not there before.

        What has a name is told by its name, wherever its id stands. Two applies to the same contents came to
        the same, where this is the same of both.
        """
        there, names = before._ids_and_times(), self._names()

        def told(column, value, row):
            if column == "due_at" and value == row["created_at"]:
                return "from its creation on"
            if value is None or not _is_made(column, value) or value in there:
                return value
            return names.get(value, "made anew")

        return Counter(
            _text(table, {column: told(column, value, row) for column, value in row.items()})
            for table, rows in self._rows.items()
            for row in rows
        )

    def tables_unlike(self, other):
        """Give the names of tables that hold other rows than in other contents."""
        pairs = ((table, rows, other._rows[table]) for table, rows in self._rows.items())
        return {table for table, ours, theirs in pairs if _texts(table, ours) != _texts(table, theirs)}

    def counts(self):
        """Count the rows of each table that has any."""
        return {table: len(rows) for table, rows in self._rows.items() if rows}

    def _ids_and_times(self):
        every = (pair for rows in self._rows.values() for row in rows for pair in row.items())
        return {value for column, value in every if _is_made(column, value)}

    def _names(self):
        names = {row["adhoc_key"]: f"no campaign of {row['name']}" for row in self._rows["organization"]}
        for table, columns in NAMED_BY.items():
            for row in self._rows[table]:
                names[row["id"]] = f"{table} {[str(names.get(row[name], row[name])) for name in columns]}"
        for row in self._rows["inventory"]:
            names.setdefault(row["object_id"], f"{row['kind']} {row['campaign']}/{row['name']}")
        return names


def difference(found, expected):
    """Give a few of the rows that should not be there, and of those that should."""
    return list((found - expected).elements())[:5], list((expected - found).elements())[:5]


def _is_made(column, value):
    return isinstance(value, UUID) or column in SAY_WHEN


def _text(table, row):
    return f"{table} {json.dumps(row, default=str, sort_keys=True)}"


def _texts(table, rows):
    return Counter(_text(table, row) for row in rows)
