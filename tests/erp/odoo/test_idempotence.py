"""Two writers of the same orders make each order and each line once; the naive ways, run beside it, do not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from erp.odoo.making import VAT, Maker, address, address_ref, buyer, personal, to_document
from erp.odoo.running import StandIn, mapping_of
from retail_ops.contracts.order import Order
from retail_ops.erp.odoo.client import Caller, CompanyCaller
from retail_ops.erp.odoo.orders import OdooOrders
from retail_ops.ports.erp import OrderDocument, WriteResult

UK = Maker()
Names = Callable[[], str]
WRITERS = 2
T = TypeVar("T")


def orders_of(fresh: Names, count: int = 25) -> list[Order]:
    def one(name: str) -> Order:
        lines = (UK.line(f"{name}-a", 1200, 1, UK.tax(VAT, 200)), UK.line(f"{name}-b", 600, 2, UK.tax(VAT, 200)))
        return UK.order(name, lines, buyer=buyer(name, mail=f"shared {int(name) % 3}"), delivery=address_ref("home"))

    return [one(fresh()) for _ in range(count)]


def at_once(work: Callable[[], T]) -> list[T]:
    start = threading.Barrier(WRITERS)

    def run(_: int) -> T:
        start.wait(timeout=30)
        return work()

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(run, range(WRITERS)))


def duplicates(standin: StandIn, orders: Sequence[Order]) -> int:
    return len(standin.orders("shopify_uk", *(order.external_id for order in orders))) - len(orders)


def lines_an_order(standin: StandIn, orders: Sequence[Order]) -> set[int]:
    return {len(row["lines"]) for row in standin.orders("shopify_uk", *(order.external_id for order in orders))}


def documents_of(orders: Sequence[Order]) -> list[OrderDocument]:
    data = personal(addresses={"delivery": address()})
    return [to_document(order, data) for order in orders]


def test_two_writers_of_the_same_orders_place_each_once(standin: StandIn, fresh: Names) -> None:
    for _ in range(3):
        documents = documents_of(orders_of(fresh))

        def place(documents: list[OrderDocument] = documents) -> Sequence[WriteResult]:
            return OdooOrders(standin.client(), mapping_of()).place_orders(documents)

        first, second = at_once(place)
        orders = [document.order for document in documents]
        assert {result.outcome for result in (*first, *second)} == {"applied"}
        assert [result.reference for result in first] == [result.reference for result in second]
        assert (duplicates(standin, orders), lines_an_order(standin, orders)) == (0, {2})


def test_placing_again_leaves_what_people_changed_in_odoo(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    orders = orders_of(fresh, 2)
    first = erp.place_orders(documents_of(orders))
    caller = CompanyCaller(standin.client())
    caller.push("sale.order", "write", [int(first[0].reference or 0)], {"client_order_ref": "changed by hand"})
    again = erp.place_orders(documents_of(orders))
    assert [result.reference for result in again] == [result.reference for result in first]
    assert standin.orders("shopify_uk", orders[0].external_id)[0]["client_order_ref"] == "changed by hand"
    assert lines_an_order(standin, orders) == {2}


def test_two_writers_that_confirm_the_same_orders_both_see_them_confirmed(standin: StandIn, fresh: Names) -> None:
    orders = orders_of(fresh, 10)
    OdooOrders(standin.client(), mapping_of()).place_orders(documents_of(orders))
    erps = [OdooOrders(standin.client(), mapping_of()) for _ in range(WRITERS)]
    for erp in erps:
        erp.check()
    queue = list(erps)
    first, second = at_once(lambda: queue.pop().confirm_orders(orders))
    assert {result.outcome for result in (*first, *second)} <= {"applied", "deferred"}
    assert {result.outcome for result in erps[0].confirm_orders(orders)} == {"applied"}
    rows = standin.orders("shopify_uk", *(order.external_id for order in orders))
    assert {(row["state"], row["date_order"]) for row in rows} == {("sale", "2026-11-20 14:05:06")}
    assert {line["quantity_reserved"] for row in rows for line in row["lines"]} == {"1.0", "2.0"}


def test_two_writers_that_amend_the_same_order_add_each_line_once(standin: StandIn, fresh: Names) -> None:
    (order,) = orders_of(fresh, 1)
    erp = OdooOrders(standin.client(), mapping_of())
    erp.place_orders(documents_of([order]))
    added = UK.line(f"{order.number}-new", 300, 3, UK.tax(VAT, 150))
    (grown,) = documents_of(
        [UK.order(order.number[1:], (*order.lines, added), buyer=order.buyer, delivery=order.delivery)]
    )
    results = at_once(lambda: erp.amend_order(grown))
    assert {result.outcome for result in results} <= {"applied", "deferred"}
    assert erp.amend_order(grown).receipt["total"] == 3300
    assert lines_an_order(standin, [order]) == {3}


def test_control_looking_first_and_then_creating_duplicates(standin: StandIn, fresh: Names) -> None:
    """The race that the external ids close: both writers look before either creates."""
    orders = orders_of(fresh, 5)
    looked = threading.Barrier(WRITERS)

    def naive() -> None:
        caller = CompanyCaller(standin.client())
        for order in orders:
            origin = f"shopify_uk:{order.external_id}"
            known = caller.fetch("sale.order", "search", [["origin", "=", origin]])
            looked.wait(timeout=30)
            if not known:
                caller.push("sale.order", "create", {"partner_id": 1, "origin": origin})

    at_once(naive)
    assert duplicates(standin, orders) == len(orders)


def test_control_a_load_that_updates_doubles_lines(standin: StandIn, fresh: Names) -> None:
    """Without `noupdate`, and without ids of lines, the second load appends them again."""
    (order,) = orders_of(fresh, 1)
    caller: Caller = CompanyCaller(standin.client())
    columns = ["id", "partner_id/.id", "origin", "order_line/product_id/.id"]
    product = caller.fetch("product.product", "search", [["default_code", "=", "TS-001"]])[0]
    rows = [[f"naive/{order.external_id}", "1", f"shopify_uk:{order.external_id}", str(product)]]
    for _ in range(2):
        assert caller.push("sale.order", "load", columns, rows, context={"module": "naive"})["ids"]
    assert lines_an_order(standin, [order]) == {2}
