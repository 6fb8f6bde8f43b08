"""Contacts that stand in the manifest of their list: a bad one is a fault, and a known list is not read.

A long list is loaded without its contacts (manifests/left_out.py). It is known where the database remembers
its text, with all that says how it is read, and has its contacts as they stand there. What was loaded of it
is part of what is remembered, so it is what the whole manifest says.
"""

from __future__ import annotations

from reconciler.core.desired import DesiredContact, Json, ListRows, Origin, WholeFile
from reconciler.core.known_rows import KnownRows
from reconciler.core.text_hashes import TextHashes
from reconciler.manifests.contacts import desired_contact, read_numbers
from reconciler.manifests.list_content import ListContent, ListToRead
from reconciler.manifests.remarks import declare
from reconciler.manifests.row_texts import RowTexts, digest_of_text
from reconciler.scratch.contacts import ScratchContacts
from reconciler.spec.contact_list import InlineContact

_KEY_HINT = "write one, or key: phone to derive it from the number"


def known_inline(one: ListToRead, known: KnownRows) -> WholeFile | None:
    """Give what the database remembers of a list of which nothing has changed, be it here or there."""
    return known.whole_list(one.key, _digest(one))


def read_inline(one: ListToRead, known: KnownRows, into: ScratchContacts) -> ListContent:
    """Read the contacts of an inline list; none of one that is known."""
    whole = known_inline(one, known)
    if whole is not None:
        return ListContent(rows=ListRows(whole.texts.rows, file=whole, unread=whole.texts.rows))
    if one.document.left_out:
        raise ValueError(f"{one.key} is not known, and was not read")  # nobody may take it for an empty list
    content, texts = ListContent(), RowTexts(TextHashes(), one.hash_key, one.how_it_is_read())
    for index, row in enumerate(one.spec.contacts or ()):
        contact = _contact(one, index, row, content)
        if contact is not None:
            said = [contact.external_id, contact.fields_hash, contact.source_hash]
            declare(contact._replace(text_hash=texts.unknown(said)), one.rules, into)
            content.zones.see(row.timezone, contact.origin)
    file = None if content.says_something else WholeFile(_digest(one), texts.sum())
    content.rows = ListRows(rows=len(one.spec.contacts or ()), file=file)
    return content


def _contact(one: ListToRead, index: int, row: InlineContact, content: ListContent) -> DesiredContact | None:
    """Give a contact, unless it has no id; what is wrong with it goes into `content`."""
    document, path = one.document, ("spec", "contacts", index)
    numbers = read_numbers(row.phone_numbers, one.rules)
    for at, message in numbers.bad:
        content.faults.append(document.place.fault((*path, "phone_numbers", at), message))
    identity = row.external_id
    if identity is None and one.spec.key == "external_id":
        content.faults.append(document.place.fault(path, "missing field 'external_id'", _KEY_HINT))
    if identity is None and numbers.good:
        identity = one.id_from_number(numbers.good[0])
    if identity is None:
        return None
    origin = Origin(document.file.name, document.item_lines[index])
    contact, problems = desired_contact(
        identity, row, numbers.good, {}, one.rules, origin, one.key, row.phone_numbers
    )
    content.faults += [document.place.fault((*path, *at), message) for at, message in problems]
    return contact


def _digest(one: ListToRead) -> str:
    """Give the digest of all of a manifest's text, with how it is read, and what was loaded of it."""
    manifest = one.document.manifest
    said: Json = manifest.model_dump(mode="json", by_alias=True, exclude={"spec": {"contacts"}})
    return digest_of_text(one.document.text, one.hash_key, ["inline", one.how_it_is_read(), said])
