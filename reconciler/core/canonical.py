"""One text for one JSON value, so that values can be compared, hashed and signed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import blake2b

from reconciler.core.desired import Json

HASH_BYTES = 16
_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
# `encode` makes such a function anew with every call, which takes longer than most values do
_make = getattr(json.encoder, "c_make_encoder", None)
_chunks = _make and _make(*(
    None, _encoder.default, json.encoder.encode_basestring, None, ":", ",", True, False, True
))  # fmt: skip


def canonical_json(value: Json) -> str:
    """Write JSON with sorted keys and no white space."""
    return "".join(_chunks(value, 0)) if _chunks is not None else _encoder.encode(value)


def content_hash(value: Json) -> str:
    """Give the BLAKE2b-128 hex of a JSON value, whatever the order of its keys."""
    return blake2b(canonical_json(value).encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES).hexdigest()


def instant_text(instant: datetime) -> str:
    """Write an aware instant as `YYYY-MM-DDTHH:MM:SSZ`, with microseconds if there are any."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
