"""Counts the statements that reach the database, however they get there; many rows in one go count once."""

from __future__ import annotations

import re
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


def history_read(connection, sql, *parameters):
    """Give the parts of history that a statement reads by an index, and those that it reads row by row."""
    lines = plan_of(connection, sql, *parameters)
    if connection.dialect.name == "sqlite":
        table = r"(attempt|conversation)\b"
        return _named(f"SEARCH {table}", lines), _named(f"SCAN {table}", lines)
    return _parts_read(lines)


def history_read_generically(connection, sql, parameters):
    """Give the same of a plan made before the parameters were known, as a server comes to use one."""
    raw = connection.connection.driver_connection
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", sql)))
    for place, name in enumerate(names, start=1):
        sql = sql.replace(f"%({name})s", f"${place}")
    raw.execute("SET LOCAL enable_seqscan = off")
    raw.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    raw.execute(f"PREPARE asked AS {sql}")
    values = ", ".join(["%s"] * len(names))
    cursor = psycopg.ClientCursor(raw)
    bound = [parameters[name] for name in names]
    lines = cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF) EXECUTE asked({values})", bound).fetchall()
    raw.execute("DEALLOCATE asked")
    return _parts_read([line for (line,) in lines if "never executed" not in line])


def _parts_read(lines):
    part = r"((?:attempt|conversation)_(?:default|\d{4}_\d{2}))\b"
    return _named(rf"(?:Index|Bitmap Heap)[\w ]* on {part}", lines), _named(rf"Seq Scan on {part}", lines)


def _named(pattern, lines):
    return {found[1] for line in lines if (found := re.search(pattern, line))}


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
