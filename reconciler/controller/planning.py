"""From paths to a plan: the way that diff, apply, the reconcile loop and simulate have in common."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import Connection, select

from reconciler.core.desired import DesiredState
from reconciler.core.existing import OFFLINE, Existing
from reconciler.core.plan.plan import Plan, PlanOptions, Tripped
from reconciler.core.plan.planner import plan
from reconciler.core.text_hashes import TextHashes
from reconciler.errors import Fault, FaultsFound, GuardRefused
from reconciler.manifests.list_content import Progressing, unwatched
from reconciler.manifests.load import LoadedManifests, load_manifests
from reconciler.manifests.redial import still_to_come
from reconciler.manifests.resolve import Examination, examine
from reconciler.manifests.summary import Summary, summarise
from reconciler.store.observe import existing, observe
from reconciler.store.observed.known_rows import KnownRows
from reconciler.store.schema import KEY_BYTES, hash_key
from reconciler.store.tables import installation


@dataclass(frozen=True, slots=True)
class Source:
    """Where manifests come from.

    `org` is for documents that name none; `strict`: bad rows are faults; `read_all`: rows whose texts the
    database knows are read, too.
    """

    paths: Sequence[str]
    stdin: BinaryIO
    org: str
    strict: bool = False
    read_all: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, the bad rows of data files that it leaves out, and the guards that it passes by `--allow`."""

    plan: Plan
    bad_rows: Sequence[Fault]
    passed: Sequence[Tripped] = ()


class ReadSource:
    """Manifests as they were read once: they can be planned again whenever the database moves on.

    What they come to depends only on the names that the database has and on its key, so it is kept for as
    long as these stay the same, and the database knows the rows that were not read.
    """

    def __init__(self, source: Source, loaded: LoadedManifests | None = None) -> None:
        """Read the paths of the source, unless its manifests are `loaded` already."""
        self._loaded = loaded or load_manifests(source.paths, stdin=source.stdin, org=source.org)
        self._strict = source.strict
        self._read_all = source.read_all
        self._examined: tuple[Existing, bytes, Examination] | None = None
        self._progressing: Progressing = unwatched

    def summary(self, known: Existing, key: bytes, now: datetime) -> Summary:
        """Give the counts of everything, and every fault, bad row and warning; under `strict` no bad rows."""
        examination = self._examine(known, key)
        summary = summarise(examination)
        faults = [*summary.faults, *still_to_come(self._loaded.documents, now)]
        if not self._strict:
            return replace(summary, faults=faults)
        return replace(summary, faults=[*faults, *summary.bad_rows], bad_rows=())

    def desired(
        self, known: Existing, key: bytes, rows: KnownRows | None = None, now: datetime | None = None
    ) -> tuple[DesiredState, Sequence[Fault]]:
        """Give the desired state and the bad rows that it leaves out; raises FaultsFound.

        `now` judges instants that must be over; None: they are not judged.
        """
        examination = self._examine(known, key, rows)
        faults = [*examination.faults, *(examination.bad_rows if self._strict else ())]
        if now is not None:
            faults += still_to_come(self._loaded.documents, now)
        if faults:
            raise FaultsFound(faults)
        return examination.desired, examination.bad_rows

    def plan(
        self, connection: Connection, options: PlanOptions, progressing: Progressing = unwatched
    ) -> Planned:
        """Compare with the database. Raises FaultsFound and PlanRefused.

        `progressing` is told how many rows of a list have been read, and of how many.
        """
        self._progressing = progressing
        rows = None if self._read_all else KnownRows(connection, options.source)
        now = None if options.simulated else options.now  # a simulation may play in the past
        desired, bad_rows = self.desired(existing(connection), hash_key(connection), rows, now)
        observed = observe(connection, desired, options.source, options.now)
        assert self._examined is not None  # noqa: S101 - desired() has seen to it
        changes = self._examined[2].scratch.changes()
        made = plan(desired, observed, replace(options, allowed=frozenset()), changes)
        refusing = tuple(guard for guard in made.guards if guard.guard not in options.allowed)
        passed = tuple(guard for guard in made.guards if guard.guard in options.allowed)
        return Planned(replace(made, guards=refusing), bad_rows, passed)

    def rows(self) -> int:
        """Give how many rows the data files had when they were read last."""
        if self._examined is None:
            return 0
        return sum(content.rows for content in self._examined[2].desired.lists.values())

    def _examine(self, known: Existing, key: bytes, rows: KnownRows | None = None) -> Examination:
        if self._examined is None or self._examined[:2] != (known, key) or not self._still_known(rows):
            examination = examine(self._loaded, known, key, rows, self._progressing)
            self._examined = (known, key, examination)
        return self._examined[2]

    def _still_known(self, rows: KnownRows | None) -> bool:
        assert self._examined is not None  # noqa: S101 - the caller looked
        desired = self._examined[2].desired
        lists = desired.lists.items()
        passed_over = {key: content.known for key, content in lists if len(content.known.met)}
        unread = {key: content.file.digest for key, content in lists if content.unread and content.file}
        if not passed_over and not unread and not desired.known:
            return True
        if rows is None:
            return False
        documents = rows.of_documents() if desired.known else {}
        return (
            all(texts.are(rows.of_list(key)) for key, texts in passed_over.items())
            and all(rows.whole_list(key, digest) for key, digest in unread.items())
            and all(texts.are(documents.get(place, TextHashes())) for place, texts in desired.known.items())
        )


def plan_source(connection: Connection, source: Source, options: PlanOptions) -> Planned:
    """Read manifests and compare them with the database. Raises FaultsFound and PlanRefused."""
    return ReadSource(source).plan(connection, options)


def desired_state(
    source: Source, known: Existing, key: bytes | None = None
) -> tuple[DesiredState, Sequence[Fault]]:
    """Read manifests; raise FaultsFound with every fault of every file.

    Without a database there is no key for keyed hashes; any will do then.
    """
    return ReadSource(source).desired(known, key or secrets.token_bytes(KEY_BYTES))


def present_serial(connection: Connection) -> int:
    """Give the serial that the state is at now."""
    return int(connection.execute(select(installation.c.state_serial)).scalar_one())


def refuse_guarded(plan: Plan) -> None:
    """Raise GuardRefused, with the flags that would pass, where a guard refuses the plan (R-PLAN-6)."""
    if plan.guards:
        reasons = "\n".join(f"{guard.guard}: {guard.detail}" for guard in plan.guards)
        flags = " ".join(dict.fromkeys(guard.allow for guard in plan.guards))
        raise GuardRefused(reasons, hint=f"nothing was changed; to go on, add {flags}")


def validate_source(source: Source, now: datetime) -> Summary:
    """Check manifests without a database: all that `validate` has to say."""
    return ReadSource(source).summary(OFFLINE, secrets.token_bytes(KEY_BYTES), now)
