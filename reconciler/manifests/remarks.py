"""What is to be said of a contact, judged by the contact alone while it is read (R-AGENT-1, R-TZ-1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reconciler.core.desired import DesiredContact, Json
from reconciler.core.phones import country_of, zones_of
from reconciler.core.zones import uses_zone
from reconciler.manifests.campaign_rules import CampaignRules
from reconciler.scratch.contacts import Remark, ScratchContacts

NEVER_DUE = "never-due"
VERSION_FROM_ABOVE = "version-from-above"
NO_ZONE = "no-zone"
ELSEWHERE = "elsewhere"
"""A number of a country that does not use the zone by default; the remark's detail names the country."""


def declare(contact: DesiredContact, rules: CampaignRules, into: ScratchContacts) -> None:
    """Add a contact; where something is to be said of it, it is read with every plan, and said again."""
    remarks = remarks_on(contact, rules)
    into.add(contact._replace(text_hash=None) if remarks else contact, remarks)


def remarks_on(contact: DesiredContact, rules: CampaignRules) -> Sequence[Remark]:
    """Give what is to be said of a contact; of one in no campaign, nothing."""
    fields, remarks = contact.fields, []
    if contact.campaign is None:
        return ()
    if "expires_at" in fields and "scheduled_at" in fields and _expires_first(fields):
        remarks.append(Remark(NEVER_DUE))
    if rules.pinned_version is not None and _names_agent_alone(fields, rules):
        remarks.append(Remark(VERSION_FROM_ABOVE))
    if "timezone" not in fields:
        if rules.infer_timezone:
            if not all(zones_of(number) for number in fields["phone_numbers"]):
                remarks.append(Remark(NO_ZONE))
        elif foreign := _country_elsewhere(fields["phone_numbers"], rules.default_timezone):
            remarks.append(Remark(ELSEWHERE, foreign))
    return remarks


def _expires_first(fields: Json) -> bool:
    return datetime.fromisoformat(fields["expires_at"]) <= datetime.fromisoformat(fields["scheduled_at"])


def _names_agent_alone(fields: Json, rules: CampaignRules) -> bool:
    """R-AGENT-1: the version from above would apply to the agent that the contact names."""
    return fields.get("agent_id", rules.agent_id) != rules.agent_id and "agent_version" not in fields


def _country_elsewhere(numbers: Sequence[str], zone: str) -> str | None:
    for number in numbers:
        country = country_of(number)
        if country and not uses_zone(country, zone):
            return country
    return None
