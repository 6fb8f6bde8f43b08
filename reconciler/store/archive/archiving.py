"""Archiving: a month is written to a file, then found in it row by row, and only then gone.

Killed at any moment, a row is in the database or in a file that is complete, or in both: the same command,
run again, goes on from there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, insert, select

from reconciler.errors import DialctlError
from reconciler.ports import Clock, Ids
from reconciler.store import partitions
from reconciler.store.archive import files
from reconciler.store.archive.files import ArchiveFile
from reconciler.store.archive.lines import lines, rows_of
from reconciler.store.archive.removal import (
    Note,
    delete_in_batches,
    drop_taken_out,
    holds_taken_out,
    take_out,
)
from reconciler.store.archive.survey import Holding
from reconciler.store.dialect import keeps_months
from reconciler.store.engine import Database
from reconciler.store.events import Actor, EventRecord, write_events
from reconciler.store.patience import Pause
from reconciler.store.tables import archive


@dataclass(frozen=True, slots=True)
class Archiving:
    """Where to, by whom, and what lets others have the database in between."""

    database: Database
    folder: Path
    actor: Actor
    clock: Clock
    ids: Ids
    pause: Pause

    def archive(self, holding: Holding) -> ArchiveFile | None:
        """Take one month of one table out of the database; gives its file, None where there was no row.

        Raises DialctlError where a file cannot be written or does not hold what it should, and what
        `take_out` and `delete_in_batches` raise: then every row is in the database or in a complete file.
        """
        file, note = self._written(holding), self._note(holding)
        with self.database.read() as connection:
            in_partitions = keeps_months(connection)
        if in_partitions and not holding.taken_out:
            take_out(self.database, holding, file, note, self.pause)
        if in_partitions:
            return self._drop(holding, file, note)
        if file is not None:
            delete_in_batches(self.database, holding, file, note, self.pause)
        return file

    def _drop(self, holding: Holding, file: ArchiveFile | None, note: Note) -> ArchiveFile | None:
        """Drop what was taken out. What changed while it was written is written once more."""
        frozen = replace(holding, taken_out=True)
        if file is None or not holds_taken_out(self.database, frozen, file):
            file = self._written(frozen)
        if file is not None and not holds_taken_out(self.database, frozen, file):
            table = partitions.leaving_name(frozen.history, frozen.month)
            raise DialctlError(
                f"{file.path} does not hold what was written to it",
                hint=f"its rows are still in table {table}",
            )
        drop_taken_out(self.database, frozen, file, note)
        return file

    def _written(self, holding: Holding) -> ArchiveFile | None:
        """Give a file that holds the month, by an archive that was cut short or written now."""
        history, month = holding.history, holding.month
        source = partitions.leaving(history, month) if holding.taken_out else None
        with self.database.read() as connection:
            if connection.execute(rows_of(history, month, source).limit(1)).first() is None:
                return None
            with lines(connection, history, month, source) as found:
                file = files.find(self.folder, holding.stem, found)
            if file is not None:
                return file
            with lines(connection, history, month, source) as found:
                return files.write(self.folder, holding.stem, found)

    def _note(self, holding: Holding) -> Note:
        """Make what writes down, once, that a file holds a month: in the list of archives, and in the log."""

        def note(connection: Connection, file: ArchiveFile) -> None:
            entry = {"history": holding.history.name, "month": str(holding.month), "sha256": file.sha256}
            known = select(archive.c.id).filter_by(**entry)
            if connection.execute(known).first() is not None:
                return
            now = self.clock.now()
            where = {"row_count": file.rows, "file": str(file.path.absolute()), "actor": self.actor.name}
            connection.execute(insert(archive), {"id": self.ids(now), **entry, **where, "created_at": now})
            fields = [
                {"path": name, "before": None, "after": value}
                for name, value in (("file", where["file"]), ("sha256", file.sha256))
            ]
            name = f"{holding.history.name} {holding.month}"
            record = EventRecord("archive", "History", name, fields=fields, count=file.rows)
            write_events(connection, self.actor, now, [record])

        return note
