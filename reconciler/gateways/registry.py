"""Finds a gateway by its name, and says whether it may dial this database."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from inspect import signature
from typing import Any, cast

from reconciler.errors import GatewayUnusable
from reconciler.gateways.allow_list import ALLOW_VARIABLE, AllowListed, allowed_numbers
from reconciler.ports import Clock, Gateway

ENTRY_POINTS = "dialctl.gateways"
LIVE, SANDBOX = "live", "sandbox"
PLACE = re.compile(r"[\w.]+:[\w.]+")
MEMBERS = ("name", "simulated", "submit", "ask", "hang_up", "events", "next_event_at", "close")
"""What every gateway has (ports.Gateway)."""


def gateway_names() -> list[str]:
    """Give the names of all installed gateways, in alphabetical order."""
    return sorted({entry_point.name for entry_point in entry_points(group=ENTRY_POINTS)})


def open_gateway(name: str, clock: Clock, **options: Any) -> Gateway:  # noqa: ANN401 - each gateway has its own
    """Open a gateway by the name of its entry point, or by `package.module:Class`.

    A class with a classmethod `from_environment(clock, environ, **options)` is opened with that, any other
    with `Class(clock, **options)`. Where `DIALCTL_ALLOW_NUMBERS` is set, a real gateway dials these numbers
    and no others, whatever the stamp of the database (R-ENV-1).

    Raises:
        GatewayUnusable: there is no such gateway, it cannot be imported, does not take these options, or says
            itself what it lacks.
    """
    factory = _factory(name)
    environ = os.environ
    from_environment = getattr(factory, "from_environment", None)
    make, arguments = (from_environment, (clock, environ)) if from_environment else (factory, (clock,))
    try:
        signature(make).bind(*arguments, **options)
    except (TypeError, ValueError) as error:
        raise GatewayUnusable(f"gateway '{name}' cannot be opened: {error}") from error
    gateway: Gateway = make(*arguments, **options)
    missing = [member for member in MEMBERS if not hasattr(gateway, member)]
    if missing:
        raise GatewayUnusable(
            f"'{name}' is no gateway: it has no {', '.join(missing)}",
            hint="docs/gateways.md walks through the members of a gateway",
        )
    numbers = None if gateway.simulated else allowed_numbers(environ)
    return gateway if numbers is None else AllowListed(gateway, clock, numbers)


def check_environment(gateway: Gateway, environment: str) -> None:
    """Refuse a pair of gateway and database stamp that must not meet, as `misfit` says (R-ENV-1).

    Raises:
        GatewayUnusable: they must not meet; the hint says what to change.
        ValueError: there is no such stamp.
    """
    found = misfit(gateway, environment)
    if found is not None:
        raise found


def misfit(gateway: Gateway, environment: str) -> GatewayUnusable | None:
    """Say why a gateway must not dial a database with this stamp, None if it may (R-ENV-1).

    The stamp is `sandbox` or `live`. A simulated carrier never "dials" production. A real gateway dials no
    sandbox, unless it has an allow-list, to which it then keeps (`allow_numbers`). Raises ValueError where
    there is no such stamp.
    """
    if environment not in (LIVE, SANDBOX):
        raise ValueError(f"a database is stamped {SANDBOX} or {LIVE}, not {environment!r}")
    if gateway.simulated and environment == LIVE:
        return GatewayUnusable(
            f"gateway '{gateway.name}' is simulated, and the database is stamped live: its contacts would be "
            "counted as called though no phone rang",
            hint="set DIALCTL_GATEWAY to a real gateway, or use a sandbox database",
        )
    if not gateway.simulated and environment == SANDBOX and not getattr(gateway, "allow_numbers", None):
        return GatewayUnusable(
            f"gateway '{gateway.name}' dials real phones, and the database is stamped sandbox",
            hint=f"name the phones that it may dial in {ALLOW_VARIABLE}, use the simulator, or stamp the "
            "database with `dialctl db environment live`",
        )
    return None


def _factory(name: str) -> Callable[..., Any]:
    entry_point = _entry_point(name)
    try:
        factory = entry_point.load()
    except (ImportError, AttributeError) as error:
        raise GatewayUnusable(
            f"gateway '{name}' cannot be loaded from '{entry_point.value}': {error}",
            hint="install the package that holds it, or write package.module:Class",
        ) from error
    if not callable(factory):
        raise GatewayUnusable(f"gateway '{name}': '{entry_point.value}' is not a class")
    return cast("Callable[..., Any]", factory)


def _entry_point(name: str) -> EntryPoint:
    if PLACE.fullmatch(name):
        return EntryPoint(name=name, value=name, group=ENTRY_POINTS)
    for entry_point in entry_points(group=ENTRY_POINTS, name=name):
        return entry_point
    names = gateway_names()
    near = get_close_matches(name, names, n=1)
    raise GatewayUnusable(
        f"there is no gateway '{name}'; installed: {', '.join(names) or 'none'}",
        hint=f"did you mean '{near[0]}'?" if near else "write one of these names, or package.module:Class",
    )
