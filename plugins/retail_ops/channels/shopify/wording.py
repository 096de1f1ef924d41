"""Free text of a message: titles and notes, refused when they hold a card number. Names and addresses: `people`."""

from __future__ import annotations

from retail_ops.channels.shopify.cards import holds_card_number
from retail_ops.channels.shopify.reading import Node

LONGEST_TITLE = 500
LONGEST_NOTE = 5_000
_LONGEST_RAW_TITLE = 5_000


def read_title(node: Node, name: str) -> str:
    """Return a display title, cut to 500 characters; empty when there is none.

    Raises:
        MappingError: `card_number`.
    """
    refuse_card(node, name, longest=_LONGEST_RAW_TITLE)
    title = node.optional_text(name, longest=_LONGEST_RAW_TITLE) or ""
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"


def read_note(node: Node, name: str) -> str | None:
    """Return the buyer's note, None when there is none.

    Raises:
        MappingError: `card_number`, or `too_long` beyond 5,000 characters.
    """
    refuse_card(node, name, longest=LONGEST_NOTE)
    return node.optional_text(name, longest=LONGEST_NOTE)


def refuse_card(node: Node, name: str, *, longest: int = 255) -> None:
    """Refuse a free text that holds a card number: it must not be kept anywhere.

    Raises:
        MappingError: `card_number`, without the number.
    """
    text = node.optional_text(name, longest=longest)
    if text is not None and holds_card_number(text):
        node.fail("card_number", name, "the text holds what looks like a card number")
