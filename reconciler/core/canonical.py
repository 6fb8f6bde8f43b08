"""One text for one JSON value, so that values can be compared, hashed and signed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import blake2b

from reconciler.core.desired import Json

HASH_BYTES = 16
_make = getattr(json.encoder, "c_make_encoder", None)


def _writer(encoder: json.JSONEncoder) -> Callable[[Json], str]:
    """Give `encoder.encode`, only faster: that makes a function anew with every call."""
    if _make is None:
        return encoder.encode
    write_text = (
        json.encoder.encode_basestring_ascii if encoder.ensure_ascii else json.encoder.encode_basestring
    )
    chunks = _make(
        None, encoder.default, write_text, None, encoder.key_separator, encoder.item_separator,
        encoder.sort_keys, encoder.skipkeys, encoder.allow_nan,
    )  # fmt: skip
    return lambda value: "".join(chunks(value, 0))


canonical_json = _writer(json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False))
"""Write JSON with sorted keys and no white space."""

ascii_json = _writer(json.JSONEncoder())
"""Write JSON as `json.dumps` does."""


def content_hash(value: Json) -> str:
    """Give the BLAKE2b-128 hex of a JSON value, whatever the order of its keys."""
    return blake2b(canonical_json(value).encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES).hexdigest()


def instant_text(instant: datetime) -> str:
    """Write an aware instant as `YYYY-MM-DDTHH:MM:SSZ`, with microseconds if there are any."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
