"""A ContactList → its contacts: inline, or from a data file (R-PHONE-2); and whether they are enough."""

from __future__ import annotations

from reconciler.core.known_rows import KnownRows
from reconciler.manifests.file_lists import read_file
from reconciler.manifests.inline_lists import read_inline
from reconciler.manifests.list_content import ListContent, ListToRead
from reconciler.scratch.contacts import ScratchContacts


def read_list(one: ListToRead, known: KnownRows, into: ScratchContacts) -> ListContent:
    """Read all contacts of a list, but for those that are `known`."""
    read = read_file if one.spec.contacts is None else read_inline
    content = read(one, known, into)
    _check_expected(one, content)
    return content


def _check_expected(one: ListToRead, content: ListContent) -> None:
    expected, rows, document = one.spec.expect_rows, content.rows.rows, one.document
    if content.faults and not rows:
        return  # the file could not be read: that is the fault to mend
    if expected.min is not None and rows < expected.min:
        message = f"{rows} rows, but at least {expected.min} are expected: is the export truncated?"
        content.faults.append(document.place.fault(("spec", "expect_rows", "min"), message))
    if expected.max is not None and rows > expected.max:
        message = f"{rows} rows, but at most {expected.max} are expected"
        content.faults.append(document.place.fault(("spec", "expect_rows", "max"), message))
