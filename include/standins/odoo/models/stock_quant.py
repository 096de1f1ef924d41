"""`stock.quant`: what lies where, inventory adjustments and reservations.

Source: measured on Odoo 18: without the context key ``inventory_mode`` a second quant is made and applying it
adds to the first; writing `quantity` is allowed and leaves no move.  Not here: lots, packages, owners.
"""

from collections.abc import Mapping
from decimal import Decimal

from typing_extensions import override

from standins.odoo import writing
from standins.odoo.env import Env
from standins.odoo.fields import Field, many2one, table
from standins.odoo.model import READ_ONLY, Model, id_list
from standins.odoo.values import Row, Value, to_decimal

_ZERO = Decimal(0)
OPEN_PRODUCT = "open_product"


def _house(env: Env, quant: Row) -> Value:
    return env.row("stock.location", quant["location_id"])["warehouse_id"]


class Quant(Model):
    """`stock.quant`."""

    name = "stock.quant"
    label = "Quants"
    rec_name = "product_id"
    indexed = ("product_id",)
    public = READ_ONLY | {"create", "write", "action_apply_inventory"}
    create_costs_ms = (50.0, 9.0)
    read_cost_ms = 0.03
    columns = table(
        many2one("product_id", "product.product", "Product", required=True),
        many2one("location_id", "stock.location", "Location", required=True),
        Field("warehouse_id", "many2one", "Warehouse", relation="stock.warehouse", compute=_house),
        Field("quantity", "float", "Quantity", digits=2, default=0.0),
        Field("reserved_quantity", "float", "Reserved Quantity", ignored=True, digits=2, default=0.0),
        Field("available_quantity", "float", "Available Quantity", compute=lambda _, r: float(free(r))),
        Field("inventory_quantity", "float", "Counted Quantity", digits=2, default=0.0),
        Field("inventory_quantity_set", "boolean", "Inventory Quantity Set", default=False),
        Field("in_date", "datetime", "Incoming Date", ignored=True),
    )

    @override
    def display_name(self, row: Row) -> str:
        return self.env.model("product.product").display_name(self.env.row("product.product", row["product_id"]))

    @override
    def create(self, vals_list: Value) -> int | list[int]:
        """Create quants; in inventory mode an existing quant of the place is taken instead."""
        if not self.env.context.get("inventory_mode"):
            return super().create(vals_list)
        self.check("create")
        batch = vals_list if isinstance(vals_list, list) else [vals_list]
        ids = [self._count(values) for values in batch]
        self.env.charge(self.create_costs_ms[0] + self.create_costs_ms[1] * len(batch))
        return ids if isinstance(vals_list, list) else ids[0]

    def _count(self, values: Mapping[str, Value]) -> int:
        place = {key: value for key, value in values.items() if key != "inventory_quantity"}
        known = of_place(self.env, values.get("product_id"), values.get("location_id"))
        quant_id = int(known[0]["id"]) if known else writing.create(self, place)
        super().write([quant_id], {"inventory_quantity": values.get("inventory_quantity", 0.0)})
        return quant_id

    @override
    def prepare(self, values: Row) -> Row:
        return {**values, "in_date": self.env.now, "inventory_quantity_set": bool(values["inventory_quantity"])}

    @override
    def written(self, before: Row, values: Row) -> None:
        if "inventory_quantity" in values:
            self.env.update(self.name, before["id"], inventory_quantity_set=True)

    def action_apply_inventory(self, ids: Value) -> None:
        """Apply the counted quantities, as `action_apply_inventory` does."""
        self.check("write")
        self.env.charge(50 + 9 * len(id_list(ids)))
        for row in self.existing(ids):
            if row["inventory_quantity_set"]:
                adjust(self.env, row)


def adjust(env: Env, quant: Row) -> None:
    """Bring a quant to its counted quantity with a move; the first quant of the place takes the difference.

    Args:
        env: The call.
        quant: A quant whose counted quantity is set.
    """
    difference = to_decimal(quant["inventory_quantity"]) - to_decimal(quant["quantity"])
    env.update("stock.quant", quant["id"], inventory_quantity=0.0, inventory_quantity_set=False)
    if not difference:
        return
    add(env, quant["product_id"], quant["location_id"], difference)
    row = env.row("product.product", quant["product_id"])
    env.insert(
        "stock.move",
        {
            "name": "Product Quantity Updated",
            "product_id": quant["product_id"],
            "product_uom_qty": float(abs(difference)),
            "quantity": float(abs(difference)),
            "state": "done",
            "picked": True,
            "is_inventory": True,
            "location_id": quant["location_id"],
            "location_dest_id": quant["location_id"],
            "sequence": 10,
            "date": env.now_seconds,
            "description_picking": row["name"],
        },
    )


