"""`dialctl clone campaign`: a new campaign's manifest from one that is there. Changes nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.contacts import Requeuable
from reconciler.cli.reading import CampaignName
from reconciler.cli.settings import Place
from reconciler.cli.terminal import print_lines
from reconciler.core.outcomes import Outcome
from reconciler.errors import DialctlError, NotFound, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from reconciler.cli.rendering.cloned_campaign import Clone
    from reconciler.core.desired import Json
    from reconciler.store.identity import CampaignRef


def clone_campaign(
    source: CampaignName,
    target: Annotated[str, typer.Argument(metavar="TARGET", help="The name of the new campaign.")],
    where: Place,
    *,
    contacts: Annotated[
        bool, typer.Option("--contacts", help="Also write a list that calls contacts of CAMPAIGN again.")
    ] = False,
    status: Annotated[
        list[Requeuable] | None,
        typer.Option("--status", help="With --contacts: those in this status; repeatable."),
    ] = None,
    outcome: Annotated[
        list[Outcome] | None,
        typer.Option("--outcome", help="With --contacts: those whose last call came to this; repeatable."),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", help="Write this file, which is not there yet.", metavar="FILE")
    ] = None,
) -> None:
    """Write the manifest of a paused copy of a campaign. Applies nothing."""
    from reconciler.cli.rendering.cloned_campaign import (
        Clone,
        campaign_document,
        list_document,
        manifest_text,
    )
    from reconciler.cli.session import open_session

    _check(contacts=contacts, chosen=bool(status or outcome))
    with open_session(where.database_url, read_only=True) as session:
        with session.database.read() as connection:
            place, spec = _found(connection, where.org, source)
            _require_free(connection, place, target)
        clone = Clone(place.org.name, str(place), target, session.clock.now())
    documents = [campaign_document(clone, spec)]
    if contacts:
        words = ([one.value for one in status or ()], [one.value for one in outcome or ()])
        documents.append(list_document(clone, *words))
    for document in documents:
        _validate(document)
    text = manifest_text(clone, spec, documents)
    if output is None:
        sys.stdout.write(text)
    else:
        _write_new(output, text)
        print_lines([_written(output, clone, contacts=contacts)])


def _check(*, contacts: bool, chosen: bool) -> None:
    if chosen and not contacts:
        raise UsageError("--status and --outcome choose contacts", hint="add --contacts")
    if contacts and not chosen:
        raise UsageError("say which contacts", hint="add --status exhausted, or --outcome no_answer")


def _found(connection: Connection, org: str, source: str) -> tuple[CampaignRef, Mapping[str, Json]]:
    """Find the campaign and its live spec; raises DialctlError where there is nothing to copy."""
    from reconciler.spec.model import DEFAULT
    from reconciler.store.identity import find_campaign, find_organization
    from reconciler.store.observe import existing
    from reconciler.store.observed.objects import live_campaign
    from reconciler.store.reads.sync import campaign_rows

    place = find_campaign(connection, find_organization(connection, org), source)
    if place.name is None:
        raise NotFound(f"'{DEFAULT}' is no campaign: it stands for contacts in none", hint="name a campaign")
    [row] = [row for row in campaign_rows(connection, place.org.id) if row.id == place.key]
    spec = live_campaign(row, {place.org.id: place.org.name}).spec
    if (place.org.name, spec["configuration"]) not in existing(connection).configurations:
        raise DialctlError(
            f"campaign {place} has no configuration any more: '{spec['configuration']}' was deleted",
            hint="declare it again first, or write the manifest by hand",
        )
    return place, spec


def _require_free(connection: Connection, place: CampaignRef, target: str) -> None:
    """Refuse the name of a campaign that is there, were it closed: its manifest would change that one."""
    from reconciler.store.reads.sync import campaign_rows

    for row in campaign_rows(connection, place.org.id):
        if row.external_id == target:
            raise DialctlError(
                f"there is a campaign '{target}' in organization {place.org.name}, and it is {row.status}",
                hint="a copy needs a name of its own",
            )


def _validate(document: Mapping[str, Any]) -> None:
    """Find out before it is written whether a name is none that a manifest may have."""
    from pydantic import ValidationError

    from reconciler.manifests.explain import describe
    from reconciler.spec.registry import KINDS

    model = KINDS[document["kind"]]
    try:
        model.model_validate(document)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        message, hint = describe(found, list(found["loc"]), model)
        raise UsageError(f"TARGET cannot be a campaign's name: {message}", hint=hint) from None


def _write_new(file: str, text: str) -> None:
    from pathlib import Path

    try:
        with Path(file).open("x", encoding="utf-8") as sink:
            sink.write(text)
    except FileExistsError:
        raise UsageError(f"--output {file}: is there already, and is not overwritten") from None
    except OSError as error:
        raise UsageError(f"--output {file}: cannot be written: {error.strerror}") from None


def _written(file: str, clone: Clone, *, contacts: bool) -> str:
    also = f", and a list of contacts of {clone.source}" if contacts else ""
    return f"{file}: campaign {clone.target}, paused, as a copy of {clone.source}{also}"
