"""One text for one JSON value, so that values can be compared, hashed and signed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import blake2b

from reconciler.core.desired import Json

HASH_BYTES = 16
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def canonical_json(value: Json) -> str:
    """Write JSON with sorted keys and no white space."""
    return _encode(value)


def content_hash(value: Json) -> str:
    """Give the BLAKE2b-128 hex of a JSON value, whatever the order of its keys."""
    return blake2b(canonical_json(value).encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES).hexdigest()


def instant_text(instant: datetime) -> str:
    """Write an aware instant as `YYYY-MM-DDTHH:MM:SSZ`, with microseconds if there are any."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
