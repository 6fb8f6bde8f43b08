"""Counts the statements that reach the database, however they get there; many rows in one go count once."""

from __future__ import annotations

import sqlite3

import psycopg
from sqlalchemy import event


class Statements:
    """Every statement of an engine, in order, with what was bound; `explain` tells how one was found."""

    def __init__(self):
        self.texts = []

    def hook(self, engine):
        """Watch all connections that the engine makes from now on."""
        option, value = _sqlite(self.texts) if engine.dialect.name == "sqlite" else _postgresql(self.texts)

        @event.listens_for(engine, "do_connect")
        def connect(_dialect, _record, _args, options):
            options[option] = value

    def take(self):
        """Give what was logged since the last time."""
        taken, self.texts[:] = list(self.texts), []
        return taken


def scans(connection, sql, *parameters):
    """Give the lines of a statement's plan that read a whole table `contact`, row by row.

    PostgreSQL scans small tables on purpose, so it is asked for a plan that scans only where it must.
    """
    lines = plan_of(connection, sql, *parameters)
    if connection.dialect.name == "sqlite":
        whole = [line for line in lines if line.startswith("SCAN contact")]
        return [line for line in whole if "ix_contact_expires" not in line]
    return [line for line in lines if "Seq Scan on contact " in f"{line} "]


def plan_of(connection, sql, *parameters):
    """Give the lines of a statement's plan."""
    raw = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        return [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}", *parameters)]
    raw.execute("SET LOCAL enable_seqscan = off")
    return [row[0] for row in raw.execute(f"EXPLAIN {sql}", *parameters)]


def _sqlite(log):
    class Cursor(sqlite3.Cursor):
        def execute(self, sql, *parameters):
            log.append((sql, parameters))
            return super().execute(sql, *parameters)

        def executemany(self, sql, rows):
            log.append((sql, None))
            return super().executemany(sql, rows)

    class Connection(sqlite3.Connection):
        def cursor(self, factory=Cursor):
            return super().cursor(factory)

    return "factory", Connection


def _postgresql(log):
    class Cursor(psycopg.Cursor):
        def execute(self, sql, *parameters, **options):
            log.append((sql, parameters))
            return super().execute(sql, *parameters, **options)

        def executemany(self, sql, rows, **options):
            log.append((sql, None))
            return super().executemany(sql, rows, **options)

    return "cursor_factory", Cursor
