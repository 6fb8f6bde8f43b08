"""Which revision of the manifests is applied: told by CI, or found by git."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

CI_VARIABLES = (
    "GITHUB_SHA",
    "CI_COMMIT_SHA",
    "BUILD_SOURCEVERSION",
    "BITBUCKET_COMMIT",
    "CIRCLE_SHA1",
    "GIT_COMMIT",
)
_READ_BY_AN_APPLY = (
    "*.yaml",
    "*.yml",
    "*.csv",
    "*.tsv",
    "*.txt",
    "*.jsonl",
    "*.ndjson",
    "*.parquet",
    "*.age",
)
_DIRTY = "-dirty"
_PATIENCE_S = 10


def find_revision(given: str | None, paths: Sequence[str]) -> str | None:
    """Give the revision: the one given, else CI's, else git's HEAD where the first path lies, else None.

    `-dirty` is added where the work tree holds manifests or data files that HEAD does not.
    """
    if given:
        return given
    from_ci = next((os.environ[name] for name in CI_VARIABLES if os.environ.get(name)), None)
    return from_ci or _head_of(_folder(paths))


def _folder(paths: Sequence[str]) -> Path:
    first = Path(next((path for path in paths if path != "-"), "."))
    return first if first.is_dir() else first.parent


def _head_of(folder: Path) -> str | None:
    head = _git(folder, "rev-parse", "--verify", "HEAD")
    if not head:
        return None
    return head + (_DIRTY if _git(folder, "status", "--porcelain", "--", *_READ_BY_AN_APPLY) else "")


def _git(folder: Path, *arguments: str) -> str | None:
    """Ask git; None where there is none, or no work tree."""
    try:
        answer = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git, wherever it is
            capture_output=True,
            check=False,
            text=True,
            timeout=_PATIENCE_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
