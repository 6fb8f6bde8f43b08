"""A ContactList that calls contacts of another campaign again → what is to be selected for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from reconciler.core.canonical import instant_text
from reconciler.core.desired import ObjectKey, Origin, RedialList
from reconciler.errors import Fault
from reconciler.manifests.load import Document
from reconciler.spec.contact_list import ContactList, ContactListSpec

_AS_OF = ("spec", "from", "as_of")


def redial_list(document: Document, key: ObjectKey, spec: ContactListSpec) -> RedialList | None:
    """Give whom a list chooses; None for a list whose contacts stand in the manifest or in a file."""
    redial, expected = spec.redial, spec.expect_rows
    if redial is None:
        return None
    return RedialList(
        key,
        ObjectKey("Campaign", key.org, None, redial.campaign),
        redial.where.status or (),
        redial.where.outcome or (),
        redial.as_of,
        _origin(document, "from", "campaign"),
        expected.min,
        expected.max,
        _origin(document, "expect_rows"),
    )


def still_to_come(documents: Iterable[Document], now: datetime) -> Iterator[Fault]:
    """Refuse an `as_of` that lies ahead: until then, nobody knows who will be chosen."""
    for document in documents:
        manifest = document.manifest
        if isinstance(manifest, ContactList) and (redial := manifest.spec.redial) and redial.as_of > now:
            at = instant_text(redial.as_of)
            message = f"as_of is still to come: {at}; what calls came to is known until now"
            yield document.place.fault(_AS_OF, message)


def _origin(document: Document, *path: str) -> Origin:
    return Origin(document.file.name, document.place.line(("spec", *path)))
