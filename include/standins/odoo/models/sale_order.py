"""`sale.order`: defaults, confirmation, cancellation, locks.

Source: measured on Odoo 18.  Not here: lines (see `sale_line`), deliveries (see `shipping`).
"""

from collections.abc import Mapping

from typing_extensions import override

from standins.odoo.env import Env
from standins.odoo.errors import UserError
from standins.odoo.fields import Field, many2one, one2many, simple, table
from standins.odoo.model import EDITABLE, Model, id_list
from standins.odoo.models import sale_amounts, shipping
from standins.odoo.models.partner import address
from standins.odoo.models.sale_line import to_invoice
from standins.odoo.values import Row, Value

_INVOICING = (
    ("upselling", "Upselling Opportunity"),
    ("invoiced", "Fully Invoiced"),
    ("to invoice", "To Invoice"),
    ("no", "Nothing to Invoice"),
)
_DELIVERY = (
    ("pending", "Not Delivered"),
    ("started", "Started"),
    ("partial", "Partially Delivered"),
    ("full", "Fully Delivered"),
)
_STATES = (("draft", "Quotation"), ("sent", "Quotation Sent"), ("sale", "Sales Order"), ("cancel", "Cancelled"))
_POLICIES = (("direct", "As soon as possible"), ("one", "When all products are ready"))
_TRANSITIONS = {
    "action_confirm",
    "action_cancel",
    "action_draft",
    "action_quotation_sent",
    "action_lock",
    "action_unlock",
}


def _invoice_status(env: Env, order: Row) -> str:
    if order["state"] != "sale":
        return "no"
    lines = [row for row in env.rows("sale.order.line", "order_id", order["id"]) if not row["display_type"]]
    if any(to_invoice(env, row) for row in lines):
        return "to invoice"
    return "invoiced" if lines and not any(row["product_uom_qty"] for row in lines) else "no"


