"""What is heard of a connection to a database server that breaks."""

from __future__ import annotations

import subprocess
import sys

from databases import ON_POSTGRESQL, scratch_url

LOSE_A_CONNECTION = """
import sys
from sqlalchemy import text
from reconciler.errors import DatabaseUnusable
from reconciler.store.engine import open_database

try:
    with open_database(sys.argv[1]).write() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
except DatabaseUnusable as error:
    print("told")
"""


@ON_POSTGRESQL
def test_a_connection_that_breaks_is_told_once_and_plainly():
    """An error says what is wrong; the pool prints no traceback into the log of a service."""
    done = subprocess.run(
        [sys.executable, "-c", LOSE_A_CONNECTION, scratch_url()], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("told\n", "")
