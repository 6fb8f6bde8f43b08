"""`dialctl get`, `describe` and `status`: what there is, and why it stands so. Nothing here writes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from reconciler.cli.settings import DATABASE_URL, DEFAULT_DATABASE_URL, Place
from reconciler.cli.terminal import note, print_lines, shows_colours
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import RenderableType
    from sqlalchemy import Connection

    from reconciler.cli.session import Session
    from reconciler.core.book import DialBook
    from reconciler.store.book import BookReader
    from reconciler.store.identity import CampaignRef
    from reconciler.store.reads.contacts import Record
    from reconciler.store.reads.kinds import Kind, Query
    from reconciler.store.reads.overview import Overview

TableFormat = Literal["table", "json", "yaml", "csv"]
PageFormat = Literal["text", "json"]
StatusFormat = Literal["table", "json"]

TABLE_LIMIT = 100
"""So many records of a kind that may have millions are shown in a table, unless --limit says otherwise."""

REDRAW_SECONDS = 1

SHOWN_ELSEWHERE: Mapping[str, str] = {
    "contactfeed": "dialctl get feeds shows feeds, dialctl get batches what arrived",
    "contactlist": "dialctl get contacts shows what is on lists, dialctl describe contact the list of one",
    "suppressionlist": "dialctl get suppressions shows what is on lists, and which list in FROM",
}
"""Where kinds of manifests are shown that `get` does not list."""

ShowPii = Annotated[bool, typer.Option("--show-pii", help="Show phone numbers and data unmasked.")]
CampaignName = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Its name, or its id.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which of a kind are shown."""

    campaign: Annotated[
        str | None,
        typer.Option("--campaign", help="Of this campaign; `default`: in none.", metavar="NAME"),
    ] = None
    status: Annotated[
        str | None,
        typer.Option("--status", help="In this status; of attempts a state or an outcome.", metavar="STATUS"),
    ] = None
    every: Annotated[
        bool, typer.Option("--all", help="Unused attempts, too; holds and suppressions that ended, too.")
    ] = False
    limit: Annotated[
        int | None, typer.Option("--limit", help="At most so many; 0 is all.", min=0, metavar="N")
    ] = None

    def given(self) -> set[str]:
        """Name the filters that are set."""
        named = {"campaign": self.campaign, "status": self.status, "all": self.every}
        return {name for name, value in named.items() if value}


def get(
    where: Place,
    filters: Filters,
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="contacts, campaigns, attempts, events, …")
    ] = "",
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="One of them: its name or id.")] = None,
    *,
    output: Annotated[TableFormat, typer.Option("--format", help="How to print it.")] = "table",
    show_pii: ShowPii = False,
) -> None:
    """Show the objects of a kind, or one of them."""
    from reconciler.store.reads.masked import masked

    wanted = _kind(kind)
    _check(wanted, filters, name)
    with _looking(where) as look:
        query = look.query(where.org, filters, output)
        records: Iterable[Record] = (
            wanted.records(look.connection, query)
            if name is None
            else wanted.find(look.connection, query, name)
        )
        shown = (record if show_pii else masked(record) for record in records)
        if output == "table":
            count = _print_table(wanted, shown, look.now, one_campaign=filters.campaign is not None)
        else:
            count = _print(shown, output, one=name is not None)
        if name is None:
            _say_what_is_missing(look.connection, wanted, query, count)


def describe_campaign(
    name: CampaignName,
    where: Place,
    *,
    output: Annotated[PageFormat, typer.Option("--format", help="How to print it.")] = "text",
) -> None:
    """Show one campaign: its spec, its manifests, holds, windows and progress."""
    from reconciler.cli.rendering.campaign_page import campaign_page
    from reconciler.store.reads.campaign_views import campaign_view
    from reconciler.store.reads.masked import masked

    with _looking(where) as look:
        view = campaign_view(look.connection, look.campaign(where.org, name), look.book, look.now)
    _print_page(masked(view), campaign_page, output)


def describe_contact(
    campaign: CampaignName,
    name: Annotated[str, typer.Argument(metavar="CONTACT", help="Its name, or its id.")],
    where: Place,
    *,
    output: Annotated[PageFormat, typer.Option("--format", help="How to print it.")] = "text",
    show_pii: ShowPii = False,
) -> None:
    """Show one contact: its history, every gate before its next call, and why it was not called."""
    from reconciler.cli.rendering.contact_page import contact_page
    from reconciler.store.reads.contact_views import contact_view
    from reconciler.store.reads.masked import masked
    from reconciler.store.reads.names import find_contact_row

    with _looking(where) as look:
        place = look.campaign(where.org, campaign)
        row = find_contact_row(look.connection, place, name)
        view = contact_view(look.connection, place, row, look.book, look.now)
    _print_page(view if show_pii else masked(view), contact_page, output)


