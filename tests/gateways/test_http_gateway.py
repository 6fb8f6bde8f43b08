"""The gateway `http` with real sockets and its own thread: polls, callbacks, what it does not start with."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from gateways.conformance import make_calls

from reconciler.clock import SystemClock
from reconciler.errors import GatewayUnusable
from reconciler.gateways.fake_carrier.profile import CarrierProfile
from reconciler.gateways.fake_carrier.serving import Premises, serve
from reconciler.gateways.http.callbacks import Callbacks
from reconciler.gateways.http.gateway import HttpGateway
from reconciler.gateways.http.signatures import HEADER, sign
from reconciler.gateways.registry import check_environment, open_gateway
from reconciler.ports import Ended, Fenced, Found, Inquiry

CLOCK = SystemClock()
QUICK = CarrierProfile(
    outcomes={"success": 1}, accept_seconds=(0, 0.01), dial_seconds=(0, 0.01), ring_seconds=(0, 0.01),
    talk_seconds=(0.01, 0.02),
)  # fmt: skip
PATIENCE = 20
"""Seconds until a test that waits for something gives up."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def carrier(folder, **changes):
    """Run a carrier in a thread; gives its URL."""
    opened, loop = threading.Event(), asyncio.new_event_loop()
    premises = replace(Premises(folder / "ledger.jsonl", "127.0.0.1", 0, QUICK), **changes)
    urls, tasks = [], []

    def work():
        task = loop.create_task(serve(premises, CLOCK, lambda url: (urls.append(url), opened.set())))
        tasks.append(task)
        loop.run_until_complete(asyncio.wait([task]))
        loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert opened.wait(PATIENCE)
    try:
        yield urls[0]
    finally:
        loop.call_soon_threadsafe(tasks[0].cancel)
        thread.join()


@contextmanager
def gateway(url, **options):
    opened = HttpGateway(CLOCK, url, **options)
    try:
        yield opened
    finally:
        opened.close()


def calls_now(count):
    now = CLOCK.now()
    return make_calls(count, now, not_after=now + timedelta(seconds=60))


def wait_for(gateway, kind, count):
    """Collect events until so many of a kind have come."""
    events, deadline = [], time.monotonic() + PATIENCE
    while sum(isinstance(event, kind) for event in events) < count:
        assert time.monotonic() < deadline, f"only {events} came"
        events += gateway.events()
        threading.Event().wait(0.01)
    return events


def test_calls_over_real_sockets_end_and_are_found_by_another_process(tmp_path):
    """R-CRASH-2: what one gateway ordered, the next one asks about, and hears of again."""
    calls = calls_now(5)
    with carrier(tmp_path) as url:
        with gateway(url) as first:
            first.submit(calls)
            ends = [event for event in wait_for(first, Ended, 5) if isinstance(event, Ended)]
            assert {end.attempt_id for end in ends} == {call.attempt_id for call in calls}
        never_ordered = calls_now(1)
        with gateway(url) as second:
            second.ask([Inquiry.about(call) for call in (*calls, *never_ordered)])
            events = wait_for(second, Ended | Fenced, 6)
            assert sum(isinstance(event, Found) for event in events) == 5
            second.hang_up([call.attempt_id for call in calls])


def test_events_come_by_callbacks_that_are_signed(tmp_path):
    """Issue: signed callbacks or polling; what is not signed with the secret is refused."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/events"
    callbacks = Callbacks(url, "127.0.0.1", port, "a secret")
    body = b'{"run": "r", "after": 1, "events": [{"event": "fenced", "id": "x"}]}'
    with (
        carrier(tmp_path, secret="a secret") as carrier_url,
        gateway(carrier_url, callbacks=callbacks) as ours,
    ):
        ours.submit(calls_now(3))
        wait_for(ours, Ended, 3)
        for headers, content, status in [
            ({}, body, 401),
            ({HEADER: sign("another", body, CLOCK.now())}, body, 401),
            ({HEADER: sign("a secret", b"{}", CLOCK.now())}, body, 401),
            ({HEADER: sign("a secret", body, CLOCK.now() - timedelta(minutes=6))}, body, 401),
            ({HEADER: sign("a secret", b"[]", CLOCK.now())}, b"[]", 400),
            ({HEADER: sign("a secret", b"{", CLOCK.now())}, b"{", 400),
            ({HEADER: sign("a secret", body, CLOCK.now())}, body, 204),
        ]:
            assert httpx.post(url, headers=headers, content=content).status_code == status
        assert wait_for(ours, dict, 1) == [{"event": "fenced", "id": "x"}]


def test_a_fake_carrier_dials_no_live_database(tmp_path, monkeypatch):
    """R-ENV-1: it says itself that it rings no phone."""
    with carrier(tmp_path) as url:
        monkeypatch.setenv("DIALCTL_HTTP_URL", url)
        opened = open_gateway("http", CLOCK)
        try:
            check_environment(opened, "sandbox")
            with pytest.raises(GatewayUnusable, match="simulated"):
                check_environment(opened, "live")
        finally:
            opened.close()


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({}, "DIALCTL_HTTP_URL is not set"),
        ({"DIALCTL_HTTP_URL": "http://127.0.0.1:9"}, "does not say who it is: no answer"),
        ({"DIALCTL_HTTP_URL": "nowhere"}, "does not say who it is"),
        (
            {"DIALCTL_HTTP_URL": "http://x", "DIALCTL_HTTP_CALLBACK": "http://y"},
            "DIALCTL_HTTP_CALLBACK is set, and DIALCTL_HTTP_LISTEN and DIALCTL_HTTP_SECRET is not",
        ),
        (
            {
                "DIALCTL_HTTP_URL": "http://x",
                "DIALCTL_HTTP_CALLBACK": "http://y",
                "DIALCTL_HTTP_LISTEN": "8080x",
                "DIALCTL_HTTP_SECRET": "s",
            },
            "DIALCTL_HTTP_LISTEN=8080x is not HOST:PORT",
        ),
    ],
)
def test_a_gateway_that_cannot_work_says_what_it_lacks(environ, says):
    """R-ENV-1: before a dialer joins and before anything is claimed."""
    with pytest.raises(GatewayUnusable) as refusal:
        HttpGateway.from_environment(CLOCK, environ)
    assert says in refusal.value.message
    assert refusal.value.hint
