"""A shop as a thread of the test: real sockets, its own orders, and what staff do that the control surface has no word for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from standins.shopify.config import ShopConfig
from standins.shopify.order_state import OrderState
from standins.shopify.order_store import OrderStore
from standins.shopify.purchase import Risk
from standins.shopify.server import ShopServer
from support.standins import CONTROL, KEY, Standin


@dataclass
class Shop(Standin):
    """One running shop; ids of two shops of different names never meet."""

    store: OrderStore

    def place(self, *purchases: dict[str, Any]) -> list[str]:
        """Place orders; their ids."""
        return [order["id"] for order in self.control("orders", {"orders": list(purchases)})["orders"]]

    def change(self, order_id: str, action: str, **body: Any) -> None:
        """edit, cancel, pay, address or touch."""
        self.control(f"orders/{order_id.rpartition('/')[2]}/{action}", body)

    def mend(self, order_id: str) -> None:
        """The shop answers without the corruption of `raw_patch` from now on."""
        self._update(order_id, lambda state: {"patches": ()})

    def assess(self, order_id: str, recommendation: str, level: str) -> None:
        """The risk assessment is done, or has changed."""
        risk = Risk.model_validate({"recommendation": recommendation, "level": level})
        self._update(order_id, lambda state: {"purchase": state.purchase.model_copy(update={"risk": risk})})

    def _update(self, order_id: str, change: Any) -> None:
        state: OrderState | None = self.store.load(int(order_id.rpartition("/")[2]))
        assert state is not None
        now = max(state.updated_at, datetime.now(UTC).replace(microsecond=0))
        self.store.save(state.model_copy(update={**change(state), "updated_at": now}), datetime.now(UTC))


@contextmanager
def running_shop(folder: Path, name: str, **options: Any) -> Iterator[Shop]:
    """Run a shop until the block ends; options are those of `ShopConfig`."""
    path = folder / "shop.sqlite"
    chosen = {"currency": "GBP", "presentment": ("GBP", "EUR", "JPY"), "search_lag_s": 0.0, "latency_factor": 0.0}
    config = ShopConfig(name=name, state=path, token=KEY, control_token=CONTROL, **{**chosen, **options})
    with ShopServer(config) as server:
        store = OrderStore(path)
        try:
            yield Shop(server.port, store)
        finally:
            store.close()
