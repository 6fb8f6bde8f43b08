"""`dialctl apply`: shows the plan, asks, and makes it so in one transaction (R-PLAN-7)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.planning import Wishes, plan_options, show, source_of
from reconciler.cli.settings import Author, Paths, Place
from reconciler.cli.terminal import agrees, can_ask, note, print_lines, progress_bar
from reconciler.errors import DialctlError, SomebodyElseIsApplying, UsageError

if TYPE_CHECKING:
    from reconciler.cli.session import Session
    from reconciler.controller.planning import Planned, ReadSource
    from reconciler.store.apply import ApplyResult

_STDIN = "-"
_DONE = {
    "create": "created",
    "adopt": "adopted",
    "update": "updated",
    "withdraw": "withdrawn",
    "close": "closed",
    "delete": "deleted",
}


def apply(
    paths: Paths,
    *,
    where: Place,
    wishes: Wishes,
    author: Author,
    revision: Annotated[
        str | None,
        typer.Option(
            "--revision", help="The manifests' revision; by default CI's, else git's HEAD.", metavar="TEXT"
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; needed where nobody can be asked.")] = False,
) -> None:
    """Make the database what the manifests say. In one transaction: all or nothing."""
    if not yes and (_STDIN in paths or not can_ask()):
        raise UsageError("apply asks before it changes anything, and nobody can be asked", hint="add --yes")
    from reconciler.cli.revision import find_revision
    from reconciler.cli.session import opened, planning_session
    from reconciler.clock import SystemClock
    from reconciler.controller.planning import ReadSource
    from reconciler.ids import Uuid7
    from reconciler.store.months_ahead import make_ahead
    from reconciler.store.schema import Birth, ensure_schema

    applying = _Applying(ReadSource(source_of(paths, where, wishes)), where, wishes, yes=yes)
    birth = Birth.drawn(Uuid7(), SystemClock().now())
    with planning_session(where.database_url, birth) as session:
        planned = applying.settle_on_plan(session)
        was_missing = session.scratch
    with opened(where.database_url) as session:
        created = ensure_schema(session.database, session.ids, session.clock.now(), birth=birth)
        make_ahead(session.database, session.clock.now())
        if was_missing and not created:
            planned = applying.same_plan(session, planned)
        result = applying.write(session, planned, author, find_revision(revision, paths))
    print_lines([applied_text(result)])


class _Applying:
    """One apply: the same manifests, planned again whenever the database moves on."""

    def __init__(self, manifests: ReadSource, where: Place, wishes: Wishes, *, yes: bool) -> None:
        self._manifests = manifests
        self._where = where
        self._wishes = wishes
        self._yes = yes

    def settle_on_plan(self, session: Session) -> Planned:
        """Plan, show it, and ask; raises GuardRefused, and DialctlError where the answer is no."""
        return self._agreed(self._plan(session))

    def same_plan(self, session: Session, shown: Planned) -> Planned:
        """Plan again against a database that somebody else has made meanwhile: its first ids are others."""
        planned = self._plan(session)
        return planned if planned.plan.digest == shown.plan.digest else self._agreed(planned)

    def write(self, session: Session, planned: Planned, author: Author, revision: str | None) -> ApplyResult:
        """Apply a plan; where the state moved on meanwhile, plan once more, and settle on that."""
        try:
            return self._write(session, planned, author, revision)
        except SomebodyElseIsApplying as moved:
            if self._serial(session) == planned.plan.serial:
                raise
            note(f"{moved.message}; planned again:")
        return self._write(session, self.settle_on_plan(session), author, revision)

    def _plan(self, session: Session) -> Planned:
        options = plan_options(self._where, self._wishes, session.clock.now())
        with session.database.read() as connection, progress_bar("Reading contacts") as progressing:
            return self._manifests.plan(connection, options, progressing)

    def _agreed(self, planned: Planned) -> Planned:
        from reconciler.controller.planning import refuse_guarded

        show(planned, show_pii=self._wishes.show_pii)
        refuse_guarded(planned.plan)
        if not self._yes and not planned.plan.in_sync and not agrees("Apply this plan?"):
            raise DialctlError("not applied: nothing was changed")
        return planned

    def _write(self, session: Session, planned: Planned, author: Author, revision: str | None) -> ApplyResult:
        from reconciler.cli.session import acting
        from reconciler.store.apply import apply as apply_plan

        apply_id = session.ids(session.clock.now())
        actor = replace(
            acting(author.actor), apply_id=apply_id, source=self._wishes.source, revision=revision
        )
        with progress_bar("Writing contacts") as progressing:
            return apply_plan(
                session.database, planned.plan, actor, session.clock, session.ids, progressing=progressing
            )

    @staticmethod
    def _serial(session: Session) -> int:
        from reconciler.controller.planning import present_serial

        with session.database.read() as connection:
            return present_serial(connection)


def applied_text(result: ApplyResult) -> str:
    """Say what an apply came to."""
    done = [
        f"{result.summary[action]:,} {words}" for action, words in _DONE.items() if result.summary[action]
    ]
    return f"Applied: {', '.join(done) or 'no changes'} (serial {result.serial})."