class SaleOrder(Model):
    """`sale.order`; its currency is the price list's, whatever a client sends."""

    name = "sale.order"
    label = "Sales Order"
    order = "date_order desc, id desc"
    indexed = ("client_order_ref", "name", "partner_id", "origin")
    public = EDITABLE | _TRANSITIONS
    create_costs_ms = (54.0, 12.3)
    columns = table(
        *simple("char", client_order_ref="Customer Reference", origin="Source Document"),
        Field("name", "char", "Order Reference", required=True),
        Field("state", "selection", "Status", selection=_STATES, default="draft"),
        Field("note", "html", "Terms and conditions"),
        Field("date_order", "datetime", "Order Date", required=True),
        Field("commitment_date", "datetime", "Delivery Date"),
        Field("locked", "boolean", "Locked", default=False),
        Field("picking_policy", "selection", "Shipping Policy", selection=_POLICIES, required=True, default="direct"),
        many2one("partner_id", "res.partner", "Customer", required=True),
        many2one("partner_shipping_id", "res.partner", "Delivery Address", required=True),
        many2one("partner_invoice_id", "res.partner", "Invoice Address", required=True),
        many2one("company_id", "res.company", "Company", required=True),
        many2one("warehouse_id", "stock.warehouse", "Warehouse"),
        many2one("pricelist_id", "product.pricelist", "Pricelist"),
        many2one("currency_id", "res.currency", "Currency", ignored=True),
        many2one("carrier_id", "delivery.carrier", "Delivery Method"),
        many2one("user_id", "res.users", "Salesperson"),
        Field("amount_untaxed", "monetary", "Untaxed Amount", ignored=True, default=0.0),
        Field("amount_tax", "monetary", "Taxes", ignored=True, default=0.0),
        Field("amount_total", "monetary", "Total", ignored=True, default=0.0),
        Field("currency_rate", "float", "Currency Rate", compute=lambda _env, _row: 1.0),
        Field("invoice_status", "selection", "Invoice Status", selection=_INVOICING, compute=_invoice_status),
        Field("delivery_status", "selection", "Delivery Status", selection=_DELIVERY, compute=shipping.delivery_status),
        one2many("order_line", "sale.order.line", "order_id", "Order Lines"),
        one2many("picking_ids", "stock.picking", "sale_id", "Transfers"),
    )

    @override
    def prepare(self, values: Row) -> Row:
        env, partner_id = self.env, values["partner_id"]
        defaults: Row = {
            "company_id": env.row("res.users", env.uid)["company_id"],
            "date_order": env.now_seconds,
            "user_id": env.uid,
            "warehouse_id": next(iter(env.model("stock.warehouse").find([])), None),
            "pricelist_id": next(iter(env.model("product.pricelist").find([])), None),
        }
        if partner_id:
            defaults["partner_shipping_id"] = address(env, partner_id, "delivery")
            defaults["partner_invoice_id"] = address(env, partner_id, "invoice")
        values.update({key: value for key, value in defaults.items() if values[key] is None})
        if values["name"] is None:
            values["name"] = f"S{env.tx.store.next('sale.order/name'):05d}"
        values["currency_id"] = _currency(env, values)
        return values

    @override
    def check_write(self, row: Row, values: Row) -> None:
        moved = values.get("pricelist_id", row["pricelist_id"]) != row["pricelist_id"]
        if moved and row["state"] == "sale":
            raise UserError("You cannot change the pricelist of a confirmed order !")

    @override
    def written(self, before: Row, values: Row) -> None:
        row = self.env.row(self.name, before["id"])
        if row["pricelist_id"] != before["pricelist_id"]:
            self.env.tx.put(self.name, row["id"], {**row, "currency_id": _currency(self.env, row)})
            sale_amounts.refresh_lines(self.env, row["id"])
        if row["partner_shipping_id"] != before["partner_shipping_id"]:
            for picking in self.env.rows("stock.picking", "sale_id", row["id"]):
                if picking["state"] not in {"done", "cancel"}:
                    self.env.update("stock.picking", picking["id"], partner_id=row["partner_shipping_id"])

    @override
    def created(self, record_id: int, given: Mapping[str, Value]) -> None:
        self.env.charge(4.1 * len(given.get("order_line") or ()))

    @override
    def check_unlink(self, row: Row) -> None:
        if row["state"] not in {"draft", "cancel"}:
            raise UserError("You can not delete a sent quotation or a confirmed sales order. You must first cancel it.")

    @override
    def unlinked(self, row: Row) -> None:
        lines = self.env.model("sale.order.line")
        for line in self.env.rows(lines.name, "order_id", row["id"]):
            self.env.tx.put(lines.name, line["id"], None)

    # What a client may call.

    def action_confirm(self, ids: Value) -> bool:
        """Confirm quotations and reserve stock, all or none, as `action_confirm` does."""
        self.check("write")
        rows = self.existing(ids)
        self.env.charge(87 + 73 * len(rows))
        if any(row["state"] not in {"draft", "sent"} for row in rows):
            raise UserError("Some orders are not in a state requiring confirmation.")
        for row in rows:
            self.env.update(self.name, row["id"], state="sale", date_order=self.env.now_seconds)
            for line in self.env.rows("sale.order.line", "order_id", row["id"]):
                shipping.procure(self.env, self.env.update("sale.order.line", line["id"]))
        return True

    def action_cancel(self, ids: Value) -> bool | dict[str, Value]:
        """Cancel orders, or answer with a wizard that has cancelled nothing, as `action_cancel` does."""
        self.check("write")
        rows = self.existing(ids)
        self.env.charge(40 + 40 * len(rows))
        if any(row["locked"] for row in rows):
            raise UserError("You cannot cancel a locked order. Please unlock it first.")
        if any(row["state"] != "draft" for row in rows) and not self.env.context.get("disable_cancel_warning"):
            return _cancel_wizard(id_list(ids)[0])
        for row in rows:
            shipping.cancel_order(self.env, row["id"])
            self.env.update(self.name, row["id"], state="cancel")
        return True

    def action_draft(self, ids: Value) -> bool:
        """Take cancelled orders back to quotations, as `action_draft` does."""
        self.check("write")
        for row in self.existing(ids):
            if row["state"] in {"cancel", "sent"}:
                self.env.update(self.name, row["id"], state="draft")
        return True

    def action_quotation_sent(self, ids: Value) -> None:
        """Mark quotations as sent, as `action_quotation_sent` does."""
        self.check("write")
        rows = self.existing(ids)
        if any(row["state"] != "draft" for row in rows):
            raise UserError("Only draft orders can be marked as sent directly.")
        for row in rows:
            self.env.update(self.name, row["id"], state="sent")

    def action_lock(self, ids: Value) -> None:
        """Lock orders, as `action_lock` does."""
        self.check("write")
        for row in self.existing(ids):
            self.env.update(self.name, row["id"], locked=True)

    def action_unlock(self, ids: Value) -> None:
        """Unlock orders, as `action_unlock` does."""
        self.check("write")
        for row in self.existing(ids):
            self.env.update(self.name, row["id"], locked=False)


def _currency(env: Env, order: Row) -> int:
    if order["pricelist_id"]:
        return int(env.row("product.pricelist", order["pricelist_id"])["currency_id"])
    return int(env.row("res.company", order["company_id"])["currency_id"])


def _cancel_wizard(order_id: int) -> dict[str, Value]:
    return {
        "name": "Cancel Sales Order",
        "view_mode": "form",
        "res_model": "sale.order.cancel",
        "view_id": 1362,
        "type": "ir.actions.act_window",
        "context": {"default_order_id": order_id, "mark_so_as_canceled": True},
        "target": "new",
    }
