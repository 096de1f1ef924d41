"""Where everything runs: one PostgreSQL, one Odoo and two shops as processes, and the orders that shoppers place.

The Odoo answers with its measured latency (`--latency 1`). One shop answers with its own latency, for the way of an
order; the other at once, for what reading costs us.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.measuring import Profiler, chunks
from retail_ops.bootstrap import AccountPseudonyms
from retail_ops.ports.channel import MappedOrder, RawMessage, Window
from support.postgres import Server, postgres_server
from support.standins import Standin, odoo_standin, shopify_standin
from support.world import World, purchase, seed_odoo

SKUS = {f"BENCH-{number:02}": 1_000_000 for number in range(40)}
# So many orders in one call of the shop's control surface.
_PLACED_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Ground:
    """The running servers.

    Attributes:
        shop: With the latency of a real one.
        instant_shop: Without.
    """

    server: Server
    odoo: Standin
    shop: Standin
    instant_shop: Standin
    profiler: Profiler

    @contextmanager
    def world(self, *, shop: Standin | None = None) -> Iterator[World]:
        """Lend a world with an empty store."""
        database = self.server.fresh()
        try:
            yield World(database, self.odoo, shop or self.shop)
        finally:
            self.server.drop(database)


@contextmanager
def prepared(profiler: Profiler) -> Iterator[Ground]:
    """Start the servers; they end and their data goes with the block."""
    # One event a change of state is the product's own; a table is what this run prints.
    logging.getLogger("retail_ops").setLevel(logging.WARNING)
    home = Path(tempfile.mkdtemp(prefix="retail-ops-bench-"))
    home.chmod(0o755)
    try:
        with ExitStack() as open_servers:
            server = open_servers.enter_context(postgres_server(home / "postgres"))
            odoo = open_servers.enter_context(odoo_standin(home / "odoo", latency=1.0))
            shop = open_servers.enter_context(shopify_standin(home / "shop", latency=1.0, plan="plus"))
            instant = open_servers.enter_context(shopify_standin(home / "instant", shop_name="Instant", plan="plus"))
            seed_odoo(odoo, SKUS)
            yield Ground(server, odoo, shop, instant, profiler)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def place(shop: Standin, count: int, *, lines: int, first: int) -> None:
    """Let `count` customers place one order each.

    Args:
        shop: Where.
        count: Orders.
        lines: Product lines of each, every one of another SKU; delivery comes on top.
        first: Number of the first customer; every customer is another person at another address.
    """
    wanted = [_purchase(number, lines) for number in range(first, first + count)]
    for part in chunks(wanted, _PLACED_AT_ONCE):
        shop.control("orders", {"orders": list(part)})


def read_messages(world: World, since: datetime | None = None) -> list[RawMessage]:
    """Return what the shop has, as the channel reads it."""
    now = datetime.now(UTC)
    # The shop's index holds whole seconds and the end of a window is open.
    window = Window(start=since or now - timedelta(hours=1), end=now + timedelta(seconds=2))
    with world.lane() as lane:
        return [message for page in lane.channel.fetch_orders(window) for message in page]


def map_messages(world: World, messages: Sequence[RawMessage]) -> list[MappedOrder]:
    """Return the orders behind messages."""
    with world.lane() as lane:
        pseudonyms = AccountPseudonyms(lane.keys, world.account)
        return [lane.channel.to_order(message.body, pseudonyms) for message in messages]


def _purchase(number: int, lines: int) -> dict[str, Any]:
    skus = list(SKUS)
    basket = [
        (skus[(number + position) % len(skus)], 1 + position % 2, f"{5 + (number * 7 + position) % 60}.50")
        for position in range(lines)
    ]
    address = {
        "first_name": "Ann", "last_name": f"Example {number}", "address1": f"{number} High Street", "city": "Leeds",
        "zip_code": "LS1 1AA", "country_code": "GB",
    }  # fmt: skip
    customer = {
        "key": f"customer-{number}", "first_name": "Ann", "last_name": f"Example {number}",
        "email": f"ann{number}@example.com",
    }  # fmt: skip
    wanted: dict[str, Any] = purchase(*basket, customer=customer, shipping_address=address, billing_address=address)
    return wanted
