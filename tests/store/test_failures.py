"""What a failing database says, and what people are told."""

from __future__ import annotations

from databases import ON_SQLITE
from psycopg.errors import LockNotAvailable, SerializationFailure

from reconciler.store.failures import is_busy, told_busy

pytestmark = ON_SQLITE

OF_A_STANDBY = "terminating connection due to conflict with recovery\nDETAIL:  User query might have needed …"


def test_a_standby_that_ends_a_long_look_is_no_lock():
    """Both are to be tried again, but nobody has to be looked for who holds the lock."""
    lock, conflict = LockNotAvailable("canceling statement"), SerializationFailure(OF_A_STANDBY)
    assert is_busy(lock)
    assert told_busy(lock) == "is locked by another process; try again"
    assert is_busy(conflict)
    assert "hot_standby_feedback" in told_busy(conflict)
