"""Manifests → the desired state: references followed, contacts read, every fault and warning collected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from reconciler.collector import collector_paused
from reconciler.core.desired import (
    Cases,
    DesiredContact,
    DesiredObject,
    DesiredState,
    ListRows,
    Notice,
    ObjectKey,
    Origin,
    RedialList,
)
from reconciler.core.existing import Existing
from reconciler.core.masking import masked_name
from reconciler.core.plan.counting import counted
from reconciler.core.plan.rules import campaign_key
from reconciler.errors import Fault, FaultsFound
from reconciler.manifests.abbreviated_zones import AbbreviatedZones
from reconciler.manifests.campaign_rules import CampaignRules
from reconciler.manifests.contacts import desired_contact, read_numbers
from reconciler.manifests.list_content import ColumnsRead, ListContent, ListToRead
from reconciler.manifests.lists import read_list
from reconciler.manifests.load import Document, LoadedManifests
from reconciler.manifests.objects import desired_object
from reconciler.manifests.redial import redial_list
from reconciler.manifests.references import References, org_of
from reconciler.manifests.row_texts import KnownRows, NothingKnown
from reconciler.manifests.warnings import Warned, contact_warnings, object_warnings
from reconciler.spec.contact import Contact
from reconciler.spec.contact_list import ContactList
from reconciler.spec.model import DEFAULT, InCampaignMeta
from reconciler.spec.registry import Manifest

_SHOWN_ROWS = 3


@dataclass(frozen=True, slots=True)
class Examination:
    """What became of the manifests.

    `faults` stop the plan. `bad_rows` are rows of data files that are skipped, and bad numbers beside a good
    one (R-PHONE-2); they stop the plan only under `--strict`. `desired` is what is left. `columns` says
    how each list's CSV file was read.
    """

    desired: DesiredState
    faults: Sequence[Fault]
    bad_rows: Sequence[Fault]
    columns: Sequence[ColumnsRead] = ()


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
    loaded: LoadedManifests, existing: Existing, hash_key: bytes, known: KnownRows | None = None
) -> Examination:
    """Resolve as far as it goes, and collect what stands in the way instead of raising it.

    Rows of data files that are `known` are not read, unless what has changed may have to do with them; it
    makes no difference to what is found.
    """
    references = References(loaded, existing)
    collected = _Collected(references, loaded.org, hash_key, [*loaded.faults], known or NothingKnown())
    with collector_paused():
        for document in loaded.documents:
            collected.take(document)
        if known is not None and collected.touches(known):
            return examine(loaded, existing, hash_key)
        contacts = collected.unique_contacts()
        warned = [*contact_warnings(contacts, references)]
        contacts = _to_be_read_again(contacts, warned)
        warnings = [*object_warnings(loaded.documents, references, loaded.org)]
        warnings += [notice for notice, _ in warned]
        for campaign, zones in collected.zones.items():
            warnings += zones.warnings(campaign)
    notices = [*collected.notices, *warnings]
    desired = DesiredState(collected.objects, contacts, collected.lists, notices, collected.redials)
    return Examination(desired, collected.faults, collected.bad_rows, collected.columns)


def _to_be_read_again(contacts: list[DesiredContact], warned: Iterable[Warned]) -> list[DesiredContact]:
    """Have the contacts that are warned of read with every plan, so that they are warned of again."""
    them = {contact.key for _, contacts in warned for contact in contacts}
    if not them:
        return contacts
    return [contact._replace(text_hash=None) if contact.key in them else contact for contact in contacts]


def key_of(manifest: Manifest, default_org: str) -> ObjectKey:
    """Give the identity of a manifest; the campaign `default` is none (R-ID-3)."""
    metadata = manifest.metadata
    campaign = metadata.campaign if isinstance(metadata, InCampaignMeta) else DEFAULT
    kind = manifest.kind
    return ObjectKey(
        kind, org_of(manifest, default_org), None if campaign == DEFAULT else campaign, metadata.name
    )


@dataclass(slots=True)
class _Collected:
    """Takes document after document."""

    references: References
    org: str
    hash_key: bytes
    faults: list[Fault]
    known: KnownRows = field(default_factory=NothingKnown)
    bad_rows: list[Fault] = field(default_factory=list)
    objects: list[DesiredObject] = field(default_factory=list)
    contacts: list[DesiredContact] = field(default_factory=list)
    lists: dict[ObjectKey, ListRows] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    columns: list[ColumnsRead] = field(default_factory=list)
    redials: dict[ObjectKey, RedialList] = field(default_factory=dict)
    declared: dict[ObjectKey, Document] = field(default_factory=dict)
    zones: dict[ObjectKey, AbbreviatedZones] = field(default_factory=dict)

    def take(self, document: Document) -> None:
        manifest = document.manifest
        unknown = list(self.references.faults(document))
        self.faults += unknown
        if isinstance(manifest, Contact):
            self._take_contact(document, manifest)
            return
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
            rules = self._rules(key.org, manifest.metadata.campaign)
            known = self.known.of_list(key) if manifest.spec.from_ is not None else frozenset()
            content = read_list(ListToRead(document, manifest.spec, key, rules, self.hash_key), known)
            self._take_list(document, key, content)

    def _rules(self, org: str, campaign: str) -> CampaignRules:
        """Find the campaign's rules; of an unknown one, which is a fault already, none are known."""
        return self.references.rules(org, campaign) or CampaignRules(org, campaign)

    def _take_contact(self, document: Document, manifest: Contact) -> None:
        metadata, spec = manifest.metadata, manifest.spec
        rules = self._rules(org_of(manifest, self.org), metadata.campaign)
        numbers = read_numbers(spec.phone_numbers, rules)
        for at, message in numbers.bad:
            self.faults.append(document.place.fault(("spec", "phone_numbers", at), message))
        contact, problems = desired_contact(
            metadata.name,
            spec,
            numbers.good,
            metadata.labels,
            rules,
            document.origin,
            None,
            spec.phone_numbers,
        )
        self.faults += [document.place.fault(("spec", *path), message) for path, message in problems]
        self.contacts.append(contact)
        campaign = campaign_key(contact.org, contact.campaign)
        self.zones.setdefault(campaign, AbbreviatedZones()).see(spec.timezone, document.origin)

    def _take_list(self, document: Document, key: ObjectKey, content: ListContent) -> None:
        self.contacts += content.contacts
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
        met: dict[tuple[str, str | None], set[int]] = {}
        for key, rows in self.lists.items():
            met.setdefault((key.org, key.campaign), set()).update(rows.known)
        ids: dict[tuple[str, str | None], set[str]] = {}
        numbers: dict[tuple[str, str | None], set[str]] = {}
        for key, rows in self.lists.items():
            ids.setdefault((key.org, key.campaign), set()).update(rows.kept)
        for contact in self.contacts:
            place = (contact.org, contact.campaign)
            ids.setdefault(place, set()).add(contact.external_id)
            numbers.setdefault(place, set()).update(contact.fields["phone_numbers"])
        redialled = {(key.org, key.campaign) for key in self.redials}
        return any(
            place in redialled
            or not known.of_ids(*place, ids.get(place, set())).isdisjoint(texts)
            or not known.of_numbers(*place, numbers.get(place, set())).isdisjoint(texts)
            for place, texts in met.items()
            if texts
        )

    def unique_contacts(self) -> list[DesiredContact]:
        """Refuse an id that two documents declare in one campaign (R-ID-4); give the contacts in order."""
        first: dict[tuple[str, str | None, str], DesiredContact] = {}
        for contact in self.contacts:
            known = first.setdefault((contact.org, contact.campaign, contact.external_id), contact)
            if known is not contact:
                where = f"{known.origin.file}:{known.origin.line}"
                inside = f"campaign '{contact.campaign}'" if contact.campaign else "no campaign"
                name = masked_name(contact.external_id)
                message = f"contact '{name}' in {inside} is declared twice; first at {where}"
                self.faults.append(Fault(contact.origin.file, contact.origin.line, None, message))
        return list(first.values())


def _bad_rows(key: ObjectKey, headline: str, faults: Sequence[Fault], origin: Origin) -> Notice:
    first = [str(fault) for fault in faults[:_SHOWN_ROWS]]
    more = "; …" if len(faults) > _SHOWN_ROWS else ""
    detail = f"{headline}: {'; '.join(first)}{more}"
    return Notice("bad-rows", key, detail, origin, Cases(headline, len(faults), first))
