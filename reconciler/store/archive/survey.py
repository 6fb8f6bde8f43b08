"""What an archive would take out of the database, and what stands in its way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Select, func, select

from reconciler.core.months import Month
from reconciler.core.settlement import ContactStatus
from reconciler.errors import DialctlError
from reconciler.store import partitions
from reconciler.store.dialect import keeps_months
from reconciler.store.history import ATTEMPTS, HISTORIES, History
from reconciler.store.tables import IS_UNKNOWN, attempt, contact, open_attempt

_STILL_CALLED = (ContactStatus.PENDING.value, ContactStatus.LOCKED.value, ContactStatus.IN_PROGRESS.value)


@dataclass(frozen=True, slots=True)
class Holding:
    """A month of one table. `taken_out`: an earlier archive took it out, and was cut short."""

    history: History
    month: Month
    rows: int
    taken_out: bool = False

    @property
    def stem(self) -> str:
        """Name its file: `attempts-2026-03`."""
        return f"{self.history.name}-{self.month}"


def survey(connection: Connection, before: Month) -> Sequence[Holding]:
    """Give what there is of the months before one, by month; first what an earlier archive left behind."""
    found = [holding for history in HISTORIES for holding in _holdings(connection, history, before)]
    return sorted(found, key=lambda one: (not one.taken_out, one.month))


def require_over(connection: Connection, months: Sequence[Month]) -> None:
    """Raise DialctlError where a call of these months is open, or one whose fate somebody may still tell.

    An event of a call that has ended long ago changes nothing; one of these would (R-CRASH-2, R-CONTACT-1).
    """
    for month in months:
        still_open = _count(
            connection, select(func.count()).where(open_attempt.c.id < month.plus(1).first_id)
        )
        if still_open:
            raise DialctlError(
                f"{month}: {_calls(still_open, 'is', 'are')} still open",
                hint="nothing was changed; archive it once they have ended, or a dialer has recovered them",
            )
        unknown = _count(
            connection,
            select(func.count())
            .select_from(attempt)
            .join(contact, contact.c.id == attempt.c.contact_id)
            .where(IS_UNKNOWN, contact.c.status == ContactStatus.UNKNOWN.value, *ATTEMPTS.inside(month)),
        )
        if unknown:
            raise DialctlError(
                f"{month}: of {_calls(unknown, 'nobody knows', 'nobody knows')} what became",
                hint="nothing was changed; dialctl get contacts --status unknown lists whom they were to, "
                "dialctl resolve says what became of one",
            )


def count_of_unfinished(connection: Connection, before: Month) -> int:
    """Count the attempts of earlier months whose contacts are still to be called."""
    return _count(
        connection,
        select(func.count())
        .select_from(attempt)
        .join(contact, contact.c.id == attempt.c.contact_id)
        .where(attempt.c.id < before.first_id, contact.c.status.in_(_STILL_CALLED)),
    )


def _holdings(connection: Connection, history: History, before: Month) -> Iterator[Holding]:
    months = set(history.months(connection))
    if keeps_months(connection):
        months.update(partitions.months_made(connection, history))
        for month in partitions.taken_out(connection, history):
            if month < before:
                rows = select(func.count()).select_from(partitions.leaving(history, month))
                yield Holding(history, month, _count(connection, rows), taken_out=True)
    for month in sorted(month for month in months if month < before):
        rows = select(func.count()).select_from(history.table).where(*history.inside(month))
        yield Holding(history, month, _count(connection, rows))


def _count(connection: Connection, statement: Select[int]) -> int:
    return int(connection.execute(statement).scalar_one())


def _calls(count: int, one: str, many: str) -> str:
    return f"{count:,} call {one}" if count == 1 else f"{count:,} calls {many}"
