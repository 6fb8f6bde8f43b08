"""Plans in files: what `diff --out` wrote is applied only if planning again comes to the same (R-PLAN-7)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.errors import DialctlError, SomebodyElseIsApplying

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from reconciler.core.plan.plan import Plan

_AGAIN = "make it anew: dialctl diff --out"


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What a plan's file says of the plan: enough to tell whether another one is the same."""

    file: str
    source: str
    serial: int
    digest: str

    def require_same(self, plan: Plan, connection: Connection) -> None:
        """Compare with the plan that the manifests come to now.

        Raises SomebodyElseIsApplying, with what changed since, where the state moved on; DialctlError where
        it did not, and yet the plan is another.
        """
        from reconciler.store.changed_since import changed_since

        if plan.source != self.source:
            raise DialctlError(
                f"{self.file} is a plan of source {self.source!r}, not {plan.source!r}",
                hint=f"add --source {self.source}",
            )
        if plan.serial != self.serial:
            raise SomebodyElseIsApplying(
                f"{self.file} was made at serial {self.serial}, and the state is at {plan.serial}; "
                f"changed since: {changed_since(connection, self.serial)}",
                hint=_AGAIN,
            )
        if plan.digest != self.digest:
            raise DialctlError(
                f"{self.file} is not what the manifests come to now: they, or the options, changed since",
                hint=_AGAIN,
            )


def save_plan(path: Path, plan: Plan) -> None:
    """Write a plan to a file, always masked (R-PLAN-8). Raises DialctlError where that cannot be done."""
    from reconciler.core.plan.render_json import render_json

    try:
        with path.open("w", encoding="utf-8") as file:
            file.writelines(render_json(plan))
    except OSError as error:
        raise DialctlError(f"{path}: cannot be written: {error.strerror}") from error


def read_saved_plan(path: Path) -> SavedPlan:
    """Read what `save_plan` wrote. Raises DialctlError where it is something else."""
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DialctlError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise DialctlError(f"{path}: is no plan: {error}", hint=_AGAIN) from error
    if not isinstance(found, dict) or found.get("format_version") != 1:
        raise DialctlError(f"{path}: is no plan of this release", hint=_AGAIN)
    return SavedPlan(
        str(path), str(found.get("source")), int(found.get("serial", -1)), str(found.get("digest"))
    )
