"""Stage: fetch what changed, keep it, map it. The cursor moves only after everything of its window is durable."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from retail_ops.contracts.errors import MappingError
from retail_ops.ports.channel import OrderChannel, Pseudonyms, Window
from retail_ops.ports.clock import Clock
from retail_ops.ports.store import Mapped, OrderStore, StoredMessage, Unmapped

STREAM = "orders"
MAP_CHUNK = 200
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StageFlow:
    """Fetches and maps the orders of one account.

    Attributes:
        first_position: Where the cursor starts when the account was never read.
        owner: Who owns cases of malformed messages.
    """

    channel: OrderChannel
    store: OrderStore
    pseudonyms: Pseudonyms
    clock: Clock
    first_position: datetime
    owner: str

    def run(self) -> Mapping[str, int]:
        """Fetch the window since the cursor, then map whatever is received; return counters.

        Idempotent: messages are kept once, revisions are made once, the cursor only moves forward.
        """
        counts: Counter[str] = Counter(received=self.fetch())
        counts.update(self.map_received())
        log.info("staged account=%s %s", self.channel.account, dict(counts))
        return dict(counts)

    def fetch(self) -> int:
        """Bring every change up to now into the inbox; return how many messages were new."""
        account, reach = self.channel.account, self.channel.capabilities
        now = self.clock.now()
        known = self.store.position(account, STREAM)
        position = known or self.first_position
        # The first window does not reach back: what was sold before the account went live stays where it was.
        window = Window(start=position - reach.overlap if known else position, end=now)
        new = sum(self.store.receive(account, page) for page in self.channel.fetch_orders(window))
        # Not past what the channel may still hide: a change of the last moments can show up later in an older place.
        self.store.advance(account, STREAM, max(position, now - reach.visibility_lag))
        return new

    def map_received(self) -> Mapping[str, int]:
        """Map and stage every received message, in chunks of one transaction each; return counters."""
        counts: Counter[str] = Counter()
        while messages := self.store.received(self.channel.account, MAP_CHUNK):
            staged = self.store.stage(self.channel.account, [self._map(m) for m in messages], self.owner)
            counts.update(staged)
            if not staged:
                break  # another worker has them
        return counts

    def _map(self, message: StoredMessage) -> Mapped | Unmapped:
        try:
            result = self.channel.to_order(message.body, self.pseudonyms)
        except MappingError as error:
            return Unmapped(message, error)
        if result.order.external_id != message.external_id:
            return Unmapped(message, MappingError("id_mismatch", "id", "the body names another order"))
        return Mapped(message, result, ignore="test_order" if result.order.test else None)