def describe_feed(
    name: Annotated[str, typer.Argument(metavar="FEED", help="Its name.")],
    where: Place,
    *,
    campaign: Annotated[
        str | None, typer.Option("--campaign", help="Of this campaign.", metavar="NAME")
    ] = None,
    output: Annotated[PageFormat, typer.Option("--format", help="How to print it.")] = "text",
) -> None:
    """Show one feed: its contract, its last batches, and why one is in quarantine."""
    from reconciler.cli.rendering.feed_page import feed_page
    from reconciler.store.identity import find_organization
    from reconciler.store.reads.feeds import feed_view
    from reconciler.store.reads.masked import masked

    with _looking(where) as look:
        org = find_organization(look.connection, where.org)
        view = feed_view(look.connection, org, name, campaign)
    _print_page(masked(view), feed_page, output)


def status(
    database_url: Annotated[
        str, typer.Option("--database-url", envvar=DATABASE_URL, help="The database.", metavar="URL")
    ] = DEFAULT_DATABASE_URL,
    *,
    org: Annotated[
        str | None, typer.Option("--org", help="Of this organization only.", metavar="NAME")
    ] = None,
    output: Annotated[StatusFormat, typer.Option("--format", help="How to print it.")] = "table",
    watch: Annotated[bool, typer.Option("--watch", help="Show it anew every second, until Ctrl-C.")] = False,
) -> None:
    """Show how far every campaign is, whether it is in sync, and what keeps calls from being made."""
    from reconciler.cli.rendering.documents import json_list
    from reconciler.cli.rendering.screen import draw, result_console
    from reconciler.cli.rendering.status_page import status_page
    from reconciler.cli.session import open_session
    from reconciler.store.book import BookReader

    if watch and output != "table":
        raise UsageError("--watch draws on a terminal", hint="leave --format out, or leave --watch out")
    with open_session(database_url, read_only=True) as session:
        books = BookReader()
        if watch:
            _watch(lambda: _overview(session, books, org))
            return
        overview = _overview(session, books, org)
    if output == "json":
        sys.stdout.writelines(json_list(one.record() for one in overview.campaigns))
    else:
        console = result_console()
        draw(console, *status_page(overview, console.width))


@dataclass(frozen=True, slots=True)
class _Look:
    """One read transaction, and the instant that it looks from."""

    session: Session
    connection: Connection
    books: BookReader

    @property
    def now(self) -> datetime:
        return self.session.clock.now()

    @property
    def book(self) -> DialBook:
        book, _ = self.books.read(self.connection)
        return book

    def campaign(self, org: str, text: str) -> CampaignRef:
        from reconciler.store.identity import find_campaign, find_organization

        return find_campaign(self.connection, find_organization(self.connection, org), text)

    def query(self, org: str, filters: Filters, output: TableFormat) -> Query:
        from reconciler.store.identity import find_organization
        from reconciler.store.reads.kinds import Query

        limit = filters.limit if filters.limit is not None else TABLE_LIMIT if output == "table" else 0
        return Query(
            org=find_organization(self.connection, org),
            now=self.now,
            book=self.book,
            campaign=self.campaign(org, filters.campaign) if filters.campaign else None,
            status=filters.status,
            every=filters.every,
            limit=limit or None,
        )


@contextmanager
def _looking(where: Place) -> Iterator[_Look]:
    from reconciler.cli.session import open_session
    from reconciler.store.book import BookReader

    with (
        open_session(where.database_url, read_only=True) as session,
        session.database.read() as connection,
    ):
        yield _Look(session, connection, BookReader())


def _kind(word: str) -> Kind:
    """Find a kind by its name, singular or plural; raises UsageError with what was perhaps meant."""
    from reconciler.store.reads.kinds import KINDS
    from reconciler.store.reads.names import did_you_mean

    by_word = {one.singular: one for one in KINDS.values()} | dict(KINDS)
    kinds = f"kinds: {', '.join(KINDS)}"
    if not word:
        raise UsageError("name the kind to show", hint=kinds)
    if word.casefold() not in by_word:
        elsewhere = SHOWN_ELSEWHERE.get(word.casefold().replace("-", "").removesuffix("s"))
        raise UsageError(f"there is no kind '{word}'", hint=elsewhere or did_you_mean(word, by_word) or kinds)
    return by_word[word.casefold()]


