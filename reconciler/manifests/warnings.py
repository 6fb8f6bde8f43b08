"""Warnings: what is allowed, and probably not meant (R-ID-4, R-AGENT-1, R-TZ-1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from reconciler.core.desired import DesiredContact, Notice, ObjectKey
from reconciler.core.phones import country_of, mask_number, zones_of
from reconciler.core.zones import uses_zone
from reconciler.manifests.campaign_rules import CampaignRules
from reconciler.manifests.configuration_warnings import schedule_warnings
from reconciler.manifests.load import Document
from reconciler.manifests.references import References, org_of
from reconciler.spec.campaign import Campaign
from reconciler.spec.configuration import Configuration
from reconciler.spec.contact_feed import ContactFeed

_SAMPLES = 3


class Warned(NamedTuple):
    """A warning, and the contacts that it is about."""

    notice: Notice
    contacts: Sequence[DesiredContact]


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


def contact_warnings(contacts: Sequence[DesiredContact], references: References) -> Iterator[Warned]:
    """Yield the warnings of contacts, campaign by campaign.

    Each is about contacts of which it could be said alone, or that share a number: what is left out of
    `contacts` changes none of them but in these two ways.
    """
    by_campaign: dict[tuple[str, str | None], list[DesiredContact]] = {}
    for contact in contacts:
        by_campaign.setdefault((contact.org, contact.campaign), []).append(contact)
    for (owner, campaign), members in by_campaign.items():
        rules = references.rules(owner, campaign) if campaign is not None else None
        if rules is not None and campaign is not None:
            key = ObjectKey("Campaign", owner, None, campaign)
            yield from _shared_numbers(key, members)
            yield from _never_due(key, members)
            yield from _contact_versions(key, members, rules)
            yield from _zones(key, members, rules)


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


def _contact_versions(
    key: ObjectKey, contacts: Sequence[DesiredContact], rules: CampaignRules
) -> Iterator[Warned]:
    """R-AGENT-1: a version from above would apply to agents that contacts name."""
    if rules.pinned_version is None:
        return
    named = [
        contact
        for contact in contacts
        if contact.fields.get("agent_id", rules.agent_id) != rules.agent_id
        and "agent_version" not in contact.fields
    ]
    if named:
        detail = (
            f"agent_version {rules.pinned_version}, pinned above them, applies to the agents that "
            f"{_count(len(named), 'contact names', 'contacts name')} ({_samples(named)}); "
            "set agent_version beside agent_id"
        )
        yield Warned(Notice("warning", key, detail, named[0].origin), named)


def _zones(key: ObjectKey, contacts: Sequence[DesiredContact], rules: CampaignRules) -> Iterator[Warned]:
    """R-TZ-1: contacts without a zone, whose number tells none, or is of a country elsewhere."""
    zoneless = [contact for contact in contacts if "timezone" not in contact.fields]
    if rules.infer_timezone:
        untold = [c for c in zoneless if any(not zones_of(number) for number in c.fields["phone_numbers"])]
        if untold:
            detail = (
                f"{_count(len(untold), 'contact has', 'contacts have')} no zone, and a number that tells "
                f"none (toll-free, non-geographic or unknown): {rules.default_timezone} holds"
            )
            yield Warned(Notice("warning", key, detail, untold[0].origin), untold)
        return
    elsewhere: Counter[str] = Counter()
    foreigners: list[DesiredContact] = []
    for contact in zoneless:
        countries = [country_of(number) for number in contact.fields["phone_numbers"]]
        foreign = next((c for c in countries if c and not uses_zone(c, rules.default_timezone)), None)
        if foreign is not None:
            elsewhere[foreign] += 1
            foreigners.append(contact)
    if foreigners:
        spread = ", ".join(f"{country} {count}" for country, count in sorted(elsewhere.items()))
        detail = (
            f"{_count(elsewhere.total(), 'contact has', 'contacts have')} no zone, and a number of a country "
            f"that does not use {rules.default_timezone} ({spread}); set timezone, or infer_timezone"
        )
        yield Warned(Notice("warning", key, detail, foreigners[0].origin), foreigners)


def _shared_numbers(key: ObjectKey, contacts: Sequence[DesiredContact]) -> Iterator[Warned]:
    """R-ID-4: one number under two ids of one campaign."""
    owner: dict[str, DesiredContact] = {}
    shared: dict[str, list[DesiredContact]] = {}
    for contact in contacts:
        for number in contact.fields["phone_numbers"]:
            first = owner.setdefault(number, contact)
            if first is not contact:
                shared.setdefault(number, [first]).append(contact)
    if shared:
        shown = "; ".join(
            f"{mask_number(number)}: {_samples(members)}"
            for number, members in list(shared.items())[:_SAMPLES]
        )
        detail = f"{_count(len(shared), 'number stands', 'numbers stand')} under several contacts ({shown})"
        notice = Notice("warning", key, detail, next(iter(shared.values()))[1].origin)
        yield Warned(notice, [contact for members in shared.values() for contact in members])


def _never_due(key: ObjectKey, contacts: Sequence[DesiredContact]) -> Iterator[Warned]:
    """A contact that expires before it is scheduled is never called: allowed, since it rings no phone."""
    never = [contact for contact in contacts if _expires_first(contact)]
    if never:
        detail = (
            f"{_count(len(never), 'contact expires', 'contacts expire')} before scheduled_at "
            f"({_samples(never)}), and will never be called"
        )
        yield Warned(Notice("warning", key, detail, never[0].origin), never)


def _expires_first(contact: DesiredContact) -> bool:
    scheduled, expires = contact.fields.get("scheduled_at"), contact.fields.get("expires_at")
    if scheduled is None or expires is None:
        return False
    return datetime.fromisoformat(expires) <= datetime.fromisoformat(scheduled)


def _samples(contacts: Sequence[DesiredContact]) -> str:
    more = ", …" if len(contacts) > _SAMPLES else ""
    return ", ".join(contact.external_id for contact in contacts[:_SAMPLES]) + more


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
