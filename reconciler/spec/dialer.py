"""Kind Dialer: limits of the whole installation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from reconciler.spec.model import DEFAULT, ApiVersion, InstallationMeta, SpecModel
from reconciler.spec.scalars import Text, WholeNumber

DEFAULT_GLOBAL_LIMIT = 50


def only_default(name: str) -> str:
    """There is one dialer, and it is named `default`."""
    if name != DEFAULT:
        raise ValueError("there is one Dialer, and its name is 'default'")
    return name


class DialerMeta(InstallationMeta):
    """Metadata of the dialer."""

    name: Annotated[Text, AfterValidator(only_default)]


class DialerSpec(SpecModel):
    """Limits that hold over all organizations."""

    global_concurrency_limit: Annotated[WholeNumber, Field(ge=1, le=100_000)] = Field(
        DEFAULT_GLOBAL_LIMIT, description="Calls in flight over all organizations."
    )


class Dialer(SpecModel):
    """The whole installation; at most one is declared."""

    apiVersion: ApiVersion  # noqa: N815 - the spelling of every Kubernetes-style manifest
    kind: Literal["Dialer"]
    metadata: DialerMeta
    spec: DialerSpec = DialerSpec()
