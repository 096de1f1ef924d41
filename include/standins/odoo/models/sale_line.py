"""`sale.order.line`: prices, the traps of a quantity change, what a confirmed or locked order forbids.

Source: measured on Odoo 18: the first quantity write resets a price given at create to the price list's, every
quantity write resets the discount to 0, unless price and discount are sent in the same write.
Not here: amounts (see `sale_amounts`), stock (see `shipping`).
"""

from collections.abc import Mapping
from decimal import Decimal

from typing_extensions import override

from standins.odoo.env import Env
from standins.odoo.errors import UserError, ValidationError
from standins.odoo.fields import Compute, Field, many2one, one2many, table
from standins.odoo.model import EDITABLE, Model
from standins.odoo.models import sale_amounts, shipping
from standins.odoo.values import Row, Value, to_decimal

_DISPLAY = (("line_section", "Section"), ("line_note", "Note"))
_PROTECTED = ("product_id", "name", "price_unit", "product_uom", "product_uom_qty", "tax_id")
_AMOUNT_FIELDS = {"product_uom_qty", "price_unit", "discount", "tax_id", "product_id"}
_NO_REMOVAL = (
    "Once a sales order is confirmed, you can't remove one of its lines "
    "(we need to track if something gets invoiced or delivered).\n"
    "                Set the quantity to 0 instead."
)


def _of_order(field: str) -> Compute:
    return lambda env, row: env.row("sale.order", row["order_id"])[field]


