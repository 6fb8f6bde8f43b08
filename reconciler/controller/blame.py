"""Whose fault a config_error is: the contact's own, or its campaign's."""

from __future__ import annotations

from reconciler.controller.cycle import Cycle
from reconciler.core.holds import Blamed
from reconciler.ports import Ended
from reconciler.store.columns import AnyRow


def is_own_fault(cycle: Cycle, row: AnyRow, contact: AnyRow, ended: Ended) -> bool:
    """Tell whether a config_error blames a field that the contact itself set, or an ad hoc contact."""
    if cycle.book.terms[row.campaign_key].name is None:
        return True
    own_agent = contact.agent_id or contact.agent_version or contact.agent_config
    match ended.blames:
        case "agent":
            return bool(own_agent)
        case "caller_id":
            return bool(contact.agent_number)
        case None:
            return bool(own_agent or contact.agent_number)


def blamed_fields(row: AnyRow, ended: Ended) -> Blamed:
    """Give the agent or caller ID at fault; while the campaign uses them, it is held."""
    version = None if row.agent_version is None else str(row.agent_version)
    match ended.blames:
        case "agent":
            return Blamed(row.agent_id, version, None)
        case "caller_id":
            return Blamed(None, None, row.agent_number)
        case None:
            return Blamed(row.agent_id, version, row.agent_number)
