"""PATHs → manifests: every file read, every document validated by itself, every fault collected (R-MAN-1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from itertools import chain
from typing import Any, BinaryIO, NamedTuple

from pydantic import ValidationError

from reconciler.collector import collector_paused
from reconciler.core.desired import Origin
from reconciler.core.suggestions import did_you_mean
from reconciler.errors import Fault, FaultsFound
from reconciler.manifests.discovery import SourceFile, discover
from reconciler.manifests.documents import DocumentText, decode, split_documents
from reconciler.manifests.explain import explain
from reconciler.manifests.left_out import without_contacts
from reconciler.manifests.places import Place, lines_of_items
from reconciler.manifests.yaml_syntax import TreeFault
from reconciler.manifests.yaml_tree import compose, read_values
from reconciler.spec.contact_list import ContactList
from reconciler.spec.model import DEFAULT
from reconciler.spec.registry import KINDS, Manifest

_HASH_BYTES = 16
_MOST_CONTACTS_SAY = "\nkind: Contact\n"  # found in no time
_LOOKS_LIKE_A_CONTACT = re.compile(r"^kind: +Contact *$", re.MULTILINE)
"""What is one and written otherwise is read at once; what only looks like one shows when it is read."""


@dataclass(frozen=True, slots=True)
class Document:
    """One valid manifest: the n-th document of its file, its place, and the hash of its text.

    `item_lines` are the lines, from 1, on which the contacts of an inline list start. `left_out` is the
    document of a long inline list whose contacts the manifest lacks, until `read` is asked for the whole.
    """

    file: SourceFile
    number: int
    line: int
    place: Place
    text_hash: str
    manifest: Manifest
    item_lines: Sequence[int] = ()
    left_out: DocumentText | None = None

    @property
    def text(self) -> str:
        """The text of the whole document."""
        return self.left_out.text if self.left_out else self.place.text

    @property
    def origin(self) -> Origin:
        """Where the manifest starts."""
        return Origin(self.file.name, self.line)

    @property
    def name(self) -> str:
        """`file#n`, the n-th document of a file."""
        return f"{self.file.name}#{self.number}"

    def read(self) -> Iterator[Document | FaultyObject | Fault]:
        """Give it as a whole."""
        return _read_document(self.file, self.left_out) if self.left_out else iter((self,))


class ContactText(NamedTuple):
    """A document that looks like a contact, and that nobody has read yet: there may be a hundred thousand."""

    file: SourceFile
    document: DocumentText

    def read(self) -> Iterator[Document | FaultyObject | Fault]:
        """Read it."""
        return _read_document(self.file, self.document)


class FaultyObject(NamedTuple):
    """What a faulty document declares, as far as it can be read: it does exist, faults and all."""

    kind: str
    name: str


@dataclass(frozen=True)
class LoadedManifests:
    """All valid documents in reading order, all faults of the others, and the organization by default.

    Among `entries` are contacts that were not read yet, and lists without theirs. `faulty` are the objects of
    faulty documents, so that nobody is told that they do not exist.
    """

    entries: Sequence[Document | ContactText]
    faults: Sequence[Fault]
    org: str
    faulty: frozenset[FaultyObject] = frozenset()

    @cached_property
    def documents(self) -> Sequence[Document]:
        """Give the documents that were read."""
        return [entry for entry in self.entries if isinstance(entry, Document)]

    def all_read(self) -> LoadedManifests:
        """Read what was not read yet."""
        return self.with_read(self.entries)

    def with_read(self, wanted: Sequence[Document | ContactText]) -> LoadedManifests:
        """Read of some entries what was not read yet."""
        these = set(map(id, wanted))
        results = (entry.read() if id(entry) in these else iter((entry,)) for entry in self.entries)
        return _gathered(chain.from_iterable(results), self.faults, self.org, self.faulty)

    def raise_faults(self) -> None:
        """Raise FaultsFound if there is any fault."""
        if self.faults:
            raise FaultsFound(self.faults)


def load_manifests(paths: Sequence[str], *, stdin: BinaryIO, org: str = DEFAULT) -> LoadedManifests:
    """Read and validate every manifest that the paths name; never raises for what is in a file.

    `org` is the organization of documents that name none. A source in which nothing is declared is a fault:
    it is never taken for "everything was removed" (R-MAN-2).
    """
    files, faults = discover(paths, stdin)
    with collector_paused():
        loaded = _gathered(chain.from_iterable(map(_read_file, files)), faults, org)
    if not files or loaded.entries or loaded.faults:
        return loaded
    hint = "an empty source is never taken for 'everything was removed'"
    nothing = Fault(files[0].name, None, None, "nothing declared here: no document in any file", hint)
    return replace(loaded, faults=[nothing])


def _gathered(
    results: Iterable[Document | ContactText | FaultyObject | Fault],
    faults: Sequence[Fault],
    org: str,
    faulty: Iterable[FaultyObject] = (),
) -> LoadedManifests:
    entries: list[Document | ContactText] = []
    all_faults, all_faulty = list(faults), set(faulty)
    for result in results:
        if isinstance(result, Fault):
            all_faults.append(result)
        elif isinstance(result, FaultyObject):
            all_faulty.add(result)
        else:
            entries.append(result)
    return LoadedManifests(entries, all_faults, org, frozenset(all_faulty))


def _read_file(file: SourceFile) -> Iterator[Document | ContactText | FaultyObject | Fault]:
    text = decode(file.name, file.content)
    if isinstance(text, Fault):
        yield text
        return
    for document in split_documents(text):
        if _MOST_CONTACTS_SAY in document.text or _LOOKS_LIKE_A_CONTACT.search(document.text):
            yield ContactText(file, document)
        elif (read := _read_without_contacts(file, document)) is not None:
            yield read
        else:
            yield from _read_document(file, document)


def _read_without_contacts(file: SourceFile, document: DocumentText) -> Document | None:
    """Read a long inline list but for its contacts; None where it is none, or anything is wrong with it."""
    text = without_contacts(document.text)
    results = () if text is None else tuple(_read_document(file, document._replace(text=text)))
    match results:
        case [Document(manifest=ContactList()) as read]:
            return replace(read, left_out=document, text_hash=text_hash(document.text))
    return None


def _read_document(file: SourceFile, document: DocumentText) -> Iterator[Document | FaultyObject | Fault]:
    place = Place(file.name, document.first_line, document.text)
    root = compose(document.text)
    if root is None:
        return
    if isinstance(root, TreeFault):
        yield place.tree_fault(root)
        return
    value, faults = read_values(root, document.text)
    yield from (place.tree_fault(fault) for fault in faults)
    if faults and value is None:
        return
    model = _model_of(value, place)
    if isinstance(model, Fault):
        yield model
        return
    try:
        manifest = model.model_validate(value)
    except ValidationError as error:
        yield from explain(error, model, place)
        yield from _named(value)
        return
    if faults:
        yield from _named(value)
    else:
        line = document.first_line + root.start_mark.line
        inline = isinstance(manifest, ContactList) and manifest.spec.contacts is not None
        items = (
            [document.first_line + at for at in lines_of_items(root, ("spec", "contacts"))] if inline else ()
        )
        yield Document(file, document.number, line, place, text_hash(document.text), manifest, items)


def _named(value: Any) -> Iterator[FaultyObject]:  # noqa: ANN401 - whatever the file holds
    metadata = value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if isinstance(name, str):
        yield FaultyObject(str(value.get("kind")), str(name))


def text_hash(text: str) -> str:
    """Give the BLAKE2b-128 hex of a document's text, document marker and outer white space left out."""
    return blake2b(text.removeprefix("---").strip().encode(), digest_size=_HASH_BYTES).hexdigest()


def _model_of(value: Any, place: Place) -> type[Manifest] | Fault:  # noqa: ANN401 - whatever the file holds
    if not isinstance(value, dict):
        found = "a list" if isinstance(value, list) else "a text"
        return place.fault([], f"a manifest is a mapping of apiVersion, kind, metadata and spec, not {found}")
    kind = value.get("kind")
    if isinstance(kind, str) and kind in KINDS:
        return KINDS[kind]
    if "kind" not in value:
        return place.fault([], "missing field 'kind'", f"one of {', '.join(KINDS)}")
    if not isinstance(kind, str):
        return place.fault(["kind"], "kind must be a text", f"one of {', '.join(KINDS)}")
    suggestion = did_you_mean(kind, KINDS)
    hint = None if suggestion else f"one of {', '.join(KINDS)}"
    return place.fault(["kind"], f"'{kind[:80]}' is not a kind{suggestion}", hint)
