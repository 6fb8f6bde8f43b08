"""`dialctl db archive`: old months of attempts, conversations and events go into files."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from reconciler.cli.settings import Author, Place
from reconciler.cli.terminal import agrees, can_ask, note, print_lines
from reconciler.cli.waiting import short_pause
from reconciler.errors import DatabaseUnusable, DialctlError, UsageError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from reconciler.cli.session import Session
    from reconciler.core.months import Month
    from reconciler.store.archive.files import ArchiveFile
    from reconciler.store.archive.survey import Holding

    Archived = Iterator[tuple[Holding, ArchiveFile]]

IN_THE_CLEAR = "phone numbers and transcripts stand in them in the clear"


def archive(
    where: Place,
    author: Author,
    *,
    before: Annotated[
        str, typer.Option("--before", help="Every month before this one: 2026-03.", metavar="MONTH")
    ],
    to: Annotated[
        Path, typer.Option("--to", help="Where the files go; made if it is not there.", metavar="FOLDER")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    output: Annotated[Literal["text", "json"], typer.Option("--format", help="How to print it.")] = "text",
) -> None:
    """Move attempts, conversations and events of old months out of the database and into files."""
    from reconciler.cli.rendering.documents import json_list
    from reconciler.cli.session import open_session
    from reconciler.store.archive.survey import survey

    with open_session(where.database_url) as session:
        end = _end(before, session)
        with session.database.read() as connection:
            holdings = survey(connection, end)
            _require_possible(connection, holdings)
        if any(holding.rows for holding in holdings) and not yes:
            _ask(session, holdings, end, to)
        archived = _archive(session, holdings, to, author)
        if output == "json":
            sys.stdout.writelines(json_list(map(_record, archived)))
        else:
            print_lines(_lines(archived, end))


def _end(before: str, session: Session) -> Month:
    """Read the month before which all is archived. Raises UsageError where that is not over."""
    from reconciler.core.months import Month

    try:
        end = Month.read(before)
    except ValueError:
        raise UsageError(f"--before {before}: not a month", hint="write it as 2026-03") from None
    present = Month.of(session.clock.now())
    if end > present:
        raise UsageError(
            f"--before {before}: {end.plus(-1)} is not over",
            hint=f"--before {present} is as far as it goes",
        )
    return end


def _require_possible(connection: Connection, holdings: Sequence[Holding]) -> None:
    """Raise DatabaseUnusable where this user may not take months out, and what `require_over` raises."""
    from reconciler.store.archive.survey import require_over
    from reconciler.store.reads.months import foreign_owner

    require_over(connection, sorted({holding.month for holding in holdings}))
    owner = foreign_owner(connection)
    if owner is not None:
        raise DatabaseUnusable(
            f"the history's tables belong to {owner}, who alone may take months out",
            hint=f"run it as {owner}; nothing was changed",
        )


def _ask(session: Session, holdings: Sequence[Holding], end: Month, folder: Path) -> None:
    from reconciler.cli.rendering.words import counted
    from reconciler.store.archive.survey import count_of_unfinished

    with session.database.read() as connection:
        unfinished = count_of_unfinished(connection, end)
    for holding in holdings:
        if holding.rows:
            again = ", left behind by an archive that was cut short" if holding.taken_out else ""
            note(f"{holding.month}  {counted(holding.rows, holding.history.singular)}{again}")
    if unfinished:
        note(
            f"{unfinished:,} of these attempts were to contacts that are still to be called; "
            "how many each has used stays with the contact"
        )
    if not can_ask():
        raise UsageError(
            "they would leave the database for files", hint="add --yes where nobody can be asked"
        )
    if not agrees(f"Move them into files in {folder}? {IN_THE_CLEAR.capitalize()}."):
        raise DialctlError("nothing was changed")


def _archive(session: Session, holdings: Sequence[Holding], folder: Path, author: Author) -> Archived:
    """Archive one month after the other, giving each as soon as it is done."""
    from reconciler.cli.session import acting
    from reconciler.store.archive.archiving import Archiving
    from reconciler.store.months_ahead import move_in

    archiving = Archiving(
        session.database,
        folder,
        acting(author.actor),
        session.clock,
        session.ids,
        short_pause,
    )
    if holdings:
        move_in(session.database, session.clock.now(), short_pause)
    for holding in holdings:
        file = archiving.archive(holding)
        if file is not None:
            yield holding, file


def _lines(archived: Archived, end: Month) -> Iterator[str]:
    from reconciler.cli.rendering.words import counted

    files = 0
    for holding, file in archived:
        files += 1
        yield f"{holding.month}  {counted(file.rows, holding.history.singular)}  {file.path}"
    if files:
        yield f"archived in {counted(files, 'file')} that you alone may read; {IN_THE_CLEAR}"
    else:
        yield f"nothing to archive before {end}"


def _record(archived: tuple[Holding, ArchiveFile]) -> dict[str, object]:
    holding, file = archived
    return {
        "month": str(holding.month),
        "history": holding.history.name,
        "rows": file.rows,
        "file": str(file.path),
        "sha256": file.sha256,
    }
