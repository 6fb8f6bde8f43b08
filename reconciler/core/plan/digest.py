"""The digest of a plan: keyed, so that nobody can guess a phone number back from it (R-PLAN-7, R-PLAN-8)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from reconciler.core.canonical import canonical_json
from reconciler.core.desired import Json
from reconciler.core.plan.change import AnyChange, ContactChange

PREFIX = "sha256:"


def plan_digest(hash_key: bytes, source: str, changes: Iterable[AnyChange]) -> str:
    """Give `sha256:` and the HMAC-SHA256 over the canonical JSON of every change, values unmasked.

    What the dialer may move between diff and apply (statuses of contacts) is left out: a saved plan stays
    valid while calls go on. So are guards, notices and origins: they decide, but are no change.
    """
    signer = hmac.new(hash_key, digestmod=hashlib.sha256)
    signer.update(canonical_json({"source": source}).encode())
    for change in changes:
        signer.update(b"\n")
        signer.update(canonical_json(_signed(change)).encode("utf-8", "surrogatepass"))
    return PREFIX + signer.hexdigest()


def _signed(change: AnyChange) -> list[Json]:
    key = change.key
    identity = [change.action, key.kind, key.org, key.campaign, key.name, change.cause, change.transition]
    if isinstance(change, ContactChange):
        return [*identity, change.before, change.after, str(change.list_before), str(change.list_after)]
    return [*identity, [[field.path, field.before, field.after] for field in change.fields]]
