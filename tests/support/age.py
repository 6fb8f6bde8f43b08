"""Keys that tests encrypt for, and files that they encrypt."""

from __future__ import annotations

import os
import subprocess

import pyrage
from pyrage import ssh, x25519

SECRET = "AGE-SECRET-KEY-1W2DK3WKLGDNGUD68WRESTNSP67X49LAJ8JQJYYQY8WJ0WUD5NYNSAZ2S4G"
RECIPIENT = "age1kdfrcx3vh8kyjc7lyxtfdgurpmduhsefspugf66w783wuwnxhq7qm3kgj7"
"""A key of nobody: it stands in the pages, too."""

VARIABLES = ("DIALCTL_AGE_KEY", "DIALCTL_AGE_KEY_FILE", "DIALCTL_AGE_RECIPIENTS")


def new_key():
    """Make a key; gives its secret text, and its recipient."""
    identity = x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def new_ssh_key(path, sort="ed25519", passphrase=""):
    """Make an SSH key; gives the text of its public half."""
    made = ["ssh-keygen", "-q", "-t", sort, "-N", passphrase, "-C", "ops", "-f", os.fspath(path)]
    subprocess.run(made, check=True)
    return path.with_name(f"{path.name}.pub").read_text().strip()


def encrypt_for(recipient, content, *, armored=False):
    """Encrypt for one recipient, without a line of ours."""
    parse = ssh.Recipient.from_str if recipient.startswith("ssh-") else x25519.Recipient.from_str
    return pyrage.encrypt(content, [parse(recipient)], armored=armored)


def decrypt_with(secret, content):
    """Decrypt with one key, without a line of ours."""
    return pyrage.decrypt(content, [x25519.Identity.from_str(secret)])
