"""Database URLs: how they are read, also those that name several servers, and how they are told to people.

postgresql://dialer@db1,db2:5433/dialctl                    several servers as libpq writes them,
postgresql://dialer@/dialctl?host=db1&host=db2:5433         as SQLAlchemy does,
postgresql://dialer@/dialctl?host=db1,db2&port=,5433        and as they are kept here
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest
from urllib.parse import quote, urlencode

from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from reconciler.errors import DatabaseUnusable

SQLITE, POSTGRESQL = "sqlite", "postgresql"
WRITE_A_URL = "write sqlite:///dialctl.db or postgresql://user@host/database"

_HOST, _PORT = "host", "port"
_SECRETS = ("password", "sslpassword")
"""What may stand behind the `?` and is nobody's business."""

_HIDDEN = "***"
_PARTS = re.compile(
    r"(?P<start>postgresql(?:\+\w+)?://(?:[^:/]*(?::[^@]*)?@)?)(?P<servers>[^/?]*)(?P<path>[^?]*)\??(?P<query>.*)"
)
"""The parts of the URL of a server, whose login SQLAlchemy finds in the same way."""


def parse_url(text: str) -> URL:
    """Read a database URL; raises DatabaseUnusable where it is none that we speak."""
    try:
        url = make_url(_servers_behind(text))
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise _no_url(text) from None
    backend = url.get_backend_name()
    if backend == POSTGRESQL:
        return _kept_apart(url.set(drivername="postgresql+psycopg"))
    if backend != SQLITE:
        raise DatabaseUnusable(f"no support for {backend!r} databases", hint=WRITE_A_URL)
    return url


def shown(url: URL) -> str:
    """Write a database URL for people: without password, and without the name of the driver."""
    query = {name: _HIDDEN if name in _SECRETS else value for name, value in url.query.items()}
    plain = url.set(drivername=url.get_backend_name(), query={}).render_as_string(hide_password=True)
    if names_several_servers(url):
        hosts, ports = (str(query.pop(name, "")).split(",") for name in (_HOST, _PORT))
        servers = ",".join(_place(host, port) for host, port in zip_longest(hosts, ports, fillvalue=""))
        scheme, _, rest = plain.partition("://")
        login, slash, database = rest.partition("/")
        plain = f"{scheme}://{login}{servers}{slash}{database}"
    return plain + ("?" + urlencode(query, doseq=True, safe=":,/*") if query else "")


def names_several_servers(url: URL) -> bool:
    """Tell whether a URL names more than one server, of which those that answer come in question."""
    return "," in str(url.query.get(_HOST, ""))


def _no_url(text: str) -> DatabaseUnusable:
    plain = re.sub(r"(://[^:/]*:)[^@]*@", rf"\1{_HIDDEN}@", text)
    return DatabaseUnusable(f"{plain!r} is no database URL", hint=WRITE_A_URL)


def _servers_behind(text: str) -> str:
    """Write several servers behind the `?`, where SQLAlchemy looks for them."""
    parts = _PARTS.fullmatch(text)
    if parts is None or "," not in parts["servers"]:
        return text
    servers = [f"{_HOST}={quote(server)}" for server in parts["servers"].split(",")]
    return f"{parts['start']}{parts['path'] or '/'}?{'&'.join([*servers, parts['query']])}"


def _kept_apart(url: URL) -> URL:
    """Give hosts and ports of several servers apart: so addresses with colons can be told from ports."""
    servers = url.query.get(_HOST)
    if not isinstance(servers, tuple):
        return url
    hosts, ports = zip(*map(_host_and_port, servers), strict=True)
    return url.update_query_dict({_HOST: ",".join(hosts), **_of_ports(ports)})


def _of_ports(ports: Sequence[str]) -> dict[str, str]:
    return {_PORT: ",".join(ports)} if any(ports) else {}


def _host_and_port(server: str) -> tuple[str, str]:
    """Take `db1:5433` apart, or `[::1]:5433`; the port may be left out."""
    host, _, port = server.rpartition(":")
    if not host or port.endswith("]"):
        host, port = server, ""
    return host.strip("[]"), port


def _place(host: str, port: str) -> str:
    named = f"[{host}]" if ":" in host else host
    return f"{named}:{port}" if port else named
