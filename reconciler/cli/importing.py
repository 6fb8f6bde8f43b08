"""`dialctl import`: one batch of contacts by hand; a file, or a batch of a feed that is in quarantine."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from reconciler.cli.applying import applied_text
from reconciler.cli.planning import Format, exit_code, require_guards, show
from reconciler.cli.settings import Author, Place
from reconciler.cli.terminal import agrees, can_ask, note, print_lines, progress_bar
from reconciler.errors import DialctlError, NotFound, SomebodyElseIsApplying, UsageError

if TYPE_CHECKING:
    from reconciler.cli.session import Session
    from reconciler.controller.batches import BatchToJudge, Workplace
    from reconciler.controller.planning import Planned
    from reconciler.core.feeds import Batch
    from reconciler.manifests.feeds.places import Arrived
    from reconciler.spec.contact_feed import ContactFeedSpec
    from reconciler.store.apply import ApplyResult
    from reconciler.store.feeds import Contract

_LIST, _MODE, _KEY = "import", "append", "external_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whose batch it is, and how it is read where no feed says so."""

    campaign: Annotated[
        str, typer.Option("--campaign", help="Whose contacts they are.", metavar="NAME", show_default=False)
    ] = ""
    feed: Annotated[
        str | None, typer.Option("--feed", help="A batch of this feed: by its contract.", metavar="NAME")
    ] = None
    batch: Annotated[
        int | None,
        typer.Option("--batch", help="A batch of the feed that is in quarantine.", metavar="NUMBER", min=1),
    ] = None
    list_name: Annotated[
        str | None,
        typer.Option("--list", help="Without a feed: the list that they are on (import).", metavar="NAME"),
    ] = None
    mode: Annotated[
        Literal["append", "mirror"] | None,
        typer.Option("--mode", help="Without a feed: mirror withdraws who is not in the file (append)."),
    ] = None
    key: Annotated[
        Literal["external_id", "phone"] | None,
        typer.Option("--key", help="Without a feed: what a contact is known by (external_id)."),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWishes:
    """How to go about it."""

    allow: Annotated[
        list[str], typer.Option("--allow", help="Pass this guard; repeatable.", metavar="GUARD")
    ] = field(default_factory=list)
    strict: Annotated[bool, typer.Option("--strict", help="Take bad rows for errors.")] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan, and change nothing.")] = False
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; needed where nobody can be asked.")] = False
    show_pii: Annotated[bool, typer.Option("--show-pii", help="Show phone numbers and data unmasked.")] = (
        False
    )


def import_batch(
    file: Annotated[str, typer.Argument(metavar="[FILE]", help="CSV, JSON Lines or Parquet, or .age.")] = "",
    *,
    where: Place,
    target: Target,
    wishes: ImportWishes,
    author: Author,
    output: Annotated[Format, typer.Option("--format", help="How to print the plan.")] = "text",
) -> None:
    """Add one file of contacts to a campaign, or release a batch from quarantine: plan, show, ask, apply."""
    _check(file, target, wishes)
    from reconciler.cli.session import open_session

    with open_session(where.database_url, read_only=wishes.dry_run) as session:
        importing = _Importing(session, where.org, target, wishes, output)
        importing.read(file)
        planned = importing.settle_on_plan()
        if wishes.dry_run:
            raise typer.Exit(exit_code(planned.plan))
        result = importing.write(planned, author)
    print_lines([applied_text(result)])


def _check(file: str, target: Target, wishes: ImportWishes) -> None:
    """Refuse a command line that makes no sense, before anything is opened."""
    if not target.campaign:
        raise UsageError("import adds contacts to a campaign: name it", hint="add --campaign NAME")
    if bool(file) == (target.batch is not None):
        raise UsageError("import takes a file, or a batch that is in quarantine, one of the two")
    if target.batch is not None and target.feed is None:
        raise UsageError("--batch counts the batches of a feed: name it", hint="add --feed NAME")
    for option, value in (("--list", target.list_name), ("--mode", target.mode), ("--key", target.key)):
        if target.feed is not None and value is not None:
            raise UsageError(f"{option} goes without a feed: the contract of --feed {target.feed} says it")
    require_guards(wishes.allow)
    if not (wishes.yes or wishes.dry_run or can_ask()):
        raise UsageError("import asks before it changes anything, and nobody can be asked", hint="add --yes")


class _Importing:
    """One import: a batch that was read once, planned again whenever the database moves on."""

    def __init__(
        self, session: Session, org: str, target: Target, wishes: ImportWishes, output: Format
    ) -> None:
        from reconciler.controller.batches import Workplace

        self._work: Workplace = Workplace(session.database, session.clock, session.ids)
        self._target = target
        self._wishes = wishes
        self._output: Format = output
        self._contract, self._spec = self._found(org)
        self._batch: BatchToJudge

    def read(self, file: str) -> None:
        """Read the file, or what the feed has in quarantine. Raises DialctlError where that fails."""
        from reconciler.controller.batches import BatchToJudge, digest_of
        from reconciler.store.schema import hash_key

        kept_aside = self._kept_aside() if self._target.batch is not None else None
        arrived = self._arrived(kept_aside) if kept_aside is not None else self._in_hand(file)
        with self._work.database.read() as connection:
            digest = digest_of(arrived.content, hash_key(connection))
        if kept_aside is not None and kept_aside.digest != digest:
            raise DialctlError(
                f"{kept_aside.name} has other content by now, which is a batch of its own",
                hint="the next look of the controller takes it",
            )
        shown = file or arrived.arrival.name
        number = self._next_number() if kept_aside is None else kept_aside.number
        self._batch = BatchToJudge(
            self._contract,
            self._spec,
            arrived,
            shown,
            number,
            digest,
            self._wishes.strict,
            kept_aside.contract if kept_aside is not None else None,
        )
        self._manifests = self._batch.manifests()

    def settle_on_plan(self) -> Planned:
        """Plan, show it, and ask; raises GuardRefused, and DialctlError where the answer is no."""
        from reconciler.controller.planning import refuse_guarded

        with self._work.database.read() as connection:
            options = self._batch.options(self._work, self._wishes.allow)
            planned = self._manifests.plan(connection, options)
        show(planned, self._output, show_pii=self._wishes.show_pii)
        if self._wishes.dry_run:
            return planned
        refuse_guarded(planned.plan)
        if not self._wishes.yes and not planned.plan.in_sync and not agrees("Apply this batch?"):
            raise DialctlError("not applied: nothing was changed")
        return planned

    def write(self, planned: Planned, author: Author) -> ApplyResult:
        """Apply the batch; where the state moved on meanwhile, plan once more, and settle on that."""
        from reconciler.store.dialect import Lock
        from reconciler.store.feeds import look_again
        from reconciler.store.schema_range import writing

        try:
            result = self._write(planned, author)
        except SomebodyElseIsApplying as moved:
            note(f"{moved.message}; planned again:")
            if self._target.batch is None:
                self._batch = replace(self._batch, number=self._next_number())
            result = self._write(self.settle_on_plan(), author)
        if self._target.feed is not None:
            with writing(self._work.database, (Lock.STATE,)) as connection:
                look_again(connection, self._contract.source)
        return result

    def _write(self, planned: Planned, author: Author) -> ApplyResult:
        from reconciler.cli.session import acting
        from reconciler.controller.batches import apply_batch

        actor = self._batch.actor(acting(author.actor), self._work)
        rows = self._manifests.rows()
        with progress_bar("Writing contacts") as progressing:
            return apply_batch(self._work, self._batch, planned, actor, rows=rows, progressing=progressing)

    def _found(self, org_name: str) -> tuple[Contract, ContactFeedSpec]:
        """Give the contract of the feed, or one that stands for it. Raises NotFound, and DialctlError."""
        from reconciler.core.desired import ObjectKey
        from reconciler.spec.contact_feed import ContactFeedSpec
        from reconciler.store.feeds import Contract
        from reconciler.store.identity import find_campaign, find_organization
        from reconciler.store.reads.feeds import find_contract, status_of_campaign

        target = self._target
        with self._work.database.read() as connection:
            org = find_organization(connection, org_name)
            place = find_campaign(connection, org, target.campaign)
            if place.name is None:
                raise UsageError("--campaign default: import adds contacts to a campaign, and this is none")
            status = status_of_campaign(connection, place)
            if status == "closed":
                raise DialctlError(f"campaign {place.name} is closed: nobody in it is called any more")
            if target.feed is not None:
                contract = find_contract(connection, org, target.feed, place.name)
                if contract.spec is None:
                    raise DialctlError(f"the contract of {contract.key} was written for a newer release")
                return contract, contract.spec
        said = {"from": _LIST, "mode": target.mode or _MODE, "key": target.key or _KEY}
        spec = ContactFeedSpec.model_validate(said)
        key = ObjectKey("ContactFeed", org.name, place.name, target.list_name or _LIST)
        return Contract(org.id, key, spec, status, by_hand=True), spec

    def _next_number(self) -> int:
        from reconciler.store.feeds import history

        with self._work.database.read() as connection:
            return history(connection, self._contract.source).next_number

    def _in_hand(self, file: str) -> Arrived:
        from reconciler.core.feeds import Arrival
        from reconciler.manifests.feeds.places import Arrived

        try:
            content = Path(file).read_bytes()
        except (OSError, ValueError) as fault:
            reason = fault.strerror if isinstance(fault, OSError) else "its name holds a NUL character"
            raise DialctlError(f"{file} cannot be read: {reason}") from None
        return Arrived(Arrival(Path(file).name, self._work.clock.now()), content)

    def _kept_aside(self) -> Batch:
        """Give the batch that is to be released. Raises NotFound, and DialctlError where it cannot be."""
        from reconciler.core.feeds import BatchState
        from reconciler.store.feeds import batch_of, history

        feed, number = self._contract.key.name, self._target.batch or 0
        with self._work.database.read() as connection:
            known = history(connection, self._contract.source)
            found = batch_of(connection, self._contract.source, number)
        if found is None:
            raise NotFound(
                f"feed {feed} has no batch #{number}", hint=f"dialctl describe feed {feed} lists them"
            )
        newer = known.applied
        if found.state is not BatchState.APPLIED and known.is_late(found) and newer is not None:
            raise DialctlError(
                f"batch #{number} is older than #{newer.number}, {newer.name}, which was applied",
                hint=f"to apply it all the same, import its file: "
                f"dialctl import FILE --campaign {self._contract.campaign} --feed {feed}",
            )
        if found.state is not BatchState.QUARANTINED:
            raise DialctlError(f"batch #{number} is not in quarantine: it is {found.state.value}")
        return found

    def _arrived(self, kept_aside: Batch) -> Arrived:
        """Read a batch once more, where it arrived: its content is kept nowhere else."""
        from reconciler.manifests.feeds.places import PlaceUnreadable, open_place

        try:
            place = open_place(self._spec, os.environ, lambda: False)
            there = {one.name: one for one in place.arrivals(self._work.clock.now())}
            if kept_aside.name not in there:
                raise DialctlError(f"{kept_aside.name} is no longer in {self._spec.from_}")
            arrived = place.read(there[kept_aside.name], None)
        except PlaceUnreadable as fault:
            raise DialctlError(f"{self._spec.from_}: {fault}") from None
        if arrived is None:  # only a version that is known can be as it was
            raise DialctlError(f"{kept_aside.name} was not read")
        return arrived
