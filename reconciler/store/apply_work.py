"""What every part of one apply shares: the transaction, the author, the ids of everything by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select

from reconciler.core.desired import ObjectKey
from reconciler.core.plan.change import Action, Change
from reconciler.core.plan.rules import CampaignRules
from reconciler.ports import Ids
from reconciler.store.events import Actor
from reconciler.store.observed.objects import NOWHERE
from reconciler.store.tables import campaign, configuration, inventory, organization
from reconciler.store.tallies import TallyChange

WITHOUT_ROW = "Dialer"
"""The one kind that has no id: it is the installation's row."""


@dataclass(slots=True)
class Directory:
    """Ids by name: of everything that lives, and of what this apply is going to create."""

    objects: dict[ObjectKey, UUID] = field(default_factory=dict)
    adhoc_keys: dict[str, UUID] = field(default_factory=dict)

    def org_id(self, org: str) -> UUID:
        """Give the id of an organization; kinds that live in none have the organization ''."""
        return self.objects[ObjectKey("Organization", "", None, org)] if org else NOWHERE

    def campaign_key(self, org: str, name: str | None) -> UUID:
        """Give the key of a campaign, or of "no campaign"."""
        return self.objects[ObjectKey("Campaign", org, None, name)] if name else self.adhoc_keys[org]

    def by_campaign(self, rules: Mapping[ObjectKey, CampaignRules]) -> dict[UUID, CampaignRules]:
        """Give the rules of campaigns by the campaigns' keys."""
        return {self.campaign_key(key.org, key.name): its_rules for key, its_rules in rules.items()}

    def orgs_of_campaigns(self) -> dict[UUID, UUID]:
        """Map every campaign key to its organization's id."""
        orgs = {id_: self.org_id(key.org) for key, id_ in self.objects.items() if key.kind == "Campaign"}
        return orgs | {key: self.org_id(org) for org, key in self.adhoc_keys.items()}


@dataclass(frozen=True, slots=True)
class ApplyWork:
    """One apply under its lock. `serial` is the one that it raises the state to."""

    connection: Connection
    actor: Actor
    now: datetime
    serial: int
    ids: Ids
    directory: Directory
    tallies: TallyChange


def read_directory(connection: Connection) -> Directory:
    """Read the ids of everything that lives."""
    directory = Directory()
    names: dict[UUID, str] = {}
    for id_, name, adhoc_key in connection.execute(
        select(organization.c.id, organization.c.name, organization.c.adhoc_key)
    ):
        names[id_] = name
        directory.adhoc_keys[name] = adhoc_key
        directory.objects[ObjectKey("Organization", "", None, name)] = id_
    live = configuration.c.deleted_at.is_(None)
    tables = (
        (
            "Configuration",
            select(configuration.c.org_id, configuration.c.external_id, configuration.c.id).where(live),
        ),
        ("Campaign", select(campaign.c.org_id, campaign.c.external_id, campaign.c.id)),
    )
    for kind, statement in tables:
        for org_id, name, id_ in connection.execute(statement):
            directory.objects[ObjectKey(kind, names[org_id], None, name)] = id_
    without_tables = select(inventory).where(
        inventory.c.kind.in_(("ContactFeed", "ContactList", "SuppressionList"))
    )
    for row in connection.execute(without_tables):
        key = ObjectKey(row.kind, names[row.org_id], row.campaign or None, row.name)
        directory.objects[key] = row.object_id
    return directory


def assign_ids(directory: Directory, changes: Iterable[Change], ids: Ids, now: datetime) -> None:
    """Give ids to what is going to be created."""
    for change in changes:
        if change.action is Action.CREATE and change.key.kind != WITHOUT_ROW:
            directory.objects[change.key] = ids(now)
            if change.key.kind == "Organization":
                directory.adhoc_keys[change.key.name] = ids(now)
