from __future__ import annotations

import pytest

from retail_ops.channels.shopify.cards import holds_card_number


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "my card is 5500-0055-5555-5559, thanks",
        "378282246310005",
        "3782 822463 10005 exp 12/27",
        "order 12 4111 1111 1111 1111 12/27",
        "2223003122003222",
        "4222222222222",
        "6304000000000000",
        "4000000000000000006",
    ],
)
def test_a_card_number_is_found(text: str) -> None:
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4111 1111 1111 1112",
        "411111111111",
        "41111111111111111111",
        "0000000000000000",
        "9781403200013",
        "call +44 113 496 0000",
        "12 x 34 cm, 56 g",
        "४१११११११११११११११",
    ],
)
def test_other_digits_are_left_alone(text: str) -> None:
    assert not holds_card_number(text)
