"""Kind Contact: a person to call."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from reconciler.spec.model import AgentFields, ApiVersion, InCampaignMeta, SpecModel
from reconciler.spec.scalars import Instant, JsonObject, LongText, Text, WallClockOrInstant

MAX_NUMBERS = 20


def one_or_many(value: object) -> object:
    """Accept one number where a list of numbers is meant."""
    return [value] if isinstance(value, str) else value


RawNumber = Annotated[
    str, Field(min_length=1, max_length=64), WithJsonSchema({"type": ["string", "integer"]})
]
"""A phone number as people write it (R-PHONE-1)."""

RawNumbers = Annotated[tuple[RawNumber, ...], Field(min_length=1, max_length=MAX_NUMBERS)]


class ContactFields(AgentFields):
    """What can be said of a contact, alike in a Contact, in a list's rows and in data files."""

    phone_numbers: Annotated[
        RawNumbers, BeforeValidator(one_or_many, json_schema_input_type=RawNumber | RawNumbers)
    ] = Field(description="Numbers in the order in which they are tried.")
    timezone: Text | None = Field(None, description="IANA zone of the contact.")
    scheduled_at: WallClockOrInstant | None = Field(
        None, description="Not called before; without an offset, the contact's own wall clock."
    )
    expires_at: Instant | None = Field(None, description="Not called at or after.")
    data: JsonObject = Field(default_factory=dict, description="Handed to the call as custom_metadata.")
    agent_config: JsonObject | None = Field(None, description="Inline agent, instead of an agent_id.")
    initial_context: LongText | None = Field(None, description="What the agent knows when the call starts.")

    def document(self) -> dict[str, Any]:
        """Give the fields that are set, as plain JSON."""
        return self.model_dump(mode="json", exclude_none=True, exclude_defaults=True)


class ContactSpec(ContactFields):
    """The spec of a contact that is declared one by one."""


class Contact(SpecModel):
    """A person to call, in a campaign, or in none (`campaign: default`)."""

    apiVersion: ApiVersion  # noqa: N815 - the spelling of every Kubernetes-style manifest
    kind: Literal["Contact"]
    metadata: InCampaignMeta
    spec: ContactSpec
