"""What every declared thing shares: the frozen model, the metadata, the envelope of a manifest."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from reconciler.spec.scalars import E164, AgentVersion, Text

API_VERSION = "campaigns/v1"
DEFAULT = "default"
"""The organization that always exists, the only Dialer's name, and the campaign that is none (R-ID-2)."""

ApiVersion = Literal["campaigns/v1"]
Labels = dict[Text, Text]


class SpecModel(BaseModel):
    """A frozen part of a manifest; unknown fields are refused (R-MAN-1)."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=False)


def refuse_sentinel(name: str) -> str:
    """Refuse the name that stands for no campaign (R-ID-3)."""
    if name == DEFAULT:
        raise ValueError("no campaign may be named 'default': contacts under it belong to no campaign")
    return name


class InstallationMeta(SpecModel):
    """Metadata of what exists once for the whole installation, or is itself a tenant."""

    name: Text
    labels: Labels = Field(default_factory=dict)


class OrgMeta(SpecModel):
    """Metadata of an object of an organization."""

    name: Text
    org: Text = DEFAULT
    labels: Labels = Field(default_factory=dict)


class CampaignMeta(OrgMeta):
    """Metadata of a campaign."""

    name: Annotated[Text, AfterValidator(refuse_sentinel)]


class InCampaignMeta(OrgMeta):
    """Metadata of an object of a campaign; the campaign `default` stands for none (R-ID-3)."""

    campaign: Text


class AgentFields(SpecModel):
    """The agent at one of three levels: the most specific value set wins, each on its own (R-AGENT-1)."""

    agent_id: Text | None = Field(None, description="Agent that speaks.")
    agent_version: AgentVersion | None = Field(
        None, description="Version of the agent; without it the agent's current one."
    )
    agent_number: E164 | None = Field(None, description="Caller ID, in E.164.")
