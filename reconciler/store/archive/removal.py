"""Taking rows out of the database that a file holds: never one that the file does not hold as it is.

On a server the month's partition is detached, in a moment, and dropped once every row of it was found in the
file. In a file database rows go in batches, each found in the file first, with a pause after each: a dialer
waits for a batch at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import Connection, delete

from reconciler.errors import DialctlError
from reconciler.store import partitions
from reconciler.store.archive.files import ArchiveFile, follow, holds, lines_of
from reconciler.store.archive.lines import line, lines, rows_of
from reconciler.store.archive.survey import Holding, require_over
from reconciler.store.engine import Database
from reconciler.store.patience import Pause, patiently
from reconciler.store.schema_range import writing

BATCH = 1_000
"""Rows that go in one transaction, in about a tenth of a second."""

Note = Callable[[Connection, ArchiveFile], None]
"""Writes down, in the transaction in which rows begin to leave, which file holds them."""


def take_out(
    database: Database, holding: Holding, file: ArchiveFile | None, note: Note, pause: Pause
) -> None:
    """Take a month's partition out, which may be without rows and then has no file; nothing is lost yet.

    Raises what `require_over` and `patiently` raise.
    """

    def taking_out(connection: Connection) -> None:
        require_over(connection, [holding.month])
        partitions.take_out(connection, holding.history, holding.month)
        if file is not None:
            note(connection, file)

    patiently(database, taking_out, pause)


def drop_taken_out(database: Database, holding: Holding, file: ArchiveFile | None, note: Note) -> None:
    """Drop what was taken out, and has been found in a file."""
    with writing(database) as connection:
        if file is not None:
            note(connection, file)
        partitions.drop(connection, holding.history, holding.month)


def holds_taken_out(database: Database, holding: Holding, file: ArchiveFile) -> bool:
    """Tell whether a file holds every row of what was taken out, which nothing changes any more."""
    source = partitions.leaving(holding.history, holding.month)
    with (
        database.read() as connection,
        lines(connection, holding.history, holding.month, source) as found,
    ):
        return holds(file.path, found)


def delete_in_batches(
    database: Database, holding: Holding, file: ArchiveFile, note: Note, pause: Pause
) -> None:
    """Delete the rows of a month that a file holds.

    Raises DialctlError where a row is not as the file has it: a call's late event came in between.
    """
    stands = lines_of(file.path)
    while _delete_batch(database, holding, file, stands, note):
        pause()


def _delete_batch(
    database: Database, holding: Holding, file: ArchiveFile, stands: Iterator[bytes], note: Note
) -> bool:
    """Delete the next rows; tells whether there may be more."""
    history, order = holding.history, holding.history.order
    with writing(database) as connection:
        require_over(connection, [holding.month])
        rows = connection.execute(rows_of(history, holding.month).limit(BATCH)).all()
        if not rows:
            return False
        if not follow(stands, map(line, rows)):
            raise DialctlError(
                f"{holding.history.name} of {holding.month} changed while they were written to {file.path}",
                hint="run it again: what it did not take out, it writes anew",
            )
        first, last = (getattr(row, order.name) for row in (rows[0], rows[-1]))
        connection.execute(
            delete(history.table).where(*history.inside(holding.month), order >= first, order <= last)
        )
        note(connection, file)
    return len(rows) == BATCH
