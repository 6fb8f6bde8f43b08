"""From paths to a plan: the way that diff, apply, the reconcile loop and simulate have in common."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy import Connection

from reconciler.core.desired import DesiredState
from reconciler.core.existing import Existing
from reconciler.core.plan.plan import Plan, PlanOptions
from reconciler.core.plan.planner import plan
from reconciler.errors import Fault, FaultsFound
from reconciler.manifests.load import load_manifests
from reconciler.manifests.resolve import examine
from reconciler.store.observe import existing, observe
from reconciler.store.schema import KEY_BYTES, hash_key


@dataclass(frozen=True, slots=True)
class Source:
    """Where manifests come from. `org` is for documents that name none."""

    paths: Sequence[str]
    stdin: BinaryIO
    org: str
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and the bad rows of data files that it leaves out."""

    plan: Plan
    bad_rows: Sequence[Fault]


def plan_source(connection: Connection, source: Source, options: PlanOptions) -> Planned:
    """Compare manifests with the database. Raises FaultsFound and PlanRefused."""
    desired, bad_rows = desired_state(source, existing(connection), hash_key(connection))
    observed = observe(connection, desired, options.source, options.now)
    return Planned(plan(desired, observed, options), bad_rows)


def desired_state(
    source: Source, known: Existing, key: bytes | None = None
) -> tuple[DesiredState, Sequence[Fault]]:
    """Read manifests; raise FaultsFound with every fault of every file.

    Without a database there is no key for keyed hashes; any will do then.
    """
    loaded = load_manifests(source.paths, stdin=source.stdin, org=source.org)
    examined = examine(loaded, known, key or secrets.token_bytes(KEY_BYTES))
    faults = [*examined.faults, *(examined.bad_rows if source.strict else ())]
    if faults:
        raise FaultsFound(faults)
    return examined.desired, examined.bad_rows
