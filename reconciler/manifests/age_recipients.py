"""For whom data files are encrypted: recipients of age and public SSH keys, and the encrypting itself."""

from __future__ import annotations

from collections.abc import Sequence

import pyrage
from pyrage import ssh, x25519

from reconciler.manifests.age_keys import NotParsed, holds_a_secret, lines_of, parsed

Recipient = x25519.Recipient | ssh.Recipient

_START = "age1"
_SSH_START = "ssh-"
_SEPARATOR = "1"
"""Stands between the sort of a recipient and the recipient, and nowhere in the latter."""


class BadRecipient(Exception):
    """A text that is no recipient. The message goes on after its place, and never repeats a secret key."""


def recipients_in(text: str, place: str) -> dict[str, Recipient]:
    """Read recipients, one a line, comments left out; gives each once, by its text.

    Raises BadRecipient, which names the line: `place:2 …`.
    """
    found = {}
    for number, line in lines_of(text):
        try:
            found[line] = recipient(line)
        except BadRecipient as fault:
            raise BadRecipient(f"{place}:{number}: {fault}") from None
    return found


def recipient(text: str) -> Recipient:
    """Read one recipient: `age1…`, or a public SSH key. Raises BadRecipient."""
    try:
        if text.startswith(_SSH_START):
            return parsed(ssh.Recipient.from_str, text)
        return parsed(x25519.Recipient.from_str, text)
    except NotParsed:
        raise BadRecipient(_what_it_is(text)) from None


def encrypted(content: bytes, recipients: Sequence[Recipient], *, armored: bool) -> bytes:
    """Encrypt for all of these recipients: each of them can decrypt it alone."""
    return pyrage.encrypt(content, recipients, armored=armored)


def _what_it_is(text: str) -> str:
    """Say what stands where a recipient should."""
    if holds_a_secret(text):
        return f"this is a secret key, which decrypts{_own_recipient(text)}"
    if text.startswith(_SSH_START):
        return "this is a public SSH key that is damaged, or of another sort than ed25519 and rsa"
    if not text.startswith(_START):
        return "this is no recipient: one begins with age1, or is a public SSH key"
    if _SEPARATOR in text[len(_START) :]:
        return f"'{text}' is damaged, or a recipient of a sort that is not supported, such as a plugin's"
    return f"'{text}' is damaged or cut off: copy it once more"


def _own_recipient(secret: str) -> str:
    try:
        return f"; its recipient is {parsed(x25519.Identity.from_str, secret).to_public()}"
    except NotParsed:
        return ""
