"""What all messages of the gateway protocol have in common: they are the dialer's own, field by field."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

AttemptId = Annotated[UUID, Field(alias="id")]

Seconds = Annotated[
    timedelta,
    Field(ge=timedelta()),
    PlainSerializer(timedelta.total_seconds, when_used="json"),
    WithJsonSchema({"type": "number", "minimum": 0}),
]


class Message(BaseModel):
    """Anything that is sent. Whoever reads ignores fields that it does not know: more may come.

    A field is called as in `reconciler.ports`, or has that name and another one on the line, as its alias.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", serialize_by_alias=True)

    @classmethod
    def of(cls, said: object) -> Self:
        """Write what the dialer, or its gateway, says."""
        return cls.model_validate(said, from_attributes=True, by_alias=False, by_name=True)

    def fields(self) -> dict[str, Any]:
        """Give the fields as `reconciler.ports` calls them."""
        return {name: getattr(self, name) for name in type(self).model_fields}
