"""Which agent speaks: contact, then campaign, then configuration, each field on its own (R-AGENT-1)."""

from __future__ import annotations

from typing import NamedTuple


class Agent(NamedTuple):
    """The agent fields of one level, or of all levels together."""

    agent_id: str | None = None
    agent_version: int | str | None = None
    agent_number: str | None = None

    def over(self, less_specific: Agent) -> Agent:
        """Fill the fields that are not set here from a less specific level."""
        if self == _INHERITS_ALL:
            return less_specific
        return Agent(
            self.agent_id if self.agent_id is not None else less_specific.agent_id,
            self.agent_version if self.agent_version is not None else less_specific.agent_version,
            self.agent_number if self.agent_number is not None else less_specific.agent_number,
        )


_INHERITS_ALL = Agent()

NO_AGENT = "no agent: set agent_id on the contact, its campaign or its configuration"
"""Reason of a contact in error (R-AGENT-2)."""
