"""Kind Configuration: calling windows, dialing policy and default agent, reusable by campaigns."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reconciler.spec.dialing import DialingPolicy
from reconciler.spec.model import AgentFields, ApiVersion, OrgMeta, SpecModel
from reconciler.spec.schedule import Schedule


class ConfigurationSpec(AgentFields):
    """What a campaign takes from its configuration."""

    schedule: Schedule = Field(Schedule(), description="Calling windows.")
    dialing: DialingPolicy = Field(DialingPolicy(), description="Retries, pacing and limits.")


class Configuration(SpecModel):
    """An organization's reusable bundle; a campaign references exactly one."""

    apiVersion: ApiVersion  # noqa: N815 - the spelling of every Kubernetes-style manifest
    kind: Literal["Configuration"]
    metadata: OrgMeta
    spec: ConfigurationSpec = ConfigurationSpec()