def add(env: Env, product_id: int, location_id: int, difference: Decimal) -> None:
    """Change what lies at a place.

    Args:
        env: The call.
        product_id: The product.
        location_id: The place.
        difference: Units to add, negative to take away.
    """
    known = of_place(env, product_id, location_id)
    if not known:
        empty = {"quantity": 0.0, "reserved_quantity": 0.0, "inventory_quantity": 0.0, "inventory_quantity_set": False}
        place = {"product_id": product_id, "location_id": location_id, "in_date": env.now_seconds}
        known = [env.row("stock.quant", env.insert("stock.quant", {**place, **empty}))]
    quantity = to_decimal(known[0]["quantity"]) + difference
    env.update("stock.quant", known[0]["id"], quantity=float(quantity))


def of_place(env: Env, product_id: Value, location_id: Value) -> list[Row]:
    """List the quants of a product at a place.

    Args:
        env: The call.
        product_id: The product.
        location_id: The place.

    Returns:
        The quants by id.
    """
    return [row for row in env.rows("stock.quant", "product_id", product_id) if row["location_id"] == location_id]


def free(quant: Row) -> Decimal:
    """Tell what of a quant is not reserved.

    Args:
        quant: The quant.

    Returns:
        Units, negative when more is reserved than there is.
    """
    return to_decimal(quant["quantity"]) - to_decimal(quant["reserved_quantity"])


def reserve(env: Env, product_id: int, location_id: int, wanted: Decimal) -> list[list[float]]:
    """Reserve what can be reserved.

    Args:
        env: The call.
        product_id: The product.
        location_id: The place.
        wanted: Units wanted.

    Returns:
        Pairs of quant id and units; together at most `wanted`.
    """
    taken: list[list[float]] = []
    quants = of_place(env, product_id, location_id)
    left = min(wanted, sum((free(row) for row in quants), _ZERO))
    for row in quants:
        units = min(left, free(row))
        if units > 0:
            env.update("stock.quant", row["id"], reserved_quantity=float(to_decimal(row["reserved_quantity"]) + units))
            taken.append([row["id"], float(units)])
            left -= units
    return taken


def release(env: Env, quant_id: int, units: Decimal) -> None:
    """Give back a reservation.

    Args:
        env: The call.
        quant_id: The quant.
        units: Units to give back.
    """
    row = env.row("stock.quant", quant_id)
    env.update("stock.quant", quant_id, reserved_quantity=float(to_decimal(row["reserved_quantity"]) - units))


def availability(env: Env, product: Row) -> dict[str, float]:
    """Compute a product's quantities in the warehouses of the context, all of them without one.

    Args:
        env: The call; its context may hold ``warehouse_id`` as an id or a list of ids, or ``location``.
        product: The product.

    Returns:
        The quantity fields by name.
    """
    if product["type"] != "consu" or not product["is_storable"]:
        return dict.fromkeys(("qty_available", "free_qty", "virtual_available", "incoming_qty", "outgoing_qty"), 0.0)
    places = _places(env)
    quants = [row for row in env.rows("stock.quant", "product_id", product["id"]) if row["location_id"] in places]
    on_hand = sum((to_decimal(row["quantity"]) for row in quants), _ZERO)
    unreserved = sum((free(row) for row in quants), _ZERO)
    moves = [row for row in env.rows("stock.move", OPEN_PRODUCT, product["id"]) if row["location_id"] in places]
    outgoing = sum((to_decimal(row["product_uom_qty"]) for row in moves), _ZERO)
    return {
        "qty_available": float(on_hand),
        "free_qty": float(unreserved),
        "virtual_available": float(on_hand - outgoing),
        "incoming_qty": 0.0,
        "outgoing_qty": float(outgoing),
    }


def _places(env: Env) -> set[int]:
    location = env.context.get("location")
    if location:
        return set(id_list(location))
    houses = id_list(env.context.get("warehouse_id"))
    rows = [env.row("stock.warehouse", house) for house in houses or env.tx.all_ids("stock.warehouse")]
    return {row["lot_stock_id"] for row in rows}
