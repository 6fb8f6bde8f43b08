"""What a contact needs to know of its campaign: country and zone to read it by, and the agent it inherits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from reconciler.core.desired import Json
from reconciler.core.zones import UnknownZone, canonical_zone
from reconciler.spec.campaign import CampaignSpec
from reconciler.spec.configuration import ConfigurationSpec
from reconciler.spec.schedule import Schedule

_DEFAULT_ZONE = Schedule().default_timezone


@dataclass(frozen=True, slots=True)
class CampaignRules:
    """How the contacts of one campaign are read.

    `campaign` is None for ad hoc contacts. `default_country` is None where the configuration is not known (a
    fault of its own): numbers without a plus are then let pass. `pinned_version` is the agent version that
    the campaign or its configuration sets, None if neither does.
    """

    org: str
    campaign: str | None
    default_country: str | None = None
    default_timezone: str = _DEFAULT_ZONE
    infer_timezone: bool = False
    agent_id: str | None = None
    pinned_version: int | str | None = None

    @classmethod
    def of(cls, org: str, campaign: str, spec: CampaignSpec | None, configuration: ConfigurationSpec) -> Self:
        """Take them from a configuration; `spec` is None for a campaign that only the database has."""
        schedule = configuration.schedule
        return cls(
            org,
            campaign,
            configuration.dialing.default_country,
            _canonical_or_default(schedule.default_timezone),
            schedule.infer_timezone,
            (spec and spec.agent_id) or configuration.agent_id,
            spec.agent_version
            if spec is not None and spec.agent_version is not None
            else configuration.agent_version,
        )


def configuration_of(stored: Mapping[str, Json]) -> ConfigurationSpec:
    """Read a configuration that the database has; its labels are no part of the spec."""
    return ConfigurationSpec.model_validate({name: v for name, v in stored.items() if name != "labels"})


def _canonical_or_default(name: str) -> str:
    try:
        return canonical_zone(name)
    except UnknownZone:
        return _DEFAULT_ZONE  # a fault of the configuration, reported there
