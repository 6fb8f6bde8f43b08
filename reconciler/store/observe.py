"""Observing: the database as a plan sees it, in a few statements, changing nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from reconciler.core.desired import DesiredState
from reconciler.core.existing import Existing
from reconciler.core.plan.observed import ObservedState
from reconciler.core.plan.redial import chosen_anew
from reconciler.store.observed.contacts import contacts_of
from reconciler.store.observed.facts import (
    ChangedByLookup,
    LedgerLookup,
    WaitingLookup,
    holds_on,
    left_to_call,
)
from reconciler.store.observed.objects import observed_objects
from reconciler.store.observed.recent_calls import RecentCallsLookup
from reconciler.store.observed.selections import selections
from reconciler.store.tables import campaign, configuration, installation, organization


def observe(connection: Connection, desired: DesiredState, source: str, now: datetime) -> ObservedState:
    """Read what a plan for these manifests needs to know.

    Contacts and look-ups are read when they are asked for, so the state is good for as long as the
    transaction of `connection` is open.
    """
    serial, hash_key = connection.execute(select(installation.c.state_serial, installation.c.hash_key)).one()
    objects = observed_objects(connection)
    campaigns = {
        live.object_id: key for key, live in objects.items() if key.kind == "Campaign" and live.object_id
    }
    return ObservedState(
        serial=serial,
        hash_key=hash_key,
        objects=objects,
        contacts=contacts_of(connection, desired, source),
        holds=holds_on(connection, campaigns, now),
        left_to_call=left_to_call(connection, campaigns),
        waiting=WaitingLookup(connection, campaigns),
        changed_by=ChangedByLookup(connection),
        ledger=LedgerLookup(connection, now),
        recent_calls=RecentCallsLookup(connection, now),
        selections=selections(connection, chosen_anew(desired, objects)),
    )


def existing(connection: Connection) -> Existing:
    """Read the names that manifests may refer to without declaring them."""
    configurations = (
        select(organization.c.name, configuration.c.external_id, configuration.c.spec)
        .join(organization, organization.c.id == configuration.c.org_id)
        .where(configuration.c.deleted_at.is_(None))
    )
    campaigns = (
        select(organization.c.name, campaign.c.external_id, configuration.c.external_id)
        .join(organization, organization.c.id == campaign.c.org_id)
        .join(configuration, configuration.c.id == campaign.c.configuration_id)
    )
    return Existing(
        organizations=frozenset(connection.execute(select(organization.c.name)).scalars()),
        configurations={(org, name): spec for org, name, spec in connection.execute(configurations)},
        campaigns={(org, name): used for org, name, used in connection.execute(campaigns)},
    )
