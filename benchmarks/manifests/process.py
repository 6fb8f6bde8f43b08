"""A process that is measured: how long it takes as a whole, and the most memory that it holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

LAUNCHED = Path(__file__).with_name("launched.py")
FOREIGN = ("DIALCTL_", "PYTHON", "TF_")
"""What begins so in the environment would change what is measured."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A command that looks for changes where there are none, and what it says when it has found none."""

    name: str
    folder: Path
    command: tuple[str, ...]
    says: tuple[str, ...]
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """What one process took: seconds of wall time and of all cores, and megabytes."""

    wall_s: float
    cpu_s: float
    peak_mb: float

    def as_dict(self) -> dict[str, float]:
        """Give the figures for a file, rounded."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


def measure(contender: Contender) -> Figures:
    """Run it once. Raises SystemExit where it fails, or finds anything else than nothing to do."""
    with tempfile.NamedTemporaryFile() as output:
        launched = subprocess.run(
            (sys.executable, str(LAUNCHED), output.name, *contender.command),
            cwd=contender.folder,
            env=environment(),
            stdout=subprocess.PIPE,
            check=True,
        )
        said = output.read().decode()
    found = json.loads(launched.stdout)
    if found["exit_code"] or not all(text in said for text in contender.says):
        raise SystemExit(f"{contender.name} ended with {found['exit_code']}, and said:\n{said[-2000:]}")
    return Figures(**found["figures"])


def prepare(folder: Path, *command: str) -> None:
    """Run what is not measured. Raises SystemExit where it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(
            f"{' '.join(command)} ended with {done.returncode}, and said:\n{done.stdout[-2000:]}"
        )


def environment() -> dict[str, str]:
    """Give the environment of every process.

    This package can be imported in it, compiled modules are kept, and nobody asks for new releases.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    root = str(Path(__file__).resolve().parents[2])
    return {**own, "PYTHONPATH": root, "CHECKPOINT_DISABLE": "1"}
