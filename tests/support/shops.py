"""A shop as a thread of the test: real sockets, its own orders, and what staff do that no control endpoint does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
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
    clock: Any

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

    def postpone(self, order_id: str) -> None:
        """The last change happened a second later: versions have whole seconds, and a test does not wait for one."""
        self._update(order_id, lambda state: {"updated_at": state.updated_at + timedelta(seconds=1)})

    def _update(self, order_id: str, change: Callable[[OrderState], dict[str, Any]]) -> None:
        state = self.store.load(int(order_id.rpartition("/")[2]))
        if state is None:
            raise KeyError(order_id)
        now = self.clock.now()
        moment = max(state.updated_at, now.replace(microsecond=0))
        self.store.save(state.model_copy(update={"updated_at": moment, **change(state)}), now)


@contextmanager
def running_shop(folder: Path, name: str, *, clock: Any, **options: Any) -> Iterator[Shop]:
    """Run a shop until the block ends; it goes by the test's clock. Options are those of `ShopConfig`."""
    path = folder / "shop.sqlite"
    chosen = {"currency": "GBP", "presentment": ("GBP", "EUR", "JPY"), "search_lag_s": 0.0, "latency_factor": 0.0}
    config = ShopConfig(name=name, state=path, token=KEY, control_token=CONTROL, clock=clock, **{**chosen, **options})
    with ShopServer(config) as server:
        store = OrderStore(path)
        try:
            yield Shop(server.port, store, clock)
        finally:
            store.close()
