"""Files that are known as a whole: a list's contacts are its rows, all of them and nobody else.

An apply remembers the digest of a list's data file, or of the manifest that holds its contacts, with a sum
over the text hashes of its contacts. Whoever edits a contact takes its hash away (tables/forgetting.py), and
so the sum is another one: one statement tells whether a million contacts still stand as a file says that
nobody has to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, func, literal_column, select, update

from reconciler.core.desired import ListRows, ObjectKey, WholeFile
from reconciler.core.settlement import ContactStatus
from reconciler.core.text_hashes import LOW, LOW_BITS, TextSum
from reconciler.store.apply_work import ApplyWork
from reconciler.store.tables import contact, inventory

STANDS: tuple[ColumnElement[bool], ...] = (
    contact.c.source == bindparam("source"),
    contact.c.text_hash.is_not(None),
    contact.c.applied_hash.is_not(None),
    contact.c.status != ContactStatus.WITHDRAWN.value,
    contact.c.withdraw_requested.is_(False),
)
"""A contact that is as a source applied it from a text that is known."""

_SUM = select(
    func.count(),
    func.sum(contact.c.text_hash.op("&")(literal_column(str(LOW)))),
    func.sum(contact.c.text_hash.op(">>")(literal_column(str(LOW_BITS)))),
).where(contact.c.list_id == bindparam("list_id"), *STANDS)
_KNOWN = select(inventory.c.file_known).where(inventory.c.object_id == bindparam("list_id"))
_REMEMBER = update(inventory).where(inventory.c.object_id == bindparam("its_id"))


def known_file(connection: Connection, list_id: UUID) -> WholeFile | None:
    """Give what was remembered of a list's file."""
    known = connection.execute(_KNOWN, {"list_id": list_id}).scalar()
    if known is None:
        return None
    rows, low, high = known["texts"]
    return WholeFile(known["digest"], TextSum.of_halves(rows, low, high))


def sum_of_contacts(connection: Connection, list_id: UUID, source: str) -> TextSum:
    """Sum up the contacts of a list that stand as a source applied them."""
    count, low, high = connection.execute(_SUM, {"list_id": list_id, "source": source}).one()
    return TextSum.of_halves(count, int(low or 0), int(high or 0))


def remember_files(work: ApplyWork, lists: Mapping[ObjectKey, ListRows], source: str) -> None:
    """Remember files whose rows are their list's contacts now, all of them and nobody else."""
    for key, rows in lists.items():
        list_id = work.directory.objects.get(key)
        if rows.file is None or rows.unread or list_id is None:
            continue
        if sum_of_contacts(work.connection, list_id, source) == rows.file.texts:
            known = {"digest": rows.file.digest, "texts": rows.file.texts.halves()}
            work.connection.execute(_REMEMBER.values(file_known=known), {"its_id": list_id})
