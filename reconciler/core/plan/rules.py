"""What holds for a campaign once its own fields and its configuration are put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from reconciler.core.agents import Agent
from reconciler.core.book import ADHOC_POLICY
from reconciler.core.desired import Json, ObjectKey
from reconciler.spec.configuration import ConfigurationSpec
from reconciler.spec.dialing import DialingPolicy
from reconciler.spec.model import DEFAULT
from reconciler.spec.schedule import Schedule


@dataclass(frozen=True, slots=True)
class CampaignRules:
    """The effective rules of one campaign; its own agent stands over the configuration's (R-AGENT-1)."""

    status: str
    dialing: DialingPolicy
    schedule: Schedule
    agent: Agent


AD_HOC = CampaignRules("active", ADHOC_POLICY, Schedule(), Agent())
"""Rules of contacts in no campaign (R-ADHOC-1)."""


def rules_of_campaigns(specs: Mapping[ObjectKey, Mapping[str, Json]]) -> dict[ObjectKey, CampaignRules]:
    """Put each campaign among these specs together with its configuration among them (R-AGENT-1).

    A campaign whose configuration is not among them is left out: it is closed, and its configuration gone.
    """
    configurations = {
        key: ConfigurationSpec.model_validate(
            {name: value for name, value in spec.items() if name != "labels"}
        )
        for key, spec in specs.items()
        if key.kind == "Configuration"
    }
    return {
        key: _together(spec, configurations[used])
        for key, spec in specs.items()
        if key.kind == "Campaign" and (used := configuration_key(key, spec)) in configurations
    }


def configuration_key(campaign: ObjectKey, spec: Mapping[str, Json]) -> ObjectKey:
    """Give the identity of the configuration that a campaign references."""
    return ObjectKey("Configuration", campaign.org, None, spec["configuration"])


@lru_cache(maxsize=4096)
def campaign_key(org: str, campaign: str | None) -> ObjectKey:
    """Give the identity of the campaign of a contact; the sentinel `default` stands for none (R-ID-3)."""
    return ObjectKey("Campaign", org, None, campaign or DEFAULT)


def _together(campaign: Mapping[str, Json], configuration: ConfigurationSpec) -> CampaignRules:
    own = Agent(campaign.get("agent_id"), campaign.get("agent_version"), campaign.get("agent_number"))
    inherited = Agent(configuration.agent_id, configuration.agent_version, configuration.agent_number)
    return CampaignRules(
        campaign["status"], configuration.dialing, configuration.schedule, own.over(inherited)
    )
