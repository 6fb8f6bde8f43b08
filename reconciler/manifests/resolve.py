"""Manifests → the desired state: references followed, contacts read, every fault and warning collected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, groupby
from operator import itemgetter
from typing import cast

from reconciler.collector import collector_paused
from reconciler.core.desired import (
    Cases,
    DesiredObject,
    DesiredState,
    ListRows,
    Notice,
    ObjectKey,
    Origin,
    Place,
    RedialList,
)
from reconciler.core.existing import Existing
from reconciler.core.known_rows import KnownRows, NothingKnown
from reconciler.core.masking import masked_name
from reconciler.core.plan.counting import counted
from reconciler.core.plan.rules import campaign_key
from reconciler.core.text_hashes import KnownTexts, TextHashes
from reconciler.errors import Fault, FaultsFound
from reconciler.manifests.abbreviated_zones import AbbreviatedZones
from reconciler.manifests.age_format import is_encrypted
from reconciler.manifests.campaign_rules import CampaignRules
from reconciler.manifests.contact_documents import AT_ONCE, ContactDocuments, NoContactError, ReadContact
from reconciler.manifests.inline_lists import known_inline
from reconciler.manifests.list_content import ColumnsRead, ListContent, ListToRead, Progressing, unwatched
from reconciler.manifests.lists import read_list
from reconciler.manifests.load import ContactText, Document, LoadedManifests
from reconciler.manifests.objects import desired_object
from reconciler.manifests.redial import redial_list
from reconciler.manifests.references import References, org_of
from reconciler.manifests.row_texts import DocumentTexts
from reconciler.manifests.warnings import contact_warnings, object_warnings
from reconciler.scratch.contacts import ScratchContacts
from reconciler.scratch.database import Scratch
from reconciler.spec.contact import Contact
from reconciler.spec.contact_list import ContactList
from reconciler.spec.model import DEFAULT, InCampaignMeta
from reconciler.spec.registry import Manifest

_SHOWN_ROWS = 3


@dataclass(frozen=True, slots=True)
class Examination:
    """What became of the manifests.

    `faults` stop the plan. `bad_rows` are rows of data files that are skipped, and bad numbers beside a good
    one (R-PHONE-2); they stop the plan only under `--strict`. `desired` is what is left; its contacts are in
    `scratch`. `columns` says how each list's CSV file was read; `documents` are those of objects, and
    `contact_documents` counts those of contacts.
    """

    desired: DesiredState
    scratch: Scratch
    faults: Sequence[Fault]
    bad_rows: Sequence[Fault]
    columns: Sequence[ColumnsRead] = ()
    documents: Sequence[Document] = ()
    contact_documents: int = 0


def resolve(
    loaded: LoadedManifests, existing: Existing, hash_key: bytes, *, strict: bool = False
) -> DesiredState:
    """Give the desired state; raise FaultsFound with every fault of every file.

    `hash_key` (at most 64 bytes) derives the ids of `key: phone`; `strict` takes bad rows for faults.
    """
    examination = examine(loaded, existing, hash_key)
    faults = [*examination.faults, *(examination.bad_rows if strict else ())]
    if faults:
        raise FaultsFound(faults)
    return examination.desired


def examine(
    loaded: LoadedManifests,
    existing: Existing,
    hash_key: bytes,
    known: KnownRows | None = None,
    progressing: Progressing = unwatched,
) -> Examination:
    """Resolve as far as it goes, and collect what stands in the way instead of raising it.

    Rows, documents and inline lists that are `known` are not read, unless what has changed may have to do
    with them; it makes no difference to what is found.
    """
    loaded = _with_changed_lists(loaded, References(loaded, existing), hash_key, known or NothingKnown())
    references = References(loaded, existing)
    scratch = Scratch(in_memory=_holds_decrypted(loaded))
    collected = _Collected(
        references,
        loaded.org,
        hash_key,
        [*loaded.faults],
        scratch.contacts,
        known or NothingKnown(),
        progressing,
    )
    with collector_paused():
        try:
            for kind, entries in groupby(loaded.entries, type):
                collected.take(kind, tuple(entries))
        except NoContactError:
            return examine(loaded.all_read(), existing, hash_key, known, progressing)
        if known is not None and collected.touches(known):
            return examine(loaded, existing, hash_key, progressing=progressing)
        collected.refuse_declared_again()
        warnings = [*object_warnings(loaded.documents, references, loaded.org)]
        warnings += contact_warnings(scratch.contacts, references)
        for campaign, zones in sorted(collected.zones.items(), key=itemgetter(0)):
            warnings += zones.warnings(campaign)
    notices = [*collected.notices, *warnings]
    desired = DesiredState(
        collected.objects,
        scratch.contacts,
        collected.lists,
        notices,
        collected.redials,
        collected.known_documents,
    )
    return Examination(
        desired,
        scratch,
        collected.faults,
        collected.bad_rows,
        collected.columns,
        loaded.documents,
        collected.contact_documents,
    )


def _with_changed_lists(
    loaded: LoadedManifests, references: References, hash_key: bytes, known: KnownRows
) -> LoadedManifests:
    """Read the inline lists that were loaded without their contacts, apart from those that are known."""
    lists = (
        (document, document.manifest)
        for document in loaded.documents
        if document.left_out and isinstance(document.manifest, ContactList)
    )
    changed = [
        document
        for document, manifest in lists
        if known_inline(_list_to_read(document, manifest, references, loaded.org, hash_key), known) is None
    ]
    with collector_paused():
        return loaded.with_read(changed) if changed else loaded


def _list_to_read(
    document: Document, manifest: ContactList, references: References, org: str, hash_key: bytes
) -> ListToRead:
    """Put together what a list is read by; an unknown campaign, which is a fault already, has no rules."""
    key, campaign = key_of(manifest, org), manifest.metadata.campaign
    rules = references.rules(key.org, campaign) or CampaignRules(key.org, campaign)
    return ListToRead(document, manifest.spec, key, rules, hash_key)


def _holds_decrypted(loaded: LoadedManifests) -> bool:
    """Tell whether contacts come from an encrypted file: in the clear they are on no disk."""
    return any(
        is_encrypted(document.file.data.name if document.file.data else document.manifest.spec.file or "")
        for document in loaded.documents
        if isinstance(document.manifest, ContactList)
    )


def key_of(manifest: Manifest, default_org: str) -> ObjectKey:
    """Give the identity of a manifest; the campaign `default` is none (R-ID-3)."""
    metadata = manifest.metadata
    campaign = metadata.campaign if isinstance(metadata, InCampaignMeta) else DEFAULT
    kind = manifest.kind
    return ObjectKey(
        kind, org_of(manifest, default_org), None if campaign == DEFAULT else campaign, metadata.name
    )


@dataclass
class _Collected:
    """Takes document after document."""

    references: References
    org: str
    hash_key: bytes
    faults: list[Fault]
    contacts: ScratchContacts
    known: KnownRows
    progressing: Progressing
    bad_rows: list[Fault] = field(default_factory=list)
    objects: list[DesiredObject] = field(default_factory=list)
    lists: dict[ObjectKey, ListRows] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    columns: list[ColumnsRead] = field(default_factory=list)
    redials: dict[ObjectKey, RedialList] = field(default_factory=dict)
    declared: dict[ObjectKey, Document] = field(default_factory=dict)
    zones: dict[ObjectKey, AbbreviatedZones] = field(default_factory=dict)
    contact_documents: int = 0

    @cached_property
    def texts(self) -> DocumentTexts:
        """Recognise contacts that are documents of their own."""
        return DocumentTexts(
            self.known.of_documents(), self.hash_key, [self.org, self.references.all_rules()]
        )

    @property
    def known_documents(self) -> Mapping[Place, KnownTexts]:
        """The known contacts that documents declare; where no document does, nobody looks for any."""
        return self.texts.known() if "texts" in vars(self) else {}

    @cached_property
    def contact_reader(self) -> ContactDocuments:
        """Read contacts that are documents of their own."""
        return ContactDocuments(self.references, self.org)

    def take(self, kind: type, entries: Sequence[Document | ContactText]) -> None:
        """Take entries of one kind that stand one behind the other."""
        if kind is ContactText:
            self._take_contacts(cast("Sequence[ContactText]", entries))
            return
        for document in cast("Sequence[Document]", entries):
            self._take_document(document)

    def _take_contacts(self, texts: Sequence[ContactText]) -> None:
        for read in self.contact_reader.read_all(texts, self._not_known(texts)):
            self._take_contact(read)
            if self.contact_documents % AT_ONCE == 0:
                self.progressing(self.contact_documents, len(texts))

    def _not_known(self, texts: Sequence[ContactText]) -> Iterator[tuple[int, int]]:
        for index, text in enumerate(texts):
            text_hash = self.texts.hash_of(text.document.text)
            if self.texts.recognises(text_hash):
                self.contact_documents += 1
            else:
                yield index, text_hash

    def _take_document(self, document: Document) -> None:
        manifest = document.manifest
        if isinstance(manifest, Contact):
            self._take_contact(self.contact_reader.read(document))
            return
        self.faults += self.references.faults(document)
        key = key_of(manifest, self.org)
        first = self.declared.setdefault(key, document)
        if first is not document:
            where = f"{first.origin.file}:{first.origin.line}"
            message = f"{key} is declared twice; first at {where}"
            self.faults.append(document.place.fault(("metadata", "name"), message))
            return
        found, faults = desired_object(document, key)
        self.objects.append(found)
        self.faults += faults
        if isinstance(manifest, ContactList) and (redial := redial_list(document, key, manifest.spec)):
            self.redials[key] = redial
            self.lists[key] = ListRows()
        elif isinstance(manifest, ContactList):
            one = _list_to_read(document, manifest, self.references, self.org, self.hash_key)
            content = read_list(one._replace(progressing=self.progressing), self.known, self.contacts)
            self._take_list(document, key, content)

    def _take_contact(self, read: ReadContact) -> None:
        self.faults += read.faults
        if read.contact is None:
            return
        self.contact_documents += 1
        self.contacts.add(read.contact, read.remarks)
        campaign = campaign_key(read.contact.org, read.contact.campaign)
        self.zones.setdefault(campaign, AbbreviatedZones()).see(read.zone, read.contact.origin)

    def _take_list(self, document: Document, key: ObjectKey, content: ListContent) -> None:
        self.faults += content.faults
        self.lists[key] = content.rows
        if content.columns is not None:
            self.columns.append(content.columns)
        self.bad_rows += sorted([*content.bad_rows, *content.partly_bad], key=lambda fault: fault.line or 0)
        if content.bad_rows:
            skipped = "is skipped" if content.rows.bad == 1 else "are skipped"
            headline = f"{content.rows.bad:,} of {counted(content.rows.rows, 'row')} {skipped}"
            self.notices.append(_bad_rows(key, headline, content.bad_rows, document.origin))
        if content.partly_bad:
            count = len(content.partly_bad)
            numbers = "1 bad number is" if count == 1 else f"{count:,} bad numbers are"
            headline = f"{numbers} left out beside good ones"
            self.notices.append(_bad_rows(key, headline, content.partly_bad, document.origin))
        self.notices += [Notice("warning", key, text, document.origin) for text in content.warnings]
        self.notices += content.zones.warnings(key)

    def touches(self, known: KnownRows) -> bool:
        """Tell whether contacts that were read share an id or a number with any of those that were not.

        Or may: whom a list calls again is not known before the plan.
        """
        redialled = {Place.of(key) for key in self.redials}
        met: dict[Place, list[TextHashes]] = {}
        kept: dict[Place, list[Iterable[str]]] = {}
        whole = {key for key, rows in self.lists.items() if rows.unread}
        for place, hashes in self.known_documents.items():
            met.setdefault(place, []).append(hashes.met)
        for key, rows in self.lists.items():
            kept.setdefault(Place.of(key), []).append(rows.kept)
            if len(rows.known.met) or rows.unread:
                met.setdefault(Place.of(key), []).append(rows.known.met)
        for place, texts in met.items():
            ids = chain(self.contacts.ids_in(place), *kept.get(place, ()))
            shared = chain(known.of_ids(place, ids), known.of_numbers(place, self.contacts.numbers_in(place)))
            if place in redialled or any(
                one.list in whole or any(one.text_hash in some for some in texts) for one in shared
            ):
                return True
        return False

    def refuse_declared_again(self) -> None:
        """Refuse an id that two documents declare in one campaign (R-ID-4)."""
        for contact, first in self.contacts.take_declared_again():
            where = f"{first.origin.file}:{first.origin.line}"
            inside = f"campaign '{contact.campaign}'" if contact.campaign else "no campaign"
            name = masked_name(contact.external_id)
            message = f"contact '{name}' in {inside} is declared twice; first at {where}"
            self.faults.append(Fault(contact.origin.file, contact.origin.line, None, message))


def _bad_rows(key: ObjectKey, headline: str, faults: Sequence[Fault], origin: Origin) -> Notice:
    first = [str(fault) for fault in faults[:_SHOWN_ROWS]]
    more = "; …" if len(faults) > _SHOWN_ROWS else ""
    detail = f"{headline}: {'; '.join(first)}{more}"
    return Notice("bad-rows", key, detail, origin, Cases(headline, len(faults), first))
