"""`dialctl call`: one call to one number, outside any campaign (R-ADHOC-1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.numbers import read_number
from reconciler.cli.receipt_text import lift_line
from reconciler.cli.settings import Author, Place
from reconciler.cli.terminal import note, print_lines
from reconciler.cli.waiting import acting_on
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.spec.contact import ContactSpec

FROM_FILE = "@"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaking:
    """Who speaks, about what, and when."""

    agent_id: Annotated[str | None, typer.Option("--agent-id", help="The agent.", metavar="ID")] = None
    agent_version: Annotated[
        str | None, typer.Option("--agent-version", help="Its version.", metavar="VERSION")
    ] = None
    agent_number: Annotated[
        str | None, typer.Option("--agent-number", help="The caller ID, in E.164.", metavar="NUMBER")
    ] = None
    agent_config: Annotated[
        str | None,
        typer.Option("--agent-config", help="An inline agent instead of --agent-id.", metavar="JSON|@FILE"),
    ] = None
    data: Annotated[
        str | None, typer.Option("--data", help="Handed to the call as metadata.", metavar="JSON|@FILE")
    ] = None
    scheduled_at: Annotated[
        str | None,
        typer.Option("--scheduled-at", help="Not before: 2026-03-09T15:00:00-05:00.", metavar="ISO"),
    ] = None


def call(
    number: Annotated[
        str, typer.Argument(metavar="NUMBER", help="E.164, or as people of --country write it.")
    ],
    where: Place,
    author: Author,
    speaking: Speaking,
    *,
    country: Annotated[
        str | None, typer.Option("--country", help="The country of a number without a +.", metavar="CC")
    ] = None,
    gateway: Annotated[
        str, typer.Option("--gateway", envvar="DIALCTL_GATEWAY", help="Whose holds count.", metavar="NAME")
    ] = "simulator",
) -> None:
    """Have one number called, once, outside any campaign; prints the contact's id."""
    from reconciler.cli.session import acting, open_session
    from reconciler.store.identity import find_organization
    from reconciler.store.operations.adhoc import place_adhoc

    wanted = _contact(read_number(number, country), speaking)
    with open_session(where.database_url) as session, acting_on(session, acting(author.actor)) as operation:
        org = find_organization(operation.connection, where.org)
        placed = place_adhoc(operation, org, wanted, gateway)
        now = operation.now
    print_lines([str(placed.contact_id)])
    if placed.held is not None:
        note(f"it waits: {placed.held}; {lift_line(placed.held)}")
    elif placed.due_at > now:
        note(f"due at {placed.due_at:%Y-%m-%d %H:%M:%S} UTC")


def _contact(number: str, speaking: Speaking) -> ContactSpec:
    """Read the contact as a manifest's would be read; raises UsageError naming the options at fault."""
    from pydantic import ValidationError

    from reconciler.spec.contact import ContactSpec
    from reconciler.spec.scalars import require_offset

    if not (speaking.agent_id or speaking.agent_config):
        raise UsageError("who shall speak?", hint="add --agent-id, or --agent-config")
    fields = {name: value for name, value in asdict(speaking).items() if value is not None}
    for name in ("agent_config", "data"):
        if name in fields:
            fields[name] = _json_object(_option(name), fields[name])
    try:
        spec = ContactSpec.model_validate({"phone_numbers": [number], **fields})
    except ValidationError as error:
        faults = [f"{_option(str(fault['loc'][0]))}: {_plain(fault['msg'])}" for fault in error.errors()]
        raise UsageError("\n".join(faults)) from None
    if spec.scheduled_at is None:
        return spec
    try:
        return spec.model_copy(update={"scheduled_at": require_offset(spec.scheduled_at)})
    except ValueError as fault:
        raise UsageError(f"--scheduled-at: {fault}") from None


def _json_object(option: str, text: str) -> Mapping[str, Any]:
    try:
        source = Path(text[1:]).read_text(encoding="utf-8") if text.startswith(FROM_FILE) else text
        value = json.loads(source)
    except OSError as error:
        raise UsageError(f"{option}: cannot read {text[1:]}: {error.strerror}") from None
    except ValueError:  # its text would show what stands there, which is personal
        raise UsageError(f"{option} is no JSON") from None
    if not isinstance(value, dict):
        raise UsageError(f"{option} must be a JSON object", hint='write {"first_name": "Ada"}')
    return value


def _option(field: str) -> str:
    return f"--{field.replace('_', '-')}"


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")
