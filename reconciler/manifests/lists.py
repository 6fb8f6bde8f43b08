"""A ContactList → its contacts: inline, where a bad contact is a fault, or from a data file (R-PHONE-2)."""

from __future__ import annotations

from reconciler.core.desired import ListRows, Origin
from reconciler.core.known_rows import KnownRows
from reconciler.manifests.contacts import desired_contact, read_numbers
from reconciler.manifests.file_lists import read_file
from reconciler.manifests.list_content import ListContent, ListToRead
from reconciler.manifests.remarks import declare
from reconciler.scratch.contacts import ScratchContacts

_KEY_HINT = "write one, or key: phone to derive it from the number"


def read_list(one: ListToRead, known: KnownRows, into: ScratchContacts) -> ListContent:
    """Read all contacts of a list; what is `known` of a data file is not read."""
    content = _inline(one, into) if one.spec.contacts is not None else read_file(one, known, into)
    _check_expected(one, content)
    return content


def _inline(one: ListToRead, into: ScratchContacts) -> ListContent:
    document, spec, key, rules, *_ = one
    content = ListContent()
    for index, row in enumerate(spec.contacts or ()):
        path = ("spec", "contacts", index)
        numbers = read_numbers(row.phone_numbers, rules)
        for at, message in numbers.bad:
            content.faults.append(document.place.fault((*path, "phone_numbers", at), message))
        identity = row.external_id
        if identity is None and spec.key == "external_id":
            content.faults.append(document.place.fault(path, "missing field 'external_id'", _KEY_HINT))
        if identity is None and numbers.good:
            identity = one.id_from_number(numbers.good[0])
        if identity is None:
            continue
        origin = Origin(document.file.name, document.item_lines[index])
        contact, problems = desired_contact(
            identity, row, numbers.good, {}, rules, origin, key, row.phone_numbers
        )
        content.faults += [document.place.fault((*path, *at), message) for at, message in problems]
        declare(contact, rules, into)
        content.zones.see(row.timezone, origin)
    content.rows = ListRows(rows=len(spec.contacts or ()))
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
