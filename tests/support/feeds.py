"""A feed on the bench: a folder or a URL where batches arrive, and the keeper that takes them."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support.bench import OFFICE, Bench, campaign, configuration, document, number_of

from reconciler.controller.batches import Workplace
from reconciler.controller.feeding import FeedKeeper
from reconciler.core.feeds import QUIET
from reconciler.store import tables
from reconciler.store.reads.installations import source_records

SOURCE = "feed/default/spring/crm"
BASE = (configuration(schedule=OFFICE), campaign())


def feed(place, also="", name="crm"):
    """Declare a feed."""
    return document("ContactFeed", name, f"from: {place}\n{also}", campaign="spring")


def rows(*names):
    """Write a CSV file with these contacts."""
    return "external_id,phone\n" + "".join(f"{name},{number_of(name)}\n" for name in names)


class FeedBench:
    """One installation with a feed, and what its controller says."""

    def __init__(self, place, also="", *, base=BASE, url=None, environ=None):
        self.place = place
        self.bench = Bench(*base, feed(place, also), url=url)
        self.base = base
        self.told = []
        self.environ = environ or {}
        self.keeper = self.another_keeper()

    def another_keeper(self, database=None):
        """Give the keeper of a second controller, perhaps on a handle of its own."""
        work = Workplace(database or self.bench.database, self.bench.clock, self.bench.ids)
        return FeedKeeper(work, "main", self.environ, self.tell)

    def tell(self, happening, /, **values):
        self.told.append((happening, values))

    def declare(self, also, *others):
        """Apply another contract."""
        return self.bench.apply(*self.base, feed(self.place, also), *others)

    def arrive(self, name, content, *, ago=timedelta(minutes=1)):
        """Have a file lie in the folder since a while."""
        path = self.place / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        at = (self.bench.clock.now() - ago).timestamp()
        os.utime(path, (at, at))
        return path

    def look(self, after=timedelta(minutes=15)):
        """Let time pass, and the controller look."""
        self.bench.clock.advance(after)
        return self.keeper.look_at_due()

    @property
    def batches(self):
        """What became of each batch, by name, in the order of their numbers."""
        ordered = sorted(self.bench.rows(tables.feed_batch), key=lambda row: (row.source, row.number))
        return [(row.name, row.state) for row in ordered]

    def report(self, number):
        (row,) = self.bench.rows(tables.feed_batch, tables.feed_batch.c.number == number)
        return row.report

    @property
    def people(self):
        """Who is to be called: contacts that are not withdrawn."""
        return {name for name, status in self.bench.statuses().items() if status != "withdrawn"}

    @property
    def condition(self):
        with self.bench.database.read() as connection:
            found = {one["name"]: one for one in source_records(connection)}
        return found[SOURCE]["condition"], found[SOURCE]["detail"]


LONG_ENOUGH = QUIET + timedelta(seconds=1)


@contextmanager
def web_server(answers):
    """Serve what `answers` says of each path, (status, headers, body) or a body; gives URL and requests."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, dict(self.headers)))
            answer = answers[self.path.partition("?")[0]]
            status, headers, body = answer if isinstance(answer, tuple) else (200, {}, answer)
            if headers.get("ETag") and self.headers.get("If-None-Match") == headers["ETag"]:
                status, body = 304, b""
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
