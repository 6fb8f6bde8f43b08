"""What a scope of a hold may name: so that a hold on a name that nothing bears is noticed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches

from sqlalchemy import Column, Connection, select

from reconciler.core.holds import Hold, HoldScope
from reconciler.store.tables import attempt, campaign, configuration, dialer, lane, open_attempt, organization

NEWEST_ATTEMPTS = 1000


def nothing_bears(connection: Connection, hold: Hold) -> str | None:
    """Say so if nothing bears the name that a hold is on; None where something does.

    `nothing has the agent 'agent-x' at present; did you mean 'agent-y'?`
    """
    if hold.scope not in _KNOWN:
        return None
    noun, known_values = _KNOWN[hold.scope]
    known = known_values(connection)
    if hold.value in known:
        return None
    near = get_close_matches(hold.value, sorted(known), n=1, cutoff=0.6)
    meant = f"; did you mean '{near[0]}'?" if near else ""
    return f"nothing has the {noun} '{hold.value}' at present{meant}"


def _agents(connection: Connection) -> set[str]:
    own = _distinct(connection, lane.c.agent_key, campaign.c.agent_id, open_attempt.c.agent_id)
    return own | _inherited(connection, "agent_id")


def _caller_ids(connection: Connection) -> set[str]:
    own = _distinct(connection, lane.c.caller_id_key, campaign.c.agent_number, open_attempt.c.agent_number)
    limited = connection.execute(select(organization.c.caller_ids)).scalars()
    return own | _inherited(connection, "agent_number") | {one["number"] for all_ in limited for one in all_}


def _gateways(connection: Connection) -> set[str]:
    recent = select(attempt.c.gateway).order_by(attempt.c.id.desc()).limit(NEWEST_ATTEMPTS)
    used = _distinct(connection, dialer.c.gateway, open_attempt.c.gateway)
    return used | set(connection.execute(recent).scalars())


def _countries(connection: Connection) -> set[str]:
    return _distinct(connection, lane.c.country_key, open_attempt.c.country)


_KNOWN: Mapping[HoldScope, tuple[str, Callable[[Connection], set[str]]]] = {
    HoldScope.AGENT: ("agent", _agents),
    HoldScope.CALLER_ID: ("caller ID", _caller_ids),
    HoldScope.GATEWAY: ("gateway", _gateways),
    HoldScope.COUNTRY: ("country", _countries),
}


def _distinct(connection: Connection, *columns: Column[str | None]) -> set[str]:
    return {
        value
        for column in columns
        for value in connection.execute(select(column).distinct()).scalars()
        if value
    }


def _inherited(connection: Connection, field: str) -> set[str]:
    live = select(configuration.c.spec).where(configuration.c.deleted_at.is_(None))
    return {value for spec in connection.execute(live).scalars() if (value := spec.get(field))}
