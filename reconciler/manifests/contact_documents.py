"""Contacts that are documents of their own, which may be a hundred thousand: read by all cores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from reconciler.core.desired import DesiredContact
from reconciler.errors import Fault
from reconciler.manifests.abbreviated_zones import is_abbreviated
from reconciler.manifests.campaign_rules import CampaignRules
from reconciler.manifests.contacts import desired_contact, read_numbers
from reconciler.manifests.load import ContactText, Document
from reconciler.manifests.references import References, org_of
from reconciler.manifests.remarks import remarks_on
from reconciler.manifests.several_processes import in_order
from reconciler.scratch.contacts import Remark
from reconciler.spec.contact import Contact

AT_ONCE = 250
"""Documents of one portion."""


class NoContactError(Exception):
    """A document that looked like a contact is another object: it counts before anything else is read."""


@dataclass(slots=True)
class ReadContact:
    """What a document came to: a contact with what is to be said of it, its zone as written, and faults."""

    contact: DesiredContact | None = None
    remarks: Sequence[Remark] = ()
    zone: str | None = None
    faults: list[Fault] = field(default_factory=list)


class ContactDocuments:
    """Reads contacts by the rules of their campaigns."""

    def __init__(self, references: References, org: str) -> None:
        self._references = references
        self._org = org

    def read_all(
        self, texts: Sequence[ContactText], which: Iterable[tuple[int, int]]
    ) -> Iterator[ReadContact]:
        """Read documents, given by their index and text hash; raises NoContactError."""

        def read_portion(portion: Sequence[tuple[int, int]]) -> list[ReadContact]:
            return [self._read_text(texts[index], text_hash) for index, text_hash in portion]

        left = iter(which)
        portions = iter(lambda: tuple(islice(left, AT_ONCE)), ())
        for results in in_order(read_portion, portions):
            yield from results

    def _read_text(self, text: ContactText, text_hash: int) -> ReadContact:
        read = ReadContact()
        for result in text.read():
            if isinstance(result, Fault):
                read.faults.append(result)
            elif isinstance(result, Document):
                read = self.read(result, text_hash)
        return read

    def read(self, document: Document, text_hash: int | None = None) -> ReadContact:
        """Read a document that is a contact; raises NoContactError where it is none."""
        manifest = document.manifest
        if not isinstance(manifest, Contact):
            raise NoContactError
        read = ReadContact(faults=list(self._references.faults(document)))
        metadata, spec = manifest.metadata, manifest.spec
        rules = self._rules(org_of(manifest, self._org), metadata.campaign)
        numbers = read_numbers(spec.phone_numbers, rules)
        for at, message in numbers.bad:
            read.faults.append(document.place.fault(("spec", "phone_numbers", at), message))
        contact, problems = desired_contact(
            metadata.name,
            spec,
            numbers.good,
            metadata.labels,
            rules,
            document.origin,
            None,
            spec.phone_numbers,
            text_hash,
        )
        read.faults += [document.place.fault(("spec", *path), message) for path, message in problems]
        read.remarks, read.zone = remarks_on(contact, rules), spec.timezone
        said = read.remarks or is_abbreviated(spec.timezone)
        read.contact = contact._replace(text_hash=None) if said else contact
        return read

    def _rules(self, org: str, campaign: str) -> CampaignRules:
        """Find the campaign's rules; of an unknown one, which is a fault already, none are known."""
        return self._references.rules(org, campaign) or CampaignRules(org, campaign)
