"""Kind ContactFeed: a contract for lists that do not live in git; its batches arrive beside it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from reconciler.spec.contact_list import Columns, ExpectRows
from reconciler.spec.model import DEFAULT, ApiVersion, InCampaignMeta, SpecModel
from reconciler.spec.scalars import Duration, Flag, LongText, Text

FeedFormat = Literal["csv", "jsonl", "parquet"]

BatchGuard = Literal["withdraw", "callable", "recontact"]
"""The guards that a batch can trip: it changes contacts, and nothing else."""

VARIABLES = "DIALCTL_FEED_"
"""How the names of environment variables start that a feed may use: it reads no other secret."""

LONGEST_PLACE = 2_000
VARIABLE = re.compile(r"\$\{([^}]*)\}")
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://")
_LOGIN = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*:([^/?#]*)@")


def is_url(place: str) -> bool:
    """Tell whether batches arrive at a URL, and not in a folder."""
    return _SCHEME.match(place) is not None


def is_web(place: str) -> bool:
    """Tell whether a place is one document that a web server gives."""
    found = _SCHEME.match(place)
    return found is not None and found[1].casefold() in ("http", "https")


def refuse_secrets(place: str) -> str:
    """Refuse a password that stands in git, and variables that are none of a feed's."""
    login = _LOGIN.match(place)
    if login is not None and VARIABLE.sub("", login[1]):
        raise ValueError(f"has a password in it, for all who read git; write ${{{VARIABLES}PASSWORD}} there")
    for name in VARIABLE.findall(place):
        if not re.fullmatch(VARIABLES + "[A-Z0-9_]+", name):
            raise ValueError(f"must use no variable but those of feeds, such as ${{{VARIABLES}TOKEN}}")
    return place


def refuse_no_campaign(name: str) -> str:
    """Refuse the name that stands for no campaign (R-ID-3): nobody fills that by the thousand."""
    if name == DEFAULT:
        raise ValueError(
            "'default' stands for no campaign, where no window keeps calls back; name a campaign"
        )
    return name


class ContactFeedMeta(InCampaignMeta):
    """Metadata of a feed: always in a campaign."""

    campaign: Annotated[Text, AfterValidator(refuse_no_campaign)]


class ContactFeedSpec(SpecModel):
    """Where batches arrive, how they are read, and what they may change without anybody being asked."""

    from_: Annotated[LongText, Field(max_length=LONGEST_PLACE), AfterValidator(refuse_secrets)] = Field(
        alias="from",
        description="A folder, or one file, on the machine of the controller; an http(s):// URL of one file; "
        "s3://bucket/folder and other URLs of fsspec. ${DIALCTL_FEED_…} is taken from the environment.",
    )
    format: FeedFormat | None = Field(None, description="By default the end of a file's name says it.")
    columns: Columns = Field(Columns(), description="Column names, as in a ContactList.")
    mode: Literal["mirror", "append"] = Field(
        "mirror",
        description="mirror: each batch is the whole list, and who is not in it is withdrawn; "
        "append: batches only add and update.",
    )
    key: Literal["external_id", "phone"] = Field(
        "external_id", description="phone: a row without an external id gets one derived from its number."
    )
    interval: Annotated[Duration, Field(ge=timedelta(seconds=1))] = Field(
        timedelta(minutes=15), description="How often to look for batches."
    )
    expect_rows: ExpectRows = Field(ExpectRows(), description="How many rows are plausible in one batch.")
    strict: Flag = Field(default=False, description="true: one bad row puts a batch into quarantine.")
    allow: tuple[BatchGuard, ...] = Field(
        (), description="Guards that a batch passes without anybody being asked."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.allow)) < len(self.allow):
            raise ValueError("allow names a guard twice")
        return self


class ContactFeed(SpecModel):
    """Batches of contacts of one campaign, which arrive beside git."""

    apiVersion: ApiVersion  # noqa: N815 - the spelling of every Kubernetes-style manifest
    kind: Literal["ContactFeed"]
    metadata: ContactFeedMeta
    spec: ContactFeedSpec
