"""`dialctl diff`: what an apply would change; and what apply shares with it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from reconciler.cli.settings import Paths, Place
from reconciler.cli.terminal import note, print_lines, print_plan, progress_bar
from reconciler.errors import EXIT_CHANGES, EXIT_GUARDED, UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.controller.planning import Planned, Source
    from reconciler.core.plan.plan import Plan, PlanOptions

Format = Literal["text", "json", "markdown"]
_CAMPAIGN = "campaign/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How to plan."""

    source: Annotated[
        str, typer.Option("--source", help="The name of this set of manifests: it owns them.", metavar="NAME")
    ] = "main"
    prune: Annotated[bool, typer.Option("--prune", help="Close and remove what is not declared now.")] = False
    allow: Annotated[
        list[str], typer.Option("--allow", help="Pass this guard; repeatable.", metavar="GUARD")
    ] = field(default_factory=list)
    release: Annotated[
        list[str],
        typer.Option("--release", help="Lift a campaign's hold; repeatable.", metavar="campaign/NAME"),
    ] = field(default_factory=list)
    strict: Annotated[bool, typer.Option("--strict", help="Take bad rows of data files for errors.")] = False
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Read also rows that are as they were applied; same plan.")
    ] = False
    show_pii: Annotated[bool, typer.Option("--show-pii", help="Show phone numbers and data unmasked.")] = (
        False
    )


def diff(
    paths: Paths,
    *,
    where: Place,
    wishes: Wishes,
    output: Annotated[Format, typer.Option("--format", help="How to print it.")] = "text",
    exit_zero: Annotated[
        bool, typer.Option("--exit-zero", help="Exit 0 also where there are changes.")
    ] = False,
) -> None:
    """Show what an apply would change. Exits 0 in sync, 2 with changes, 3 where a guard would refuse them."""
    from reconciler.cli.session import planning_session
    from reconciler.clock import SystemClock
    from reconciler.controller.planning import ReadSource
    from reconciler.ids import Uuid7
    from reconciler.store.schema import Birth

    manifests = ReadSource(source_of(paths, where, wishes))
    with planning_session(where.database_url, Birth.drawn(Uuid7(), SystemClock().now())) as session:
        options = plan_options(where, wishes, session.clock.now())
        with session.database.read() as connection, progress_bar("Reading contacts") as progressing:
            planned = manifests.plan(connection, options, progressing)
    show(planned, output, show_pii=wishes.show_pii)
    if not exit_zero and (code := exit_code(planned.plan)):
        raise typer.Exit(code)


def source_of(paths: list[str], where: Place, wishes: Wishes) -> Source:
    """Say where the manifests come from."""
    from reconciler.controller.planning import Source

    return Source(paths, sys.stdin.buffer, where.org, wishes.strict, wishes.no_cache)


def plan_options(where: Place, wishes: Wishes, now: datetime) -> PlanOptions:
    """Read what the person who plans asks for. Raises UsageError for a guard or a release that cannot be."""
    from reconciler.core.desired import ObjectKey
    from reconciler.core.plan.plan import PlanOptions

    require_guards(wishes.allow)
    for text in wishes.release:
        if not text.removeprefix(_CAMPAIGN) or not text.startswith(_CAMPAIGN):
            raise UsageError(f"--release {text}: what is released is a campaign", hint="write campaign/NAME")
    releases = (
        ObjectKey("Campaign", where.org, None, text.removeprefix(_CAMPAIGN)) for text in wishes.release
    )
    return PlanOptions(now, wishes.source, wishes.prune, frozenset(releases), frozenset(wishes.allow))


def require_guards(names: list[str]) -> None:
    """Raise UsageError where `--allow` names no guard."""
    from reconciler.core.plan.guards import GUARDS

    for guard in names:
        if guard not in GUARDS:
            raise UsageError(f"--allow {guard}: there is no such guard", hint=f"guards: {', '.join(GUARDS)}")


def show(planned: Planned, output: Format = "text", *, show_pii: bool = False) -> None:
    """Print a plan to standard output, and the guards that `--allow` passes to standard error."""
    from reconciler.core.plan.render_json import render_json
    from reconciler.core.plan.render_markdown import render_markdown
    from reconciler.core.plan.render_text import render_text

    if output == "json":
        sys.stdout.writelines(render_json(planned.plan, show_pii=show_pii))
    elif output == "markdown":
        print_lines(render_markdown(planned.plan, show_pii=show_pii))
    else:
        print_plan(render_text(planned.plan, show_pii=show_pii))
    sys.stdout.flush()
    for guard in planned.passed:
        note(f"passed by {guard.allow}: {guard.detail}")


def exit_code(plan: Plan) -> int:
    """Give the code with which a command ends that only shows a plan."""
    if plan.guards:
        return EXIT_GUARDED
    return 0 if plan.in_sync else EXIT_CHANGES
