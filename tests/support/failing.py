"""A database driver that fails where it is told to: at any statement, amid its rows, at a commit."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager

import psycopg
from sqlalchemy import event

from reconciler.store.dialect import POSTGRESQL


class Failing:
    """Counts what reaches the driver while it is watched, and fails at one of these steps.

    A step is a statement, before it runs; each row of a statement that takes many; a commit, before it is
    made; and the answer to a commit, which is lost.
    """

    def __init__(self, engine):
        self._at = None
        self._steps = None
        self._error = (
            psycopg.OperationalError if engine.dialect.name == POSTGRESQL else sqlite3.OperationalError
        )
        connect = _server if engine.dialect.name == POSTGRESQL else _file
        engine.dispose()
        event.listen(
            engine, "do_connect", lambda _dialect, _record, given, named: connect(self, given, named)
        )

    @contextmanager
    def watched(self, at=None):
        """Give the list of steps, which grows; the step of that number fails, counted from 1."""
        self._at, self._steps = at, []
        try:
            yield self._steps
        finally:
            self._steps = None

    def step(self, what):
        """Go one step on, or fail."""
        if self._steps is None:
            return
        self._steps.append(what)
        if len(self._steps) == self._at:
            raise self._error(f"at step {self._at}: {what}")

    def rows(self, rows):
        """Give rows on, one by one, each a step."""
        for row in rows:
            self.step("a row")
            yield row


def _file(failing, given, named):
    class Cursor(sqlite3.Cursor):
        def execute(self, sql, *parameters):
            failing.step(sql)
            return super().execute(sql, *parameters)

        def executemany(self, sql, rows):
            failing.step(sql)
            return super().executemany(sql, failing.rows(rows))

    class Connection(sqlite3.Connection):
        def cursor(self, factory=Cursor):
            return super().cursor(factory)

        def commit(self):
            failing.step("COMMIT")
            super().commit()
            failing.step("the answer to COMMIT")

    return sqlite3.connect(*given, **named, factory=Connection)


def _server(failing, given, named):
    class Cursor(psycopg.Cursor):
        def execute(self, sql, *parameters, **options):
            failing.step(sql)
            return super().execute(sql, *parameters, **options)

        def executemany(self, sql, rows, **options):
            failing.step(sql)
            return super().executemany(sql, failing.rows(rows), **options)

        @contextmanager
        def copy(self, sql, *parameters, **options):
            failing.step(sql)
            with super().copy(sql, *parameters, **options) as copy:
                yield _Copy(failing, copy)

    class Connection(psycopg.Connection):
        def commit(self):
            failing.step("COMMIT")
            super().commit()
            failing.step("the answer to COMMIT")

    return Connection.connect(*given, **named, cursor_factory=Cursor)


class _Copy:
    """A COPY, each of whose writes is a step."""

    def __init__(self, failing, copy):
        self._failing, self._copy = failing, copy

    def write(self, buffer):
        self._failing.step("a part of COPY")
        self._copy.write(buffer)

    def write_row(self, row):
        self._failing.step("a row of COPY")
        self._copy.write_row(row)

    def __getattr__(self, name):
        return getattr(self._copy, name)
