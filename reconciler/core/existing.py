"""What the database already has that manifests may refer to without declaring it."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from reconciler.core.desired import Json
from reconciler.spec.model import DEFAULT


@dataclass(frozen=True, slots=True)
class Existing:
    """Names that references may resolve to, beside the manifests' own.

    `configurations` maps (organization, name) to the canonical JSON of a ConfigurationSpec; `campaigns` maps
    (organization, name) to the name of the campaign's configuration. `database` False: nobody looked there,
    as in an offline `validate`.
    """

    organizations: AbstractSet[str] = frozenset({DEFAULT})
    configurations: Mapping[tuple[str, str], Mapping[str, Json]] = field(default_factory=dict)
    campaigns: Mapping[tuple[str, str], str] = field(default_factory=dict)
    database: bool = True


OFFLINE = Existing(database=False)
"""What an offline check knows of the database: the organization `default`, and nothing else."""
