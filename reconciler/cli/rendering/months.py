"""How history is kept, in words: `db current` tells it, `db check` warns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.core.months import Month
    from reconciler.store.reads.months import Months


def months_lines(months: Months | None, archived: tuple[Month, Month] | None) -> Iterator[str]:
    """Write which months there are, and which are in files; `months` is None where tables are plain."""
    if months is not None and months.until is not None:
        yield f"history: a partition for each month from {months.first} to {months.until}"
    if archived is not None:
        yield f"archived: {span_text(*archived)}; dialctl get archives lists the files"
    yield from months_warnings(months)


def months_warnings(months: Months | None) -> Iterator[str]:
    """Write what somebody should do something about; calls are made all the same."""
    if months is None:
        return
    if months.until is None:
        yield f"the present month of history has no partition: {_remedy(months)}"
    elif months.short and months.owner is not None:
        yield f"history has no partition after {months.until}: {_remedy(months)}"
    if months.outside:
        outside = span_text(months.outside[0], months.outside[-1])
        yield f"rows of {outside} stand in no month's partition: dialctl db upgrade moves them"
    for month in months.left_behind:
        yield f"an archive of {month} was cut short: dialctl db archive --before {month.plus(1)} ends it"


def _remedy(months: Months) -> str:
    if months.owner is None:
        return "dialctl db upgrade makes it"
    return f"dialctl db upgrade makes it, by {months.owner}, whose tables they are"


def span_text(first: Month, last: Month) -> str:
    """Write one month, or the first and the last of several."""
    return str(first) if first == last else f"{first} to {last}"
