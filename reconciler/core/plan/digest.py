"""The digest of a plan: keyed, so that nobody can guess a phone number back from it (R-PLAN-7, R-PLAN-8)."""

from __future__ import annotations

import hashlib
import hmac

from reconciler.core.canonical import canonical_json, content_hash
from reconciler.core.desired import Json
from reconciler.core.plan.change import AnyChange, Change, ContactChange

PREFIX = "sha256:"


class PlanDigest:
    """Signs the changes of a plan one by one, values unmasked.

    What the dialer may move between diff and apply (statuses of contacts) is left out: a saved plan stays
    valid while calls go on. So are guards, notices and origins: they decide, but are no change.
    """

    def __init__(self, hash_key: bytes, source: str) -> None:
        self._signer = hmac.new(hash_key, digestmod=hashlib.sha256)
        self._sign({"source": source})

    def see(self, change: Change) -> None:
        """Sign the change of an object, field by field."""
        fields = [[field.path, field.before, field.after] for field in change.fields]
        self._sign([*_identity(change), fields])

    def see_contact(self, change: ContactChange) -> None:
        """Sign the change of a contact by the hashes of its fields: there may be a million."""
        before = content_hash(change.before) if change.before else None
        lists = [str(change.list_before), str(change.list_after)]
        self._sign([*_identity(change), before, change.after_hash, *lists])

    def text(self) -> str:
        """Give `sha256:` and the HMAC-SHA256 over the canonical JSON of all that was seen, in order."""
        return PREFIX + self._signer.hexdigest()

    def _sign(self, value: Json) -> None:
        self._signer.update(canonical_json(value).encode("utf-8", "surrogatepass") + b"\n")


def _identity(change: AnyChange) -> list[Json]:
    key = change.key
    return [change.action, key.kind, key.org, key.campaign, key.name, change.cause, change.transition]
