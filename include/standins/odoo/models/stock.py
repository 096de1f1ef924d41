"""Warehouses, locations, transfers and stock moves, read by clients and moved by the server alone.

Not here: reservations (see `stock_quant`), how orders become transfers (see `shipping`).
"""

from typing_extensions import override

from standins.odoo.env import Env
from standins.odoo.fields import Field, many2one, one2many, simple, table
from standins.odoo.model import Model
from standins.odoo.models.stock_quant import OPEN_PRODUCT
from standins.odoo.values import Row, Value

_USAGES = (("view", "View"), ("internal", "Internal Location"), ("customer", "Customer Location"))
_CODES = (("incoming", "Receipt"), ("outgoing", "Delivery"), ("internal", "Internal Transfer"))
_PICKING_STATES = (
    ("draft", "Draft"),
    ("waiting", "Waiting Another Operation"),
    ("confirmed", "Waiting"),
    ("assigned", "Ready"),
    ("done", "Done"),
    ("cancel", "Cancelled"),
)
_MOVE_STATES = (
    ("draft", "New"),
    ("waiting", "Waiting Another Move"),
    ("confirmed", "Waiting Availability"),
    ("partially_available", "Partially Available"),
    ("assigned", "Available"),
    ("done", "Done"),
    ("cancel", "Cancelled"),
)


def _ready(env: Env, picking: Row) -> Value:
    if picking["state"] in {"done", "cancel"}:
        return None
    moves = env.rows("stock.move", "picking_id", picking["id"])
    return "available" if all(row["state"] in {"assigned", "cancel"} for row in moves) else "late"


class Warehouse(Model):
    """`stock.warehouse`: one-step delivery."""

    name = "stock.warehouse"
    label = "Warehouse"
    indexed = ("code",)
    columns = table(
        *simple("char", name="Warehouse", code="Short Name"),
        Field("active", "boolean", "Active"),
        many2one("lot_stock_id", "stock.location", "Location Stock", required=True),
        many2one("view_location_id", "stock.location", "View Location", required=True),
        many2one("company_id", "res.company", "Company", required=True),
    )


class Location(Model):
    """`stock.location`."""

    name = "stock.location"
    label = "Inventory Locations"
    rec_name = "complete_name"
    order = "complete_name, id"
    columns = table(
        *simple("char", name="Location Name", complete_name="Full Location Name"),
        Field("usage", "selection", "Location Type", selection=_USAGES),
        Field("active", "boolean", "Active"),
        many2one("warehouse_id", "stock.warehouse", "Warehouse"),
    )


class Picking(Model):
    """`stock.picking`: deliveries."""

    name = "stock.picking"
    label = "Transfer"
    order = "scheduled_date, id desc"
    indexed = ("sale_id",)
    columns = table(
        *simple("char", name="Reference", origin="Source Document", carrier_tracking_ref="Tracking Reference"),
        Field("state", "selection", "Status", selection=_PICKING_STATES),
        Field("picking_type_code", "selection", "Type of Operation", selection=_CODES),
        *simple("datetime", scheduled_date="Scheduled Date", date_done="Date of Transfer"),
        many2one("sale_id", "sale.order", "Sales Order"),
        many2one("partner_id", "res.partner", "Contact"),
        many2one("carrier_id", "delivery.carrier", "Carrier"),
        many2one("location_id", "stock.location", "Source Location", required=True),
        many2one("location_dest_id", "stock.location", "Destination Location", required=True),
        many2one("backorder_id", "stock.picking", "Back Order of"),
        many2one("company_id", "res.company", "Company"),
        one2many("move_ids", "stock.move", "picking_id", "Stock moves"),
        Field("products_availability_state", "selection", "Availability State", compute=_ready),
    )


class Move(Model):
    """`stock.move`."""

    name = "stock.move"
    label = "Stock Move"
    order = "sequence, id"
    indexed = ("picking_id", "sale_line_id", "product_id", OPEN_PRODUCT)
    columns = table(
        *simple("char", name="Description", reference="Reference", origin="Source Document"),
        Field("state", "selection", "Status", selection=_MOVE_STATES),
        Field("product_uom_qty", "float", "Demand", digits=2),
        Field("quantity", "float", "Quantity", digits=2),
        Field("picked", "boolean", "Picked"),
        Field("is_inventory", "boolean", "Inventory"),
        Field("sequence", "integer", "Sequence"),
        Field("date", "datetime", "Date Scheduled"),
        many2one("product_id", "product.product", "Product", required=True),
        many2one("picking_id", "stock.picking", "Transfer"),
        many2one("sale_line_id", "sale.order.line", "Sale Line"),
        many2one("location_id", "stock.location", "Source Location", required=True),
        many2one("location_dest_id", "stock.location", "Intermediate Location", required=True),
        many2one("company_id", "res.company", "Company"),
    )

    @override
    def display_name(self, row: Row) -> str:
        product = self.env.row("product.product", row["product_id"])
        return f"{row.get('origin') or row['name']}/{product['default_code'] or product['name']}: Stock>Customers"
