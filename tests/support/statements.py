"""Counts the statements that reach SQLite, however they get there; many rows in one go count once."""

from __future__ import annotations

import sqlite3

from sqlalchemy import event


class Statements:
    """Every statement of an engine, in order; `of_select` keeps the reads to explain them later."""

    def __init__(self):
        self.texts = []

    def hook(self, engine):
        """Watch all connections that the engine makes from now on."""
        log = self.texts

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

        @event.listens_for(engine, "do_connect")
        def connect(_dialect, _record, _args, options):
            options["factory"] = Connection

    def take(self):
        """Give what was logged since the last time."""
        taken, self.texts[:] = list(self.texts), []
        return taken
