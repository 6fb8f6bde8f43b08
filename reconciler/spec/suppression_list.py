"""Kind SuppressionList: who must never be called (R-SUP-1)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from reconciler.spec.contact import RawNumber
from reconciler.spec.model import ApiVersion, OrgMeta, SpecModel
from reconciler.spec.scalars import CalendarDate, Text


def number_or_entry(value: object) -> object:
    """Accept a bare number where an entry is meant."""
    return {"number": value} if isinstance(value, str) else value


class SuppressionEntry(SpecModel):
    """A number that must not be called."""

    number: RawNumber = Field(description="The number, in E.164.")
    expires_at: CalendarDate | None = Field(
        None, description="First day (UTC) on which it may be called again."
    )
    reason: Text | None = Field(None, description="Why.")


class SuppressionListSpec(SpecModel):
    """The numbers."""

    numbers: tuple[
        Annotated[
            SuppressionEntry,
            BeforeValidator(number_or_entry, json_schema_input_type=RawNumber | SuppressionEntry),
        ],
        ...,
    ] = Field(description="Numbers in E.164, or entries with an expiry and a reason.")


class SuppressionList(SpecModel):
    """Numbers that the organization must not call."""

    apiVersion: ApiVersion  # noqa: N815 - the spelling of every Kubernetes-style manifest
    kind: Literal["SuppressionList"]
    metadata: OrgMeta
    spec: SuppressionListSpec
