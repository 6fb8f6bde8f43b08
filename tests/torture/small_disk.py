"""A disk that can be full: a small file system in memory, which takes root's right to mount one."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

MEGABYTES = 512
BLOCK = bytes(1 << 16)


class SmallDisk:
    """A folder; `is_real` where it is a file system of its own, and so can be full."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.is_real = os.geteuid() == 0 and _mounted(folder)

    def fill(self) -> None:
        """Leave no room."""
        with (self.folder / "ballast").open("ab", buffering=0) as ballast:
            for size in (len(BLOCK), 512):
                try:
                    while ballast.write(BLOCK[:size]) == size:
                        pass
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def empty(self) -> None:
        """Make room again."""
        (self.folder / "ballast").unlink(missing_ok=True)

    def close(self) -> None:
        if self.is_real:
            subprocess.run(["umount", "--lazy", self.folder], check=True)


def _mounted(folder):
    options = ["-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=755", "tmpfs"]
    done = subprocess.run(["mount", *options, folder], check=False, stderr=subprocess.DEVNULL)
    return done.returncode == 0
