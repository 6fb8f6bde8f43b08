"""What holds for all tests."""

from __future__ import annotations

import signal

# Where the tests run in the background of a script, SIGINT is ignored, and so it would be in every process
# that they start: one that is to be interrupted would wait for ever. A handler here is the default in those.
signal.signal(signal.SIGINT, signal.default_int_handler)
