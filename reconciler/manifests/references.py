"""What manifests refer to: declared, already in the database, or unknown, with the nearest name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from reconciler.core.desired import Json
from reconciler.core.existing import Existing
from reconciler.core.suggestions import did_you_mean
from reconciler.errors import Fault
from reconciler.manifests.campaign_rules import CampaignRules, configuration_of
from reconciler.manifests.load import Document, FaultyObject, LoadedManifests
from reconciler.spec.campaign import Campaign
from reconciler.spec.configuration import Configuration, ConfigurationSpec
from reconciler.spec.contact import Contact
from reconciler.spec.contact_feed import ContactFeed
from reconciler.spec.contact_list import ContactList
from reconciler.spec.model import DEFAULT, InstallationMeta
from reconciler.spec.organization import Organization
from reconciler.spec.registry import Manifest

OFFLINE_HINT = "validate looks at files only; diff also looks in the database"


def org_of(manifest: Manifest, default: str) -> str:
    """Give the organization that a manifest belongs to: its own, else the default; '' where it is in none."""
    metadata = manifest.metadata
    if isinstance(metadata, InstallationMeta):
        return ""
    return metadata.org if "org" in metadata.model_fields_set else default


class References:
    """Resolves names against the manifests first, the database second."""

    def __init__(self, loaded: LoadedManifests, existing: Existing) -> None:
        self._org = loaded.org
        self._faulty = loaded.faulty
        self._existing = existing
        self._hint = None if existing.database else OFFLINE_HINT
        self._organizations = {DEFAULT, *existing.organizations}
        self._configurations: dict[tuple[str, str], ConfigurationSpec] = {}
        self._campaigns: dict[tuple[str, str], Campaign] = {}
        self._lists: set[tuple[str, str, str]] = set()
        for document in loaded.documents:
            self._declare(document.manifest)
        self._rules: dict[tuple[str, str], CampaignRules | None] = {}

    def _declare(self, manifest: Manifest) -> None:
        if isinstance(manifest, Organization):
            self._organizations.add(manifest.metadata.name)
        elif isinstance(manifest, Configuration):
            self._configurations[org_of(manifest, self._org), manifest.metadata.name] = manifest.spec
        elif isinstance(manifest, Campaign):
            self._campaigns[org_of(manifest, self._org), manifest.metadata.name] = manifest
        elif isinstance(manifest, ContactList):
            metadata = manifest.metadata
            self._lists.add((org_of(manifest, self._org), metadata.campaign, metadata.name))

    def all_rules(self) -> Json:
        """Give, as JSON, everything that contacts are read by: the rules of all campaigns that there are."""
        keys = {*self._campaigns, *self._existing.campaigns}
        rules = [(*key, self.rules(*key)) for key in sorted(keys)]
        return [[org, name, rule and asdict(rule)] for org, name, rule in rules]

    def faults(self, document: Document) -> Iterable[Fault]:
        """Yield a fault for every name that nothing has; a faulty document does have its name."""
        manifest = document.manifest
        org = org_of(manifest, self._org)
        if org and org not in self._organizations and not self._is_faulty("Organization", org):
            yield self._unknown(document, ("metadata", "org"), "organization", org, self._organizations)
        if isinstance(manifest, Campaign):
            name = manifest.spec.configuration
            if self.configuration(org, name) is None and not self._is_faulty("Configuration", name):
                known = self._names_in(org, (*self._configurations, *self._existing.configurations))
                yield self._unknown(document, ("spec", "configuration"), "configuration", name, known)
        elif isinstance(manifest, (Contact, ContactFeed, ContactList)):
            name = manifest.metadata.campaign
            if self.rules(org, name) is None:
                yield from self._unknown_campaign(document, ("metadata", "campaign"), org, name)
            elif name != DEFAULT and (org, name) not in self._campaigns:
                yield from self._lost_configuration(document, org, name)
        if isinstance(manifest, ContactFeed):
            yield from self._name_of_a_list(document, org, manifest)
        if isinstance(manifest, ContactList) and (redial := manifest.spec.redial) is not None:
            yield from self._called_before(document, org, manifest.metadata.campaign, redial.campaign)

    def _called_before(self, document: Document, org: str, campaign: str, name: str) -> Iterable[Fault]:
        """The campaign whose contacts a list calls again: another one that exists."""
        path = ("spec", "from", "campaign")
        if name == campaign:
            message = f"campaign '{name}' is the list's own: dialctl requeue calls its contacts again"
            yield document.place.fault(path, message)
        elif self.rules(org, name) is None:
            yield from self._unknown_campaign(document, path, org, name)

    def _name_of_a_list(self, document: Document, org: str, feed: ContactFeed) -> Iterable[Fault]:
        """A feed keeps its contacts on a list of its own name, which git must not declare, too."""
        if (org, feed.metadata.campaign, feed.metadata.name) in self._lists:
            message = (
                f"a ContactList of this campaign is named '{feed.metadata.name}', too; give one another name"
            )
            yield document.place.fault(("metadata", "name"), message)

    def configuration(self, org: str, name: str) -> ConfigurationSpec | None:
        """Find a configuration's spec."""
        declared = self._configurations.get((org, name))
        if declared is None and (stored := self._existing.configurations.get((org, name))) is not None:
            declared = self._configurations[org, name] = configuration_of(stored)
        return declared

    def rules(self, org: str, campaign: str) -> CampaignRules | None:
        """Find how contacts of a campaign are read; None if there is no such campaign."""
        key = (org, campaign)
        if key not in self._rules:
            self._rules[key] = self._found_rules(org, campaign)
        return self._rules[key]

    def _found_rules(self, org: str, campaign: str) -> CampaignRules | None:
        if campaign == DEFAULT:
            return CampaignRules(org, None)
        declared = self._campaigns.get((org, campaign))
        name = declared.spec.configuration if declared else self._existing.campaigns.get((org, campaign))
        if name is None:
            return None
        configuration = self.configuration(org, name)
        if configuration is None:
            return CampaignRules(org, campaign)
        return CampaignRules.of(org, campaign, declared.spec if declared else None, configuration)

    def _lost_configuration(self, document: Document, org: str, campaign: str) -> Iterable[Fault]:
        """A closed campaign outlives its configuration (R-LIFE-6); no contact can be read without one."""
        name = self._existing.campaigns[org, campaign]
        if self.configuration(org, name) is None:
            message = f"campaign '{campaign}' has no configuration any more: '{name}' was deleted"
            yield document.place.fault(("metadata", "campaign"), message)

    def _unknown_campaign(
        self, document: Document, path: Sequence[str], org: str, name: str
    ) -> Iterable[Fault]:
        """A campaign that nothing has; one whose document is faulty does exist."""
        if not self._is_faulty("Campaign", name):
            known = self._names_in(org, (*self._campaigns, *self._existing.campaigns))
            yield self._unknown(document, path, "campaign", name, known)

    def _is_faulty(self, kind: str, name: str) -> bool:
        return FaultyObject(kind, name) in self._faulty

    def _names_in(self, org: str, keys: Iterable[tuple[str, str]]) -> Sequence[str]:
        return [name for owner, name in keys if owner == org]

    def _unknown(
        self, document: Document, path: Sequence[str], what: str, name: str, known: Iterable[str]
    ) -> Fault:
        faulty = (found.name for found in self._faulty if found.kind.casefold() == what)
        message = f"{what} '{name}' does not exist{did_you_mean(name, sorted({*known, *faulty}))}"
        return document.place.fault(path, message, self._hint)
