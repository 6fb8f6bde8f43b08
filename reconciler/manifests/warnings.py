"""Warnings: what is allowed, and probably not meant (R-ID-4, R-AGENT-1, R-TZ-1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from reconciler.core.desired import DesiredContact, Notice, ObjectKey, Place
from reconciler.core.phones import mask_number
from reconciler.manifests.campaign_rules import CampaignRules
from reconciler.manifests.configuration_warnings import schedule_warnings
from reconciler.manifests.load import Document
from reconciler.manifests.references import References, org_of
from reconciler.manifests.remarks import ELSEWHERE, NEVER_DUE, NO_ZONE, VERSION_FROM_ABOVE
from reconciler.scratch.contacts import Remarked, ScratchContacts
from reconciler.spec.campaign import Campaign
from reconciler.spec.configuration import Configuration
from reconciler.spec.contact_feed import ContactFeed

_SAMPLES = 3


def object_warnings(documents: Iterable[Document], references: References, org: str) -> Iterator[Notice]:
    """Yield the warnings of objects in document order."""
    for document in documents:
        if isinstance(document.manifest, Configuration):
            yield from _of_configuration(document, document.manifest, org)
        if isinstance(document.manifest, Campaign):
            yield from _campaign_version(
                document, document.manifest, references, org_of(document.manifest, org)
            )
        if isinstance(document.manifest, ContactFeed):
            yield from _of_feed(document, document.manifest, org)


def contact_warnings(contacts: ScratchContacts, references: References) -> Iterator[Notice]:
    """Yield the warnings of contacts, campaign by campaign.

    Each is about contacts of which it could be said alone (manifests/remarks.py), or that share a number:
    what is left out of `contacts` changes none of them but in these two ways.
    """
    contacts.find_shared()
    for place in sorted(contacts.places()):
        rules = references.rules(*place) if place.campaign else None
        if rules is None:
            continue
        key = ObjectKey("Campaign", place.org, None, place.campaign)
        yield from _shared_numbers(key, contacts, place)
        for kind, text in _TEXTS.items():
            if (found := contacts.remarked(place, kind, _SAMPLES)) is not None:
                yield Notice("warning", key, text(found, rules), found.first[0].origin)


def _of_configuration(document: Document, manifest: Configuration, org: str) -> Iterator[Notice]:
    key = ObjectKey("Configuration", org_of(manifest, org), None, manifest.metadata.name)
    for detail in schedule_warnings(manifest.spec.schedule):
        yield Notice("warning", key, detail, document.origin)


def _of_feed(document: Document, manifest: ContactFeed, org: str) -> Iterator[Notice]:
    """Say that nothing keeps a truncated export from withdrawing everybody."""
    spec, metadata = manifest.spec, manifest.metadata
    if spec.mode == "mirror" and "withdraw" in spec.allow and spec.expect_rows.min is None:
        key = ObjectKey("ContactFeed", org_of(manifest, org), metadata.campaign, metadata.name)
        detail = "allows withdraw, so an export that is cut off withdraws whom it lost; write expect_rows.min"
        yield Notice("warning", key, detail, document.origin)


def _campaign_version(
    document: Document, manifest: Campaign, references: References, org: str
) -> Iterator[Notice]:
    """R-AGENT-1: the configuration's version would apply to the agent that the campaign names."""
    spec = manifest.spec
    configuration = references.configuration(org, spec.configuration)
    if configuration is None or configuration.agent_version is None:
        return
    if spec.agent_id not in (None, configuration.agent_id) and spec.agent_version is None:
        detail = (
            f"agent_version {configuration.agent_version} of configuration '{spec.configuration}' applies to "
            f"agent '{spec.agent_id}', which the campaign names; set agent_version beside it"
        )
        key = ObjectKey("Campaign", org, None, manifest.metadata.name)
        yield Notice("warning", key, detail, document.origin)


def _shared_numbers(key: ObjectKey, contacts: ScratchContacts, place: Place) -> Iterator[Notice]:
    """R-ID-4: one number under two ids of one campaign."""
    total, first = contacts.shared(place, _SAMPLES)
    if total:
        shown = "; ".join(f"{mask_number(one.number)}: {_samples(one.contacts)}" for one in first)
        detail = f"{_count(total, 'number stands', 'numbers stand')} under several contacts ({shown})"
        yield Notice("warning", key, detail, first[0].contacts[1].origin)


def _never_due_text(found: Remarked, _rules: CampaignRules) -> str:
    """A contact that expires before it is scheduled is never called: allowed, since it rings no phone."""
    return (
        f"{_count(found.total, 'contact expires', 'contacts expire')} before scheduled_at "
        f"({_samples(found.first, found.total)}), and will never be called"
    )


def _version_text(found: Remarked, rules: CampaignRules) -> str:
    """R-AGENT-1: a version from above would apply to agents that contacts name."""
    return (
        f"agent_version {rules.pinned_version}, pinned above them, applies to the agents that "
        f"{_count(found.total, 'contact names', 'contacts name')} ({_samples(found.first, found.total)}); "
        "set agent_version beside agent_id"
    )


def _no_zone_text(found: Remarked, rules: CampaignRules) -> str:
    """R-TZ-1: contacts without a zone, whose number tells none."""
    return (
        f"{_count(found.total, 'contact has', 'contacts have')} no zone, and a number that tells "
        f"none (toll-free, non-geographic or unknown): {rules.default_timezone} holds"
    )


def _elsewhere_text(found: Remarked, rules: CampaignRules) -> str:
    """R-TZ-1: contacts without a zone, whose number is of a country elsewhere."""
    spread = ", ".join(f"{country} {count}" for country, count in sorted(found.by_detail.items()))
    return (
        f"{_count(found.total, 'contact has', 'contacts have')} no zone, and a number of a country "
        f"that does not use {rules.default_timezone} ({spread}); set timezone, or infer_timezone"
    )


_TEXTS: dict[str, Callable[[Remarked, CampaignRules], str]] = {
    NEVER_DUE: _never_due_text,
    VERSION_FROM_ABOVE: _version_text,
    NO_ZONE: _no_zone_text,
    ELSEWHERE: _elsewhere_text,
}


def _samples(contacts: Sequence[DesiredContact], total: int | None = None) -> str:
    more = ", …" if (total or len(contacts)) > _SAMPLES else ""
    return ", ".join(contact.external_id for contact in contacts[:_SAMPLES]) + more


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
