"""Orders into Odoo: the product's `place_orders` and `confirm_orders` beside bare clients, on the same Odoo."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from benchmarks.bare_odoo import BareOdoo
from benchmarks.ground import Ground, map_messages, place, read_messages
from benchmarks.measuring import BenchmarkError, Figure, take_turns, wall
from retail_ops.ports.channel import MappedOrder
from retail_ops.ports.erp import OrderDocument, OrderErp

ROUNDS, BATCH, SINGLES = 4, 50, 4
_FIRST_CUSTOMER = 10_000


def measure(ground: Ground) -> list[Figure]:
    """Put 200 orders of 3 lines and delivery into Odoo by the product and 200 by a bare client, 50 a turn."""
    with ground.world() as world:
        since = datetime.now(UTC)
        place(ground.shop, ROUNDS * BATCH, lines=3, first=_FIRST_CUSTOMER)
        found = map_messages(world, read_messages(world, since))
        orders = [each for each in found if each.order.placed_at >= since.replace(microsecond=0)][-ROUNDS * BATCH :]
        bare = BareOdoo(ground.odoo)
        with world.lane() as lane:
            lane.erp.check()  # log-in and directory: once a process

            def product(number: int) -> float:
                documents = _documents(orders[number * BATCH : (number + 1) * BATCH], number)
                with ground.profiler.watch("erp"):
                    return wall(lambda: put(lane.erp, documents))

            samples = take_turns(
                {
                    "product": product,
                    "batches": lambda n: wall(lambda: bare.place_together(orders[n * BATCH : (n + 1) * BATCH])),
                    "singles": lambda n: wall(lambda: bare.place_one_by_one(orders[n * BATCH : n * BATCH + SINGLES])),
                },
                ROUNDS,
            )
    product_s, batches_s = samples["product"].per(BATCH), samples["batches"].per(BATCH)
    singles_s = samples["singles"].per(SINGLES)
    kept = {"product s/order": product_s, "bare batches s/order": batches_s, "bare singles s/order": singles_s}
    rate, bare_rate = 1 / product_s.median, 1 / batches_s.median
    return [
        Figure(
            "orders into Odoo, batches of 50",
            f"{rate:.1f} orders/s",
            batches_s.over(product_s),
            "bare odoorpc, create and confirm in batches of 50",
            "higher",
            kept,
        ),
        Figure(
            "orders into Odoo, batches of 50",
            f"{rate:.1f} orders/s",
            singles_s.over(product_s),
            "bare odoorpc, one order a call",
            "higher",
        ),
        Figure(
            "  the bare client in batches",
            f"{bare_rate:.1f} orders/s",
            singles_s.over(batches_s),
            "bare odoorpc, one order a call",
            "higher",
        ),
    ]


def put(erp: OrderErp, documents: Sequence[OrderDocument]) -> None:
    """Place and confirm.

    Raises:
        BenchmarkError: Odoo did not take all of them.
    """
    results = [*erp.place_orders(documents), *erp.confirm_orders([document.order for document in documents])]
    if bad := [result for result in results if result.outcome != "applied"]:
        raise BenchmarkError(f"{len(bad)} of {len(results)} writes were not applied; the first: {bad[0].problem}")


def _documents(orders: Sequence[MappedOrder], number: int) -> list[OrderDocument]:
    """Return the orders as if placed one every 37 seconds: each has its own moment to be restored."""
    start = datetime(2026, 1, 5, 9, tzinfo=UTC) + timedelta(days=number)
    return [
        OrderDocument(
            mapped.order.model_copy(update={"placed_at": start + timedelta(seconds=37 * position)}), mapped.personal
        )
        for position, mapped in enumerate(orders)
    ]
