"""The seam for webhooks: whoever listens is told of each change of an order after it is stored.

NOT here: deliveries, signatures and retries; a listener brings them.
"""

from typing import Literal, Protocol

Topic = Literal["orders/create", "orders/updated", "orders/edited", "orders/cancelled"]


class Listener(Protocol):
    """Hears of a change; must return at once and never raise."""

    def changed(self, topic: Topic, gid: str) -> None:
        """Take note of one change."""
        ...


class NoListener:
    """Nobody is subscribed."""

    def changed(self, topic: Topic, gid: str) -> None:
        """Take note of nothing."""
