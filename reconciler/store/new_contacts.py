"""New contacts of an apply: made ready before its lock, inserted under it.

What follows from the plan alone is worked out while dialers, people and other applies go on. Left for the
time under the lock is what only the database knows: which lanes there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from reconciler.core.plan.contact_changes import ContactChanges, PlainRow
from reconciler.store.apply_progress import ApplyProgress
from reconciler.store.apply_work import ApplyWork
from reconciler.store.dialect import count_anew, insert_rows
from reconciler.store.lanes import lane_ids
from reconciler.store.new_contact_rows import OWN, SHARED, NewContactRow, NewContactRows
from reconciler.store.plain_values import converters
from reconciler.store.portions import chunks
from reconciler.store.tables import contact, contact_number

AT_ONCE = 10_000
MANY = 1_000
"""So many new rows may make another plan of a statement the better one."""

_COLUMNS = (*OWN, "lane_id", *SHARED)
_NUMBER_COLUMNS = ("org_id", "number", "contact_id")
_ID = OWN.index("id")
_ORG_ID = SHARED.index("org_id")

Written = tuple[UUID, Sequence[str]]
"""The organization and the numbers (E.164) of a contact that was written."""


class NewContacts:
    """The new contacts of one plan, in file order, which is dialing order (R-DIAL-2)."""

    def __init__(self, changes: ContactChanges, makes: NewContactRows, progress: ApplyProgress) -> None:
        """Make their rows, and set them aside."""
        self._makes = makes
        self._per_frame: Counter[int] = Counter()
        self._rows = changes.set_aside(self._made(changes, progress))

    def _made(self, changes: ContactChanges, progress: ApplyProgress) -> Iterator[PlainRow]:
        make, per_frame = self._makes.row, self._per_frame
        for portion in chunks(changes.creations(), AT_ONCE):
            for change in portion:
                row = make(change)
                per_frame[row[1]] += 1
                yield row
            progress.made(len(portion))

    def write(self, work: ApplyWork) -> Iterator[Sequence[Written]]:
        """Insert them portion by portion, with their numbers, and with lanes that are missing; count them."""
        lanes, frames = self._lanes(work), self._makes.frames.values
        for number, count in self._per_frame.items():
            frame = frames[number]
            work.tallies.add(frame.org_id, frame.campaign_key, frame.status.value, count)
        for portion in chunks(map(NewContactRow._make, self._rows), AT_ONCE):
            contacts = ((*row.own, lanes[row.lane], *frames[row.frame].shared) for row in portion)
            insert_rows(work.connection, contact.name, _COLUMNS, contacts)
            insert_rows(work.connection, contact_number.name, _NUMBER_COLUMNS, self._number_rows(portion))
            yield [(frames[row.frame].org_id, row.numbers) for row in portion]
        if self._per_frame.total() >= MANY:
            count_anew(work.connection, (contact.name, contact_number.name))

    def _lanes(self, work: ApplyWork) -> list[Any]:
        keys, orgs = self._makes.lanes.values, work.directory.orgs_of_campaigns()
        ids = lane_ids(work.connection, orgs, keys, work.ids, work.now)
        convert = converters(contact, ["lane_id"], work.connection.dialect)["lane_id"]
        return [convert(ids[key]) for key in keys]

    def _number_rows(self, portion: Iterable[NewContactRow]) -> list[tuple[Any, ...]]:
        """Give them sorted: they are the key of their table."""
        orgs = [frame.shared[_ORG_ID] for frame in self._makes.frames.values]
        return sorted((orgs[row.frame], number, row.own[_ID]) for row in portion for number in row.numbers)
