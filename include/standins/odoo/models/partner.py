"""`res.partner`: customers and their addresses.

Not here: VAT checks (module base_vat), chatter.
"""

import re

from typing_extensions import override

from standins.odoo.env import Env
from standins.odoo.errors import ValidationError
from standins.odoo.fields import Field, many2one, one2many, simple, table
from standins.odoo.model import EDITABLE, Model
from standins.odoo.values import Row

_TYPES = (
    ("contact", "Contact"),
    ("invoice", "Invoice Address"),
    ("delivery", "Delivery Address"),
    ("other", "Other Address"),
)
_ADDRESS = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+")


class Partner(Model):
    """`res.partner`; duplicate e-mail addresses and a state of another country are accepted."""

    name = "res.partner"
    label = "Contact"
    order = "complete_name, id desc"
    indexed = ("email_normalized", "email", "parent_id", "ref", "name")
    public = EDITABLE
    create_costs_ms = (60.0, 15.0)
    columns = table(
        *simple(
            "char",
            name="Name",
            email="Email",
            phone="Phone",
            mobile="Mobile",
            street="Street",
            street2="Street2",
            city="City",
            zip="Zip",
            vat="Tax ID",
            ref="Reference",
            tz="Timezone",
            website="Website Link",
        ),
        Field("lang", "char", "Language", default="en_US"),
        Field("comment", "html", "Notes"),
        Field("complete_name", "char", "Complete Name", ignored=True),
        Field("email_normalized", "char", "Normalized Email", ignored=True),
        Field("active", "boolean", "Active", default=True),
        Field("is_company", "boolean", "Is a Company", default=False),
        Field("company_type", "selection", "Company Type", compute=lambda _, row: _company_type(row)),
        Field("type", "selection", "Address Type", selection=_TYPES, default="contact"),
        many2one("parent_id", "res.partner", "Related Company"),
        many2one("country_id", "res.country", "Country"),
        many2one("state_id", "res.country.state", "State"),
        many2one("company_id", "res.company", "Company"),
        one2many("child_ids", "res.partner", "parent_id", "Contact"),
    )

    @override
    def display_name(self, row: Row) -> str:
        return str(row["complete_name"] or "")

    @override
    def prepare(self, values: Row) -> Row:
        values.setdefault("type", "contact")
        return {**values, **_derived(self.env, values)}

    @override
    def constrain(self, row: Row) -> None:
        if not row.get("name") and row.get("type") in {"contact", None}:
            raise ValidationError("The operation cannot be completed: Contacts require a name")

    @override
    def written(self, before: Row, values: Row) -> None:
        self._refresh(before["id"])

    def _refresh(self, record_id: int) -> None:
        row = self.env.row(self.name, record_id)
        derived = _derived(self.env, row)
        if any(row.get(key) != value for key, value in derived.items()):
            self.env.tx.put(self.name, record_id, {**row, **derived})
            for child in self.env.rows(self.name, "parent_id", record_id):
                self._refresh(child["id"])

    @override
    def check_unlink(self, row: Row) -> None:
        for field in ("partner_id", "partner_invoice_id", "partner_shipping_id"):
            if self.env.model("sale.order").find([[field, "=", row["id"]]]):
                raise ValidationError(
                    "The operation cannot be completed: another model requires the record being deleted. "
                    "If possible, archive it instead.\n\nModel: Sales Order (sale.order)\n"
                    f"Constraint: sale_order_{field}_fkey\n"
                )


def _company_type(row: Row) -> str:
    return "company" if row.get("is_company") else "person"


def _derived(env: Env, row: Row) -> Row:
    found = _ADDRESS.findall(row.get("email") or "")
    parent = env.tx.get("res.partner", row["parent_id"]) if row.get("parent_id") else None
    name = row.get("name") or dict(_TYPES).get(str(row.get("type")), "")
    return {
        "email_normalized": found[0].lower() if len(found) == 1 else None,
        "complete_name": f"{parent['name']}, {name}" if parent else name,
    }


def address(env: Env, partner_id: int, kind: str) -> int:
    """Choose a partner's address, as `address_get` does.

    Args:
        env: The call.
        partner_id: The partner.
        kind: ``delivery`` or ``invoice``.

    Returns:
        The first active child of that kind, else the partner itself.
    """
    children = env.rows("res.partner", "parent_id", partner_id)
    return next((row["id"] for row in children if row.get("type") == kind and row.get("active")), partner_id)
