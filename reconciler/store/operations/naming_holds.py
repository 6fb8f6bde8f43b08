"""Holds and what people call them: found by id, the beginning of one, or `campaign/NAME`; said in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select

from reconciler.core.holds import Hold, HoldCause, HoldScope
from reconciler.errors import NotFound, TransitionRefused, UsageError
from reconciler.spec.model import DEFAULT
from reconciler.store.book import standing_holds
from reconciler.store.columns import AnyRow
from reconciler.store.identity import OrganizationRef, find_campaign
from reconciler.store.tables import campaign, hold, organization

FEWEST_CHARACTERS = 8
CAMPAIGN = "campaign/"

_HINT = "dialctl get holds lists them"


def find_holds(connection: Connection, org: OrganizationRef, text: str) -> list[Hold]:
    """Find the standing holds that a text names; `campaign/NAME` is a campaign of `org`, and all on it.

    Raises NotFound where there is none, TransitionRefused where it has been lifted, and UsageError where the
    text is too short or fits several.
    """
    if text.startswith(CAMPAIGN):
        return _on_campaign(connection, org, text.removeprefix(CAMPAIGN))
    wanted = text.replace("-", "").lower()
    if len(wanted) < FEWEST_CHARACTERS:
        raise UsageError(
            f"'{text}' is too short to name a hold",
            hint=f"write campaign/NAME, or {FEWEST_CHARACTERS} characters of its id or more; {_HINT}",
        )
    found = [one for one in standing_holds(connection) if one.id.hex.startswith(wanted)]
    if len(found) > 1:
        named = ", ".join(str(one.id) for one in found)
        raise UsageError(f"'{text}' fits {len(found)} holds: {named}", hint="write more of its id")
    if not found:
        raise _no_hold(connection, text, wanted)
    return found


def stops_by_people(connection: Connection, now: datetime) -> list[Hold]:
    """Give the standing holds that `stop` set; on a campaign that is not active it was a pause or a close."""
    active = select(campaign.c.id).where(campaign.c.status == "active")
    dialled = {str(key) for key in connection.execute(active).scalars()}
    return [
        one
        for one in standing_holds(connection)
        if one.cause is HoldCause.PERSON
        and one.stands(now)
        and (one.scope is not HoldScope.CAMPAIGN or one.value in dialled)
    ]


def scope_text(connection: Connection, one: Hold) -> str:
    """Say in words what a hold covers: `campaign spring`, `agent agent-a in organization acme`."""
    if one.scope is HoldScope.ALL:
        return "everything"
    org = connection.execute(select(organization.c.name).where(organization.c.id == one.org_id)).scalar()
    if one.scope is HoldScope.ORG:
        return f"organization {org}"
    named = one.value
    if one.scope is HoldScope.CAMPAIGN:
        key = campaign.c.id == UUID(one.value)
        named = connection.execute(select(campaign.c.external_id).where(key)).scalar() or DEFAULT
    return f"{_NOUNS[one.scope]} {named}{f' in organization {org}' if org else ''}"


def paused_under(connection: Connection, lifted: Iterable[Hold]) -> list[str]:
    """Name the campaigns under these holds that stay paused once they are lifted."""
    keys = [UUID(one.value) for one in lifted if one.scope is HoldScope.CAMPAIGN]
    paused = select(campaign.c.external_id).where(campaign.c.id.in_(keys), campaign.c.status == "paused")
    return sorted(set(connection.execute(paused).scalars()))


_NOUNS = {
    HoldScope.CAMPAIGN: "campaign",
    HoldScope.AGENT: "agent",
    HoldScope.CALLER_ID: "caller ID",
    HoldScope.GATEWAY: "gateway",
    HoldScope.COUNTRY: "country",
}


def _on_campaign(connection: Connection, org: OrganizationRef, name: str) -> list[Hold]:
    which = find_campaign(connection, org, name)
    found = [
        one
        for one in standing_holds(connection)
        if one.scope is HoldScope.CAMPAIGN and one.value == str(which.key)
    ]
    if not found:
        raise NotFound(f"no hold stands on campaign {which} itself", hint=_HINT)
    return found


def _no_hold(connection: Connection, text: str, wanted: str) -> NotFound | TransitionRefused:
    lifted = select(hold).where(hold.c.released_at.is_not(None)).order_by(hold.c.seq.desc())
    row: AnyRow | None = next((r for r in connection.execute(lifted) if r.id.hex.startswith(wanted)), None)
    if row is None:
        return NotFound(f"there is no hold '{text}'", hint=_HINT)
    return TransitionRefused(
        f"hold {row.id} was lifted already, by {row.released_by} at {row.released_at:%Y-%m-%d %H:%M:%S} UTC"
    )