class SaleOrderLine(Model):
    """`sale.order.line`."""

    name = "sale.order.line"
    label = "Sales Order Line"
    order = "order_id, sequence, id"
    indexed = ("order_id", "product_id")
    public = EDITABLE
    columns = table(
        many2one("order_id", "sale.order", "Order Reference", required=True),
        many2one("product_id", "product.product", "Product"),
        Field("name", "text", "Description", required=True),
        Field("sequence", "integer", "Sequence", default=10),
        Field("display_type", "selection", "Display Type", selection=_DISPLAY),
        Field("product_uom_qty", "float", "Quantity", required=True, digits=2),
        many2one("product_uom", "uom.uom", "Unit of Measure"),
        Field("price_unit", "float", "Unit Price", required=True, digits=2),
        Field("technical_price_unit", "float", "Technical Price Unit", ignored=True),
        Field("discount", "float", "Discount (%)", digits=2, default=0.0),
        Field("tax_id", "many2many", "Taxes", relation="account.tax"),
        Field("is_delivery", "boolean", "Is a Delivery", default=False),
        Field("price_subtotal", "monetary", "Subtotal", ignored=True, default=0.0),
        Field("price_tax", "float", "Total Tax", ignored=True, default=0.0),
        Field("price_total", "monetary", "Total", ignored=True, default=0.0),
        Field("qty_delivered", "float", "Delivery Quantity", digits=2, default=0.0),
        Field("qty_invoiced", "float", "Invoiced Quantity", ignored=True, default=0.0),
        many2one("order_partner_id", "res.partner", "Customer", ignored=True),
        Field("state", "selection", "Order Status", compute=_of_order("state")),
        Field("currency_id", "many2one", "Currency", relation="res.currency", compute=_of_order("currency_id")),
        Field("company_id", "many2one", "Company", relation="res.company", compute=_of_order("company_id")),
        one2many("move_ids", "stock.move", "sale_line_id", "Stock Moves"),
    )

    @override
    def display_name(self, row: Row) -> str:
        order = self.env.row("sale.order", row["order_id"])
        partner = self.env.row("res.partner", order["partner_id"])
        product = self.env.tx.get("product.product", row["product_id"] or 0)
        shown = self.env.model("product.product").display_name(product) if product else row["name"].split("\n")[0]
        return f"{order['name']} - {shown}" + (f" ({partner['ref']})" if partner["ref"] else "")

    @override
    def prepare(self, values: Row) -> Row:
        if values["display_type"]:
            empty = {"product_uom_qty": 0.0, "price_unit": 0.0, "technical_price_unit": 0.0, "tax_id": []}
            return {**values, **empty}
        product = self.env.tx.get("product.product", values["product_id"] or 0)
        if product is None:
            return {**values, "tax_id": values["tax_id"] or [], "product_uom_qty": 1.0, "price_unit": 0.0}
        if values["name"] is None:
            values["name"] = self.env.model("product.product").display_name(product)
        if values["price_unit"] is None:
            values["price_unit"] = list_price(product)
        defaults = {"product_uom_qty": 1.0, "product_uom": product["uom_id"], "tax_id": product["taxes_id"]}
        filled = {key: value for key, value in defaults.items() if values[key] is None}
        return {**values, **filled, "technical_price_unit": values["price_unit"]}

    @override
    def constrain(self, row: Row) -> None:
        if not row["display_type"] and not row["product_id"]:
            raise ValidationError(
                "The operation cannot be completed: Missing required fields on accountable sale order line."
            )

    @override
    def created(self, record_id: int, given: Mapping[str, Value]) -> None:
        row = self.env.row(self.name, record_id)
        self.env.tx.put(self.name, record_id, {**row, **sale_amounts.of_line(self.env, row)})
        self.env.later["sale.order", row["order_id"]] = sale_amounts.refresh_order
        if self.env.row("sale.order", row["order_id"])["state"] == "sale":
            shipping.procure(self.env, row)

    @override
    def check_write(self, row: Row, values: Row) -> None:
        order = self.env.row("sale.order", row["order_id"])
        protected = [self.fields[name].label for name in _PROTECTED if name in values]
        if order["locked"] and protected:
            raise UserError(
                "It is forbidden to modify the following fields in a locked order:\n" + "\n".join(protected)
            )
        if values.get("display_type", row["display_type"]) != row["display_type"]:
            raise UserError(
                "You cannot change the type of a sale order line. Instead you should delete the current line "
                "and create a new line of the proper type."
            )
        moved = "product_id" in values and values["product_id"] != row["product_id"]
        if moved and order["state"] == "sale":
            raise UserError("You cannot modify the product of this order line.")
        self._reprice(row, values)

    def _reprice(self, row: Row, values: Row) -> None:
        """Add what a change of quantity resets: the discount always, the price unless it was set by hand."""
        if values.get("product_uom_qty", row["product_uom_qty"]) == row["product_uom_qty"] or row["display_type"]:
            return
        values.setdefault("discount", 0.0)
        by_hand = row["technical_price_unit"] != row["price_unit"]
        if "price_unit" not in values and not by_hand:
            price = list_price(self.env.row("product.product", row["product_id"]))
            values.update(price_unit=price, technical_price_unit=price)

    @override
    def written(self, before: Row, values: Row) -> None:
        row = self.env.row(self.name, before["id"])
        if _AMOUNT_FIELDS & values.keys():
            self.env.tx.put(self.name, row["id"], {**row, **sale_amounts.of_line(self.env, row)})
            self.env.later["sale.order", row["order_id"]] = sale_amounts.refresh_order
        if self._is_confirmed(row) and row["product_uom_qty"] != before["product_uom_qty"]:
            self.env.charge(40)
            shipping.procure(self.env, row)

    def _is_confirmed(self, row: Row) -> bool:
        return bool(self.env.row("sale.order", row["order_id"])["state"] == "sale")

    @override
    def check_unlink(self, row: Row) -> None:
        if self._is_confirmed(row) and not row["display_type"] and not row["is_delivery"]:
            raise UserError(_NO_REMOVAL)

    @override
    def unlinked(self, row: Row) -> None:
        self.env.later["sale.order", row["order_id"]] = sale_amounts.refresh_order


def list_price(product: Row) -> float:
    """Tell a product's price in a price list without rules.

    Args:
        product: The product.

    Returns:
        The list price; without currency rates every currency counts as one.
    """
    return float(product["list_price"])


def to_invoice(env: Env, line: Row) -> Decimal:
    """Tell what a line still has to be invoiced; nothing is ever invoiced here.

    Args:
        env: The call.
        line: An order line.

    Returns:
        Units, of what was ordered or delivered as the product's policy says.
    """
    product = env.tx.get("product.product", line["product_id"] or 0)
    if product is None:
        return Decimal(0)
    return to_decimal(line["product_uom_qty" if product["invoice_policy"] == "order" else "qty_delivered"])
