"""Products, price lists, taxes and carriers, as the order flow reads them.

Not here: templates, variants, price list rules, how a control seeds them (see `seeding`).
"""

from typing_extensions import override

from standins.odoo.env import Env
from standins.odoo.fields import Compute, Field, many2one, simple, table
from standins.odoo.model import Model
from standins.odoo.models.stock_quant import availability
from standins.odoo.values import Row, Value

_TYPES = (("consu", "Goods"), ("service", "Service"), ("combo", "Combo"))
_POLICIES = (("order", "Ordered quantities"), ("delivery", "Delivered quantities"))
_TAX_USES = (("sale", "Sales"), ("purchase", "Purchases"), ("none", "None"))
_TAX_KINDS = (("percent", "Percentage of Price"),)


def _quantity(kind: str) -> Compute:
    def compute(env: Env, row: Row) -> Value:
        env.charge(0.02)
        return availability(env, row)[kind]

    return compute


class Product(Model):
    """`product.product`; the quantities follow the context key ``warehouse_id``, ``warehouse`` is ignored."""

    name = "product.product"
    label = "Product Variant"
    order = "default_code, name, id"
    indexed = ("default_code", "barcode")
    name_search_on = ("default_code", "name")
    columns = table(
        *simple("char", name="Name", default_code="Internal Reference", barcode="Barcode"),
        Field("type", "selection", "Product Type", selection=_TYPES, required=True),
        Field("is_storable", "boolean", "Track Inventory"),
        Field("active", "boolean", "Active"),
        Field("sale_ok", "boolean", "Sales"),
        Field("list_price", "float", "Sales Price", digits=2),
        Field("lst_price", "float", "Sales Price", compute=lambda _, row: row["list_price"]),
        Field("invoice_policy", "selection", "Invoicing Policy", selection=_POLICIES),
        Field("taxes_id", "many2many", "Sales Taxes", relation="account.tax"),
        many2one("uom_id", "uom.uom", "Unit of Measure", required=True),
        many2one("company_id", "res.company", "Company"),
        Field("qty_available", "float", "Quantity On Hand", compute=_quantity("qty_available"), digits=2),
        Field("free_qty", "float", "Free To Use Quantity ", compute=_quantity("free_qty"), digits=2),
        Field("virtual_available", "float", "Forecasted Quantity", compute=_quantity("virtual_available"), digits=2),
        Field("incoming_qty", "float", "Incoming", compute=_quantity("incoming_qty"), digits=2),
        Field("outgoing_qty", "float", "Outgoing", compute=_quantity("outgoing_qty"), digits=2),
    )

    @override
    def display_name(self, row: Row) -> str:
        return f"[{row['default_code']}] {row['name']}" if row["default_code"] else str(row["name"])


class Pricelist(Model):
    """`product.pricelist`; it decides an order's currency and, without rules, sells at the list price."""

    name = "product.pricelist"
    label = "Pricelist"
    order = "id"
    columns = table(
        Field("name", "char", "Pricelist Name", required=True),
        Field("active", "boolean", "Active"),
        many2one("currency_id", "res.currency", "Currency", required=True),
        many2one("company_id", "res.company", "Company"),
    )

    @override
    def display_name(self, row: Row) -> str:
        return f"{row['name']} ({self.env.row('res.currency', row['currency_id'])['name']})"


class Tax(Model):
    """`account.tax`."""

    name = "account.tax"
    label = "Tax"
    columns = table(
        Field("name", "char", "Tax Name", required=True),
        Field("amount", "float", "Amount", digits=4),
        Field("amount_type", "selection", "Tax Computation", selection=_TAX_KINDS),
        Field("type_tax_use", "selection", "Tax Type", selection=_TAX_USES),
        Field("price_include", "boolean", "Price Include", ignored=True),
        Field("active", "boolean", "Active"),
        many2one("company_id", "res.company", "Company", required=True),
    )


class Carrier(Model):
    """`delivery.carrier`: the standard delivery."""

    name = "delivery.carrier"
    label = "Shipping Methods"
    columns = table(
        Field("name", "char", "Delivery Method", required=True),
        Field("active", "boolean", "Active"),
        Field("delivery_type", "selection", "Provider", selection=(("fixed", "Fixed Price"),)),
        many2one("product_id", "product.product", "Delivery Product", required=True),
    )
