"""Who may do what: the rights of the three users, with Odoo's refusals.

`admin` may everything.  `integration` has sales, stock, accounting and product rights, `low` is a bare internal
user.  Not here: passwords (see `credentials`), record rules.

Source: measured on Odoo 18 for sale.order, ir.model.data and decimal.precision; the group lists of the other
models are given by their best known group.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from standins.odoo.errors import AccessError

_VERBS = {"read": "access", "create": "create", "write": "modify", "unlink": "delete"}
_SETTINGS = ("Administration/Settings",)
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "ir.model.data": ("Administration/Access Rights",),
    "ir.model.fields": ("Administration/Access Rights",),
    "decimal.precision": _SETTINGS,
    "sale.order": (
        "Inventory/User",
        "Invoicing/Invoicing",
        "Manufacturing/User",
        "Sales/Administrator",
        "Sales/User: Own Documents Only",
        "Technical/Show Accounting Features - Readonly",
        "Technical/Show Full Accounting Features",
        "User types/Portal",
    ),
    "res.partner": ("Extra Rights/Contact Creation",),
}
_DEFAULT_GROUPS = ("Sales/Administrator",)

_ALL = "read create write unlink"
_READABLE = (
    "res.company res.currency res.country res.country.state product.product product.pricelist "
    "account.tax res.users uom.uom stock.warehouse stock.location delivery.carrier"
)
_INTEGRATION: Mapping[str, str] = {
    **dict.fromkeys(_READABLE.split(), "read"),
    **dict.fromkeys(("res.partner", "sale.order", "sale.order.line", "stock.quant"), _ALL),
    **dict.fromkeys(("stock.picking", "stock.move"), "read"),
}
_LOW: Mapping[str, str] = dict.fromkeys(("res.partner", *_READABLE.split()), "read")
_RIGHTS: Mapping[str, Mapping[str, str]] = {"integration": _INTEGRATION, "low": _LOW}


@dataclass(frozen=True, slots=True)
class Access:
    """The rights of one user; no rights at all means every right (the administrator)."""

    rights: Mapping[str, str] | None

    @classmethod
    def everything(cls) -> "Access":
        """Build the administrator's rights.

        Returns:
            Rights to everything.
        """
        return cls(None)

    @classmethod
    def of(cls, login: str) -> "Access":
        """Build the rights of a user.

        Args:
            login: The user's login.

        Returns:
            The rights.
        """
        return cls(_RIGHTS.get(login))

    def check(self, model: str, label: str, operation: str) -> None:
        """Refuse an operation that the user has no right to.

        Args:
            model: The model's name.
            label: The model's label.
            operation: read, create, write or unlink.

        Raises:
            AccessError: When the right is missing.
        """
        if self.rights is None or operation in self.rights.get(model, "").split():
            return
        groups = "".join(f"\t- {group}\n" for group in _GROUPS.get(model, _DEFAULT_GROUPS))
        raise AccessError(
            f"You are not allowed to {_VERBS[operation]} '{label}' ({model}) records.\n\n"
            f"This operation is allowed for the following groups:\n{groups}\n"
            "Contact your administrator to request access if necessary."
        )
