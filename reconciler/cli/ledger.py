"""`dialctl suppress` and `unsuppress`: the ledger of numbers that must not be called (R-SUP-2)."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli.numbers import read_number
from reconciler.cli.settings import Author, Place
from reconciler.cli.stopping import Reason
from reconciler.cli.terminal import note, print_lines
from reconciler.cli.waiting import acting_on

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="E.164, or as people of --country write it.")]
Country = Annotated[str, typer.Option("--country", help="The country of a number without a +.", metavar="CC")]


def suppress(
    number: Number, where: Place, author: Author, *, reason: Reason = None, country: Country = "US"
) -> None:
    """Never call a number again, whatever any manifest says."""
    from reconciler.cli.session import acting, open_session
    from reconciler.core.phones import mask_number
    from reconciler.store.identity import find_organization
    from reconciler.store.operations.suppressing import suppress as enter

    e164 = read_number(number, country)
    with open_session(where.database_url) as session, acting_on(session, acting(author.actor)) as operation:
        org = find_organization(operation.connection, where.org)
        entered = enter(operation, org, e164, reason)
    state = "suppressed" if entered.is_new else "suppressed already"
    print_lines([f"{mask_number(e164)} is {state} in organization {org.name}; {_carried(entered.pending)}"])
    if entered.on_call:
        note("a call to it is open: one that was sent goes on")


def unsuppress(
    number: Number,
    where: Place,
    author: Author,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; the log keeps it.", metavar="TEXT")],
    country: Country = "US",
) -> None:
    """Take a number out of the ledger: it may be called again."""
    from reconciler.cli.session import acting, open_session
    from reconciler.core.phones import mask_number
    from reconciler.store.identity import find_organization
    from reconciler.store.operations.suppressing import unsuppress as take_out

    e164 = read_number(number, country)
    with open_session(where.database_url) as session, acting_on(session, acting(author.actor)) as operation:
        org = find_organization(operation.connection, where.org)
        left = take_out(operation, org, e164, reason)
    masked = mask_number(e164)
    print_lines([f"{masked} is out of the ledger of organization {org.name}; {_carried(left.pending)}"])
    if left.by_list:
        note("warning: a SuppressionList still covers it, so it is not called; remove it from that manifest")


def _carried(count: int) -> str:
    return f"{count:,} pending {'contact has' if count == 1 else 'contacts have'} it"
