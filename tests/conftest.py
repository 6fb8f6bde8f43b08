"""What holds for all tests."""

from __future__ import annotations

import signal

import postgres
import pytest

# Where a script or a CI service runs the tests, SIGINT may be ignored (a job in the background) or blocked (a
# runner that starts its jobs from a thread), and so it would be in every process that they start: one that is
# to be interrupted would wait for ever. A handler here is the default in those.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_SETMASK, set())


@pytest.fixture(autouse=True)
def _databases_of_a_test():
    """What a test creates on the server goes with it, save what the copies of later tests are made from."""
    with postgres.databases_for_a_while():
        yield
