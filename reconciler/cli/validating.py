"""`dialctl validate`: the check that needs no database."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.settings import Paths
from reconciler.cli.terminal import print_lines
from reconciler.errors import FaultsFound

if TYPE_CHECKING:
    from reconciler.manifests.summary import Summary


def validate(
    paths: Paths,
    *,
    org: Annotated[
        str, typer.Option("--org", help="The organization of what names none.", metavar="NAME")
    ] = "default",
    strict: Annotated[bool, typer.Option("--strict", help="Take bad rows of data files for errors.")] = False,
) -> None:
    """Check manifests and data files without a database."""
    from reconciler.clock import SystemClock
    from reconciler.controller.planning import Source, validate_source

    source = Source(paths, sys.stdin.buffer, org, strict)
    summary = validate_source(source, SystemClock().now())
    if summary.faults:
        raise FaultsFound(summary.faults)
    print_lines(_lines(summary))


def _lines(summary: Summary) -> Iterator[str]:
    from reconciler.manifests.columns import reading

    counts = [f"{count:,} {kind}" for kind, count in summary.kinds.items()]
    yield f"Valid: {', '.join(counts)}."
    yield from _contacts(summary)
    if summary.columns:
        yield from ("", "Columns:")
    for file, layout in summary.columns:
        yield f"  {file}: {reading(layout)}"
    if summary.bad_rows:
        yield from ("", f"Bad rows and numbers, left out ({len(summary.bad_rows):,}; --strict refuses them):")
    for fault in summary.bad_rows:
        yield f"  {fault}"
    if summary.warnings:
        yield from ("", "Warnings:")
    for warning in summary.warnings:
        about = f"{warning.key}: " if warning.key else ""
        origin = warning.origin
        place = (
            ""
            if origin is None
            else f"  ({origin.file}:{origin.line})"
            if origin.line
            else f"  ({origin.file})"
        )
        yield f"  {about}{warning.detail}{place}"


def _contacts(summary: Summary) -> Iterator[str]:
    from reconciler.core.plan.redial import choice_text

    if summary.contacts:
        yield from ("", "Contacts:")
    for (org, campaign), count in sorted(
        summary.contacts.items(), key=lambda item: (item[0][0], item[0][1] or "")
    ):
        yield f"  {org}/{campaign or 'default'}: {count:,}"
        empty = [key for key in summary.empty_lists if (key.org, key.campaign) == (org, campaign)]
        yield from (f"    ContactList {key.name}: no rows" for key in empty)
        for redial in summary.redials:
            if (redial.key.org, redial.key.campaign) == (org, campaign):
                yield f"    ContactList {redial.key.name}: to be selected from {choice_text(redial)}"
