"""Machines on one network, each in a network namespace of its own, whose cable can be pulled.

    this namespace: bridge, 198.18.N.1 ──┬── veth ── machine 1, 198.18.N.2
                                         └── veth ── machine 2, 198.18.N.3

What listens at the bridge's address is reached by every machine, until its link is set down: then nothing
arrives any more, in either direction, and nobody is told. Needs root, and `ip`, `unshare`, `nsenter`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from crash.processes import wait_until

TOOLS = ("ip", "unshare", "nsenter")


class CannotBuildError(Exception):
    """This machine, or this user, cannot make networks; says why."""


class Machine:
    """A network namespace: it lasts as long as its one idle process, or another within it."""

    def __init__(self, network: Network, number: int) -> None:
        self.address = network.address_of(number)
        self._link, inner = f"{network.bridge}-{number}", f"{network.bridge}i{number}"
        self._keeper = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        here = Path("/proc/self/ns/net").readlink()
        wait_until(lambda: self._place.readlink() != here, "a namespace")
        _ip("link", "add", self._link, "type", "veth", "peer", "name", inner)
        _ip("link", "set", inner, "netns", str(self._keeper.pid))
        _ip("link", "set", self._link, "master", network.bridge, "up")
        _run(*self.within, "ip", "address", "add", f"{self.address}/24", "dev", inner)
        _run(*self.within, "ip", "link", "set", inner, "up")

    @property
    def within(self) -> Sequence[str]:
        """What to put before a command to run it on this machine."""
        return ("nsenter", f"--net={self._place}", "--")

    def cut(self) -> None:
        """Pull its cable."""
        _ip("link", "set", self._link, "down")

    def mend(self) -> None:
        """Plug it in again."""
        _ip("link", "set", self._link, "up")

    def close(self) -> None:
        _ip("link", "delete", self._link)
        self._keeper.kill()
        self._keeper.wait()

    @property
    def _place(self) -> Path:
        return Path(f"/proc/{self._keeper.pid}/ns/net")


class Network:
    """A bridge of this namespace; machines are plugged into it."""

    def __init__(self) -> None:
        self.bridge = f"dialctl{os.getpid() % 10_000}"
        self._prefix = f"198.18.{os.getpid() % 250}"  # the range for tests of network equipment, RFC 2544
        self.address, self.range = self.address_of(0), f"{self._prefix}.0/24"
        self._machines: list[Machine] = []
        _ip("link", "add", self.bridge, "type", "bridge")
        try:
            _ip("address", "add", f"{self.address}/24", "dev", self.bridge)
            _ip("link", "set", self.bridge, "up")
        except CannotBuildError:
            self.close()
            raise

    def address_of(self, number: int) -> str:
        return f"{self._prefix}.{number + 1}"

    def plug_in(self) -> Machine:
        """Give a machine that reaches this one, and is reached."""
        self._machines.append(Machine(self, len(self._machines) + 1))
        return self._machines[-1]

    def close(self) -> None:
        with ExitStack() as closing:
            closing.callback(_ip, "link", "delete", self.bridge)
            for machine in self._machines:
                closing.callback(machine.close)


@contextmanager
def network() -> Iterator[Network]:
    """Build a network for a while. Raises CannotBuildError."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        raise CannotBuildError(f"no {', '.join(missing)} here")
    if os.geteuid() != 0:
        raise CannotBuildError("network namespaces need root")
    built = Network()
    try:
        yield built
    finally:
        built.close()


def _ip(*arguments: str) -> None:
    _run("ip", *arguments)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotBuildError(f"{' '.join(command)}: {done.stderr.strip()}")