def _check(kind: Kind, filters: Filters, name: str | None) -> None:
    """Refuse filters that would silently do nothing."""
    from reconciler.store.reads.names import did_you_mean

    idle = filters.given() - kind.filters
    if idle:
        raise UsageError(f"--{min(idle)} does not apply to {kind.name}")
    if filters.status and filters.status not in kind.statuses:
        near = did_you_mean(filters.status, kind.statuses)
        raise UsageError(
            f"no {kind.singular} is ever '{filters.status}'",
            hint=near or f"one of: {', '.join(kind.statuses)}",
        )
    if name is not None and filters.status:
        raise UsageError("--status chooses among many; a name means one", hint="leave one of them out")


def _print(records: Iterable[Record], output: TableFormat, *, one: bool) -> int:
    """Print records for programs; gives how many there were."""
    from reconciler.cli.rendering import documents

    counted = _Counted(records)
    lists: Mapping[str, Callable[[Iterable[Record]], Iterator[str]]] = {
        "json": documents.json_list,
        "yaml": documents.yaml_list,
        "csv": documents.csv_table,
    }
    objects = {"json": documents.json_object, "yaml": documents.yaml_object}
    if one and output in objects:
        found = list(counted)
        chunks = objects[output](found[0]) if len(found) == 1 else lists[output](found)
    else:
        chunks = lists[output](counted)
    sys.stdout.writelines(chunks)
    return counted.count


def _print_table(kind: Kind, records: Iterable[Record], now: datetime, *, one_campaign: bool) -> int:
    """Print records for people; gives how many there were."""
    from reconciler.cli.rendering.screen import draw, result_console
    from reconciler.cli.rendering.tables import table_of

    console = result_console()
    table, left_out = table_of(kind.name, records, now, width=console.width, one_campaign=one_campaign)
    if table.row_count:
        draw(console, table)
    if left_out:
        note(f"no room for {', '.join(left_out)}; --format json shows everything")
    return table.row_count


@dataclass(slots=True)
class _Counted:
    """Counts records while they pass."""

    records: Iterable[Record]
    count: int = 0

    def __iter__(self) -> Iterator[Record]:
        for record in self.records:
            self.count += 1
            yield record


def _say_what_is_missing(connection: Connection, kind: Kind, query: Query, shown: int) -> None:
    """Tell a person, on standard error, that there are more, or why there is nothing to see."""
    from reconciler.cli.rendering.months import span_text
    from reconciler.store.reads.archives import archived_months
    from reconciler.store.reads.names import organizations

    if not shown:
        others = [org.name for org in organizations(connection) if org.name != query.org.name]
        elsewhere = f"; other organizations (--org): {', '.join(others)}" if others else ""
        note(f"no {kind.name} to show in organization {query.org.name}{elsewhere}")
    elif kind.count is not None and shown == query.limit:
        more = kind.count(connection, query) - shown
        if more > 0:
            note(f"{more:,} more; --limit 0 shows all")
            return
    archived = archived_months(connection, kind.name)
    if archived is not None:
        note(f"{kind.name} of {span_text(*archived)} are archived; dialctl get archives lists the files")


def _print_page(view: Record, page: Callable[[Record], Iterator[RenderableType]], output: PageFormat) -> None:
    from reconciler.cli.rendering.documents import json_object
    from reconciler.cli.rendering.screen import draw, result_console

    if output == "json":
        sys.stdout.writelines(json_object(view))
    else:
        draw(result_console(), *page(view))


def _overview(session: Session, books: BookReader, org: str | None) -> Overview:
    from reconciler.store.identity import find_organization
    from reconciler.store.reads.overview import read_overview

    with session.database.read() as connection:
        which = find_organization(connection, org) if org else None
        book, _ = books.read(connection)
        return read_overview(connection, book, session.clock.now(), which)


def _watch(look: Callable[[], Overview]) -> None:
    """Show the page anew every second; where nobody looks at a terminal, a line."""
    from rich.console import Group
    from rich.live import Live

    from reconciler.cli.rendering.screen import result_console
    from reconciler.cli.rendering.status_page import status_page, summary
    from reconciler.cli.rendering.words import second

    try:
        if not shows_colours(sys.stdout):
            while True:
                overview = look()
                print_lines([f"{second(overview.now)} UTC  {summary(overview)}"])
                sys.stdout.flush()
                time.sleep(REDRAW_SECONDS)
        console = result_console()
        with Live(console=console, auto_refresh=False, screen=False, vertical_overflow="crop") as live:
            while True:
                live.update(Group(*status_page(look(), console.width)), refresh=True)
                time.sleep(REDRAW_SECONDS)
    except KeyboardInterrupt:
        return
