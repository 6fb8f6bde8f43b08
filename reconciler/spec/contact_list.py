"""Kind ContactList: contacts by the thousand, inline or from a data file (R-MAN-4)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from reconciler.spec.contact import ContactFields
from reconciler.spec.model import ApiVersion, InCampaignMeta, SpecModel
from reconciler.spec.redial import ContactSource, Redial
from reconciler.spec.scalars import Text, WholeNumber

Count = Annotated[WholeNumber, Field(ge=0)]


def one_or_many(value: object) -> object:
    """Accept one column name where a list of them is meant."""
    return [value] if isinstance(value, str) else value


SeveralColumns = Annotated[tuple[Text, ...], Field(min_length=1)]
ColumnNames = Annotated[
    SeveralColumns, BeforeValidator(one_or_many, json_schema_input_type=Text | SeveralColumns)
]


class InlineContact(ContactFields):
    """One row of an inline list; its external id may be left out where the list says `key: phone`."""

    external_id: Text | None = Field(None, description="Key from your own system.")


class Columns(SpecModel):
    """Which columns of a data file hold which field; usual names are found unasked, all others are data."""

    external_id: Text | None = Field(None, description="Column of your own keys.")
    phone_numbers: ColumnNames | None = Field(
        None, description="Column of numbers, or several in the order in which they are tried."
    )
    timezone: Text | None = Field(None, description="Column of IANA zones.")
    scheduled_at: Text | None = Field(None, description="Column of the times before which nobody calls.")
    expires_at: Text | None = Field(None, description="Column of the times from which on nobody calls.")
    agent_id: Text | None = Field(None, description="Column of agents.")
    agent_version: Text | None = Field(None, description="Column of versions of the agent.")
    agent_number: Text | None = Field(None, description="Column of caller IDs.")
    initial_context: Text | None = Field(
        None, description="Column of what the agent knows when the call starts."
    )


class ExpectRows(SpecModel):
    """Refuses a truncated export."""

    min: Count | None = Field(None, description="Fewer rows are an error.")
    max: Count | None = Field(None, description="More rows are an error.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.min is not None and self.max is not None and self.max < self.min:
            raise ValueError("max is below min")
        return self


class ContactListSpec(SpecModel):
    """Where the contacts come from, and what a row that is gone means."""

    contacts: tuple[InlineContact, ...] | None = Field(None, description="The contacts, inline.")
    from_: ContactSource | None = Field(
        None,
        alias="from",
        description="A CSV, JSONL or Parquet file, relative to the manifest, inside its root, encrypted or "
        "not: crm.csv, crm.csv.age; or contacts of a campaign that are called again.",
    )
    columns: Columns = Field(Columns(), description="Column names of the data file.")
    mode: Literal["mirror", "append"] = Field(
        "mirror",
        description="mirror: a row that is gone is withdrawn; append: rows are only added and updated.",
    )
    key: Literal["external_id", "phone"] = Field(
        "external_id", description="phone: a row without an external id gets one derived from its number."
    )
    expect_rows: ExpectRows = Field(ExpectRows(), description="How many rows are plausible.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.contacts is None) == (self.from_ is None):
            raise ValueError("write contacts: or from:, one of the two")
        if self.contacts is not None and self.columns != Columns():
            raise ValueError("columns: goes with from:")
        if self.redial is not None and self.columns != Columns():
            raise ValueError("columns: goes with a data file; contacts of a campaign are copied as they are")
        if self.redial is not None and self.key == "phone":
            raise ValueError("key: phone goes with rows; contacts of a campaign keep their external ids")
        return self

    @property
    def file(self) -> str | None:
        """Give the data file that the contacts come from, if they do."""
        return self.from_ if isinstance(self.from_, str) else None

    @property
    def redial(self) -> Redial | None:
        """Give the choice of another campaign's contacts, if they come from there."""
        return self.from_ if isinstance(self.from_, Redial) else None


class ContactList(SpecModel):
    """Many contacts of one campaign."""

    apiVersion: ApiVersion  # noqa: N815 - the spelling of every Kubernetes-style manifest
    kind: Literal["ContactList"]
    metadata: InCampaignMeta
    spec: ContactListSpec
