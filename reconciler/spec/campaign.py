"""Kind Campaign: a dialing job."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from reconciler.spec.model import AgentFields, ApiVersion, CampaignMeta, SpecModel
from reconciler.spec.scalars import Instant, Text, WholeNumber

CampaignStatus = Literal["active", "paused", "closed"]


class CampaignSpec(AgentFields):
    """Which configuration, in which status, how urgent, and when (R-LIFE-1, R-LIFE-5, R-LIFE-7)."""

    configuration: Text = Field(description="Name of a configuration of the same organization.")
    status: CampaignStatus = Field("active", description="closed is final.")
    priority: Annotated[WholeNumber, Field(ge=0, le=999_999)] = Field(1, description="Higher dials first.")
    start_at: Instant | None = Field(None, description="No call before.")
    end_at: Instant | None = Field(None, description="No call at or after.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.start_at and self.end_at and self.end_at <= self.start_at:
            raise ValueError("end_at must be after start_at")
        return self


class Campaign(SpecModel):
    """A dialing job: who calls whom, under which configuration."""

    apiVersion: ApiVersion  # noqa: N815 - the spelling of every Kubernetes-style manifest
    kind: Literal["Campaign"]
    metadata: CampaignMeta
    spec: CampaignSpec
