"""Every kind, in order of dependence: create from the top, delete from the bottom."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, TypeAdapter

from reconciler.spec.campaign import Campaign
from reconciler.spec.configuration import Configuration
from reconciler.spec.contact import Contact
from reconciler.spec.contact_feed import ContactFeed
from reconciler.spec.contact_list import ContactList
from reconciler.spec.dialer import Dialer
from reconciler.spec.organization import Organization
from reconciler.spec.suppression_list import SuppressionList

Manifest = (
    Dialer | Organization | Configuration | SuppressionList | Campaign | ContactFeed | ContactList | Contact
)

KINDS: dict[str, type[Manifest]] = {
    "Dialer": Dialer,
    "Organization": Organization,
    "Configuration": Configuration,
    "SuppressionList": SuppressionList,
    "Campaign": Campaign,
    "ContactFeed": ContactFeed,
    "ContactList": ContactList,
    "Contact": Contact,
}

ANY_MANIFEST: TypeAdapter[Manifest] = TypeAdapter(Annotated[Manifest, Field(discriminator="kind")])
"""Validates a manifest of any kind by its `kind`."""
