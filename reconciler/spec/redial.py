"""Contacts of another campaign that a list calls again: which, by what became of them, and until when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, model_validator

from reconciler.spec.model import DEFAULT, SpecModel
from reconciler.spec.scalars import Instant, Text

FinalStatus = Literal["completed", "exhausted", "expired", "error"]
"""What a contact is once nobody calls it any more; whoever is still called is not called twice."""

LastOutcome = Literal[
    "completed", "transferred", "machine", "no_answer", "busy", "rejected", "agent_fault", "invalid_number",
    "blocked", "provider_fault", "quota", "cancelled", "config_error", "released",
]  # fmt: skip
"""What telephony said of a contact's last call."""

BY_OUTCOME: tuple[FinalStatus, ...] = ("completed", "exhausted")
"""The statuses that are meant where only an outcome is written: those that calls lead to."""


def one_or_many(value: object) -> object:
    """Accept one word where a list of them is meant."""
    return [value] if isinstance(value, str) else value


def each_once(words: tuple[str, ...]) -> tuple[str, ...]:
    """Give the words in one order, each once: the same choice is the same text."""
    return tuple(sorted(set(words)))


def refuse_no_campaign(name: str) -> str:
    """Refuse the name that stands for no campaign (R-ID-3)."""
    if name == DEFAULT:
        raise ValueError("'default' stands for no campaign; name the one whose contacts are called again")
    return name


Statuses = Annotated[tuple[FinalStatus, ...], Field(min_length=1)]
Outcomes = Annotated[tuple[LastOutcome, ...], Field(min_length=1)]


class Chosen(SpecModel):
    """Which contacts of the campaign: by their status and by the outcome of their last call."""

    status: (
        Annotated[
            Statuses,
            BeforeValidator(one_or_many, json_schema_input_type=FinalStatus | Statuses),
            AfterValidator(each_once),
        ]
        | None
    ) = Field(None, description="In one of these; with outcome alone, completed or exhausted.")
    outcome: (
        Annotated[
            Outcomes,
            BeforeValidator(one_or_many, json_schema_input_type=LastOutcome | Outcomes),
            AfterValidator(each_once),
        ]
        | None
    ) = Field(None, description="Whose last call came to one of these; without it, to whatever.")

    @model_validator(mode="before")
    @classmethod
    def _say_statuses(cls, value: object) -> object:
        """Write the usual statuses down where only an outcome is written: what is compared later says all."""
        if isinstance(value, Mapping) and value.get("outcome") is not None and value.get("status") is None:
            return {**value, "status": BY_OUTCOME}
        return value

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.status is None:
            raise ValueError("write status: or outcome:, or both")
        return self


class Redial(SpecModel):
    """Contacts of another campaign of the organization, chosen by what became of them.

    They are selected once, by the apply that first sees this choice, and copied; from then on the list stays
    as it is until the choice changes.
    """

    campaign: Annotated[Text, AfterValidator(refuse_no_campaign)] = Field(
        description="The campaign that called them."
    )
    where: Chosen = Field(description="Which of its contacts.")
    as_of: Instant = Field(
        description="Only contacts that were there, and whose last call had ended, at this instant."
    )


_FILE: TypeAdapter[str] = TypeAdapter(Text)


def file_or_campaign(value: object) -> object:
    """Read the name of a data file, or a mapping that chooses contacts of a campaign.

    A union of both would tell of each mistake twice, once for either.
    """
    if isinstance(value, Redial):
        return value
    if isinstance(value, list):
        raise ValueError("must be one data file, or a mapping of campaign, where and as_of")  # noqa: TRY004 - pydantic's
    return Redial.model_validate(value) if isinstance(value, Mapping) else _FILE.validate_python(value)


ContactSource = Annotated[
    Text | Redial, BeforeValidator(file_or_campaign, json_schema_input_type=Text | Redial)
]
