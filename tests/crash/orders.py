"""The order flow under proof: six orders of six fates, then an edit, a cancellation and a capture of published ones."""

from dataclasses import replace

from crash.flow import Flow
from crash.orders_view import check, fate, outcome
from crash.scene import Scene
from support.world import purchase, seed_odoo

VAT = [{"title": "VAT", "rate": "0.2"}]
ADDED = {"title": "Goods MUG", "sku": "MUG", "units": 2, "unit_price": "7.35", "taxes": VAT}


def setup(scene: Scene) -> None:
    """Of the lamp there is one: whoever confirmed its order must not be stopped by its own reservation."""
    seed_odoo(scene.odoo, {"TEE": 500, "MUG": 500, "LAMP": 1})


def sell(scene: Scene) -> None:
    """What the shop sells before the first run."""
    save = {"kind": "code", "title": "SAVE10", "scope": "lines", "lines": [0], "percentage": "10"}
    yen = {
        "presentment_currency": "JPY",
        "shop_rate": "0.0053",
        "shipping": [{"title": "Air", "price": "1200", "taxes": VAT}],
    }
    orders = [
        purchase(("TEE", 2, "19.99")),
        purchase(("MUG", 1, "12.35"), ("MUG", 3, "12.35"), discounts=[save]),
        purchase(("TEE", 1, "3490"), ("LAMP", 1, "5980"), **yen),
        purchase(("NOBODY-KNOWS", 1, "5.00"), ("TEE", 1, "19.99")),
        purchase(("TEE", 1, "19.99")),
        purchase(("MUG", 4, "12.35"), payments=[{"kind": "AUTHORIZATION"}]),
    ]
    placed = scene.shop.control("orders", {"orders": orders})["orders"]
    scene.shop.control(f"orders/{placed[4]['number']}/cancel", {"refund": True})


def change(scene: Scene) -> None:
    """What happens to published orders: an edit with a new line, a cancellation, the capture of what was held."""
    orders = scene.shop.control("orders")["orders"]
    edit = {"units": [{"line": 0, "current_units": 1}], "add": [ADDED]}
    scene.shop.control(f"orders/{orders[0]['number']}/edit", edit)
    scene.shop.control(f"orders/{orders[0]['number']}/pay", {"kind": "SALE"})
    scene.shop.control(f"orders/{orders[1]['number']}/cancel", {"refund": True})
    scene.shop.control(f"orders/{orders[5]['number']}/pay", {"kind": "CAPTURE", "parent": 0})


def sell_many(scene: Scene) -> None:
    """A backlog: many orders of few people, so that workers meet at partners and stock as well."""
    orders = [
        purchase(("TEE", 1 + number % 3, "19.99"), ("MUG", 1, "12.35"), customer=_customer(number % 5))
        for number in range(24)
    ]
    scene.shop.control("orders", {"orders": orders})


def _customer(number: int) -> dict[str, str]:
    return {
        "key": f"buyer-{number}",
        "first_name": "Bo",
        "last_name": f"Example {number}",
        "email": f"bo{number}@example.com",
    }


ORDERS = Flow(
    name="orders",
    setup=setup,
    rounds=(sell, change),
    run=lambda scene: scene.run(),
    check=check,
    outcome=outcome,
    fate=fate,
)
BACKLOG = replace(ORDERS, name="backlog", rounds=(sell_many,))
