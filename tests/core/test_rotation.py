"""Which number comes next."""

from __future__ import annotations

import pytest

from reconciler.core.rotation import next_number, rotation
from reconciler.core.settlement import Progress

A, B, C, D = "+12125550101", "+12125550102", "+12125550103", "+12125550104"


@pytest.mark.parametrize(
    ("numbers", "dropped", "last", "expected"),
    [
        ((A, B, C), (), None, (A, B, C)),
        ((A, B, C), (), A, (B, C, A)),
        ((A, B, C), (), C, (A, B, C)),
        ((A, B, C), (B,), A, (C, A)),
        ((A, B, C), (A,), A, (B, C)),
        ((C, A, B), (), A, (B, C, A)),
        ((C, D), (), A, (C, D)),
        ((A,), (), A, (A,)),
        ((A, B), (A, B), B, ()),
    ],
)
def test_numbers_are_tried_in_order_and_round_again(numbers, dropped, last, expected):
    """R-CONTACT-2: after the last one dialled, in the present order; after an edit without it, the first."""
    assert rotation(numbers, dropped, last) == expected
    assert next_number(numbers, dropped, last) == (expected[0] if expected else None)


def test_a_callback_goes_to_the_number_that_asked_for_it():
    """R-RETRY-3: before all others; unless an edit or a drop has taken that number away."""
    assert Progress((A, B, C), last_number=B, callback="due").numbers_to_dial() == (B, C, A)
    assert Progress((A, B, C), last_number=B, callback="made").numbers_to_dial() == (C, A, B)
    assert Progress((A, C), last_number=B, callback="due").numbers_to_dial() == (A, C)
    assert Progress((A, B), last_number=B, dropped=(B,), callback="due").numbers_to_dial() == (A,)
