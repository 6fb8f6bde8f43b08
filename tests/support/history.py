"""All attempts of a database: those that are open, and those that are history."""

from sqlalchemy import select

from reconciler.store.attempts import RUNNING_AND_PAST


def every_attempt(connection):
    """Give the rows of all attempts, oldest first; fails if one stands in both tables."""
    rows = [row for source in RUNNING_AND_PAST for row in connection.execute(select(source))]
    assert len({row.id for row in rows}) == len(rows)
    return sorted(rows, key=lambda row: row.id)


def count_used(connection):
    """Give how many attempts were used, and unused, as tallies name them: by campaign key and name."""
    counted = {}
    for row in every_attempt(connection):
        if row.used is not None:
            key = (row.campaign_key, "used_attempts" if row.used else "unused_attempts")
            counted[key] = counted.get(key, 0) + 1
    return counted
