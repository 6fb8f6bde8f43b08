"""Kind Organization: a tenant and its limits."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from reconciler.spec.model import ApiVersion, InstallationMeta, SpecModel
from reconciler.spec.scalars import E164, WholeNumber

DEFAULT_ORG_LIMIT = 10
Limit = Annotated[WholeNumber, Field(ge=1, le=10_000)]


class CallerId(SpecModel):
    """A number that calls are placed from, and its limit."""

    number: E164 = Field(description="Caller ID, in E.164.")
    max_concurrent_calls: Limit = Field(description="Calls in flight from this number.")


class OrganizationSpec(SpecModel):
    """Limits of one tenant."""

    concurrency_limit: Limit = Field(DEFAULT_ORG_LIMIT, description="Calls in flight of this organization.")
    caller_ids: tuple[CallerId, ...] = Field((), description="Limits per caller ID.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len({caller.number for caller in self.caller_ids}) != len(self.caller_ids):
            raise ValueError("a caller ID is listed twice")
        return self


class Organization(SpecModel):
    """A tenant; `default` exists without being declared."""

    apiVersion: ApiVersion  # noqa: N815 - the spelling of every Kubernetes-style manifest
    kind: Literal["Organization"]
    metadata: InstallationMeta
    spec: OrganizationSpec = OrganizationSpec()
