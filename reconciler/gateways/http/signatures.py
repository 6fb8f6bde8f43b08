"""Signatures of callbacks: who knows the secret, and when.

    Dialctl-Signature: t=1773064800,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd

`v1` is HMAC-SHA256 of `t`, a full stop and the body, in hex.
"""

from __future__ import annotations

import hmac
import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256

HEADER = "Dialctl-Signature"
OLDEST = timedelta(minutes=5)
"""A callback that was recorded and is sent again later is refused."""

_FORM = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


def sign(secret: str, body: bytes, now: datetime) -> str:
    """Give the header's value."""
    seconds = int(now.timestamp())
    return f"t={seconds},v1={_digest(secret, seconds, body)}"


def is_signed(secret: str, body: bytes, header: str, now: datetime) -> bool:
    """Tell whether somebody who knows the secret signed this body, and did so lately."""
    match = _FORM.fullmatch(header)
    if match is None:
        return False
    seconds = int(match[1])
    lately = abs(now - datetime.fromtimestamp(seconds, UTC)) <= OLDEST
    return hmac.compare_digest(_digest(secret, seconds, body), match[2]) and lately


def _digest(secret: str, seconds: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{seconds}.".encode() + body, sha256).hexdigest()
