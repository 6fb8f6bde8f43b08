"""The whole error tree.

    DialctlError                    exit 1   anything a user can be told in one line
    ├── FaultsFound                 exit 1   every fault of every manifest, each with its place
    ├── UsageError                  exit 64  the command line makes no sense
    ├── NotFound                    exit 1   no object of that name
    ├── TransitionRefused           exit 1   a lifecycle change that the present status forbids (R-LIFE-2)
    ├── PlanRefused                 exit 1   no plan can be made (closed campaign reopened, owner conflict)
    ├── GuardRefused                exit 3   a guard refuses the plan (R-PLAN-6)
    ├── SomebodyElseIsApplying      exit 75  the apply lock is taken, or the serial moved on
    ├── DatabaseUnusable            exit 1   unreachable, not ours, wrong stamp
    │   └── SchemaOutOfRange        exit 1   its schema and this release do not work together
    └── GatewayUnusable             exit 1   no such gateway, or it may not dial this database (R-ENV-1)

Every message is written for the person who has to act on it: what is wrong, where, what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

EXIT_ERROR = 1
EXIT_CHANGES = 2
EXIT_GUARDED = 3
EXIT_USAGE = 64
EXIT_TRY_AGAIN = 75


class DialctlError(Exception):
    """An error that a user can act on; `hint` says how."""

    exit_code = EXIT_ERROR

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong in one place of a manifest or data file.

    `line` and `column` count from 1. In a CSV file `line` is the physical line on which the row starts and
    `column` is the column's name.
    """

    file: str
    line: int | None
    column: int | str | None
    message: str
    hint: str | None = None

    @property
    def place(self) -> str:
        """`file:line:column`, as far as it is known."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}"
        return f"{text} ({self.hint})" if self.hint else text


class FaultsFound(DialctlError):
    """Every fault of every file, in file and line order."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        unique = dict.fromkeys(faults)
        self.faults = sorted(unique, key=lambda f: (f.file, f.line or 0, str(f.column or ""), f.message))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class UsageError(DialctlError):
    """The command line makes no sense."""

    exit_code = EXIT_USAGE


class NotFound(DialctlError):
    """No object of that name."""


class TransitionRefused(DialctlError):
    """A lifecycle change that the present status forbids (R-LIFE-2)."""


class PlanRefused(DialctlError):
    """No plan can be made for these manifests against this database."""


class GuardRefused(DialctlError):
    """A guard refuses the plan (R-PLAN-6); nothing was changed."""

    exit_code = EXIT_GUARDED


class SomebodyElseIsApplying(DialctlError):
    """Another apply holds the lock, or changed the objects meanwhile."""

    exit_code = EXIT_TRY_AGAIN


class DatabaseUnusable(DialctlError):
    """The database cannot be reached, is not ours, or bears the wrong stamp."""


class SchemaOutOfRange(DatabaseUnusable):
    """The schema is too old for this release, or needs a newer one: nothing may be written."""


class GatewayUnusable(DialctlError):
    """No such gateway, or it may not dial this database (R-ENV-1)."""
