"""What the account's mapping names, as Odoo has it: read once a process. Not here: products of orders (see `products`).

Source: measured on Odoo 18: the currency of an order is the one of its price list, names are unique in no model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import get_args

from retail_ops.contracts.errors import ConfigurationError
from retail_ops.contracts.money import minor_digits
from retail_ops.erp.odoo.client import Caller, CompanyCaller, Json, OdooClient, Row, search_read
from retail_ops.erp.odoo.tax import RoundingMethod, Tax
from retail_ops.governance.accounts import Mapping as AccountMapping
from retail_ops.governance.accounts import ServiceProducts

TaxKey = tuple[str, Decimal, bool]

_TAX_FIELDS = ("name", "amount", "amount_type", "price_include", "type_tax_use")


# Added by the app `delivery`; without it no shipping line can be told from goods.
_DELIVERY_FIELD = "is_delivery"


@dataclass(frozen=True, slots=True)
class Directory:
    """Ids of Odoo by the names of the mapping.

    Attributes:
        pricelists: By currency.
        taxes: By title in lower case, rate as a fraction, and whether the price contains the tax.
        products: Service products by role, e.g. `shipping`; a role that the mapping leaves out is absent.
        countries: By ISO 3166-1 alpha-2 code.
        states: By country code and state code: Odoo itself accepts a state of another country.
        order_fields: Custom fields of the order and their values.
    """

    company_id: int
    rounding: RoundingMethod
    warehouse_id: int
    pricelists: Mapping[str, int]
    taxes: Mapping[TaxKey, Tax]
    products: Mapping[str, int]
    guest_partner_id: int
    countries: Mapping[str, int]
    states: Mapping[tuple[str, str], int]
    order_fields: Mapping[str, str]


def fetch_directory(client: OdooClient, mapping: AccountMapping) -> tuple[Directory, CompanyCaller]:
    """Read everything that the mapping names; return it with a caller in the name of the company.

    Raises:
        ConfigurationError: Names everything that is missing or does not fit, in one message.
    """
    fields = ("name", "tax_calculation_rounding_method")
    companies = search_read(CompanyCaller(client), "res.company", [["name", "=", mapping.company]], fields)
    if len(companies) != 1:
        raise ConfigurationError(f"Odoo: company {mapping.company!r} {_count(companies)}")
    caller = CompanyCaller(client, company_id=companies[0]["id"])
    return _Reader(caller, mapping, companies[0]).read(), caller


class _Reader:
    """Collects what is missing instead of stopping at the first."""

    def __init__(self, caller: Caller, mapping: AccountMapping, company: Row) -> None:
        self._caller = caller
        self._mapping = mapping
        self._company = company
        self._missing: list[str] = []
        self._countries: dict[int, str] = {}

    def read(self) -> Directory:
        own: Json = ["company_id", "in", [False, self._company["id"]]]
        self._countries = {row["id"]: row["code"] for row in self._all("res.country", ("code",)) if row["code"]}
        directory = Directory(
            company_id=self._company["id"],
            rounding=self._rounding(),
            warehouse_id=self._one("warehouse", "stock.warehouse", self._mapping.warehouse, by="code"),
            pricelists=self._pricelists(own),
            taxes=self._taxes(),
            products=self._products(own),
            guest_partner_id=self._one("guest partner", "res.partner", self._mapping.guest_partner, by="name"),
            countries={code: country_id for country_id, code in self._countries.items()},
            states=self._states(),
            order_fields=self._order_fields(),
        )
        if self._missing:
            raise ConfigurationError(f"Odoo, company {self._mapping.company!r}: {'; '.join(self._missing)}")
        return directory

    def _all(self, model: str, fields: Sequence[str]) -> list[Row]:
        return search_read(self._caller, model, [], fields)

    def _rounding(self) -> RoundingMethod:
        method: RoundingMethod
        for method in get_args(RoundingMethod):
            if self._company["tax_calculation_rounding_method"] == method:
                return method
        self._missing.append("the company's tax rounding method is not known here")
        return "round_per_line"

    def _one(self, what: str, model: str, name: str, *, by: str) -> int:
        domain: Json = [[by, "=", name]]
        if model == "stock.warehouse":
            domain = [[by, "=", name], ["company_id", "=", self._company["id"]]]
        return self._single(what, name, search_read(self._caller, model, domain, (by,)))

    def _single(self, what: str, name: str, rows: Sequence[Row]) -> int:
        if len(rows) == 1:
            return int(rows[0]["id"])
        self._missing.append(f"{what} {name!r} {_count(rows)}")
        return 0

    def _pricelists(self, own: Json) -> dict[str, int]:
        wanted = self._mapping.pricelists
        domain: Json = [["name", "in", list(wanted.values())], own]
        rows = search_read(self._caller, "product.pricelist", domain, ("name", "currency_id"))
        found = {}
        for currency, name in wanted.items():
            fitting = [row for row in rows if row["name"] == name and row["currency_id"][1] == currency]
            found[currency] = self._single(f"price list in {currency}", name, fitting)
        self._check_digits(wanted)
        return found

    def _check_digits(self, currencies: Iterable[str]) -> None:
        names = list(currencies)
        rows = search_read(self._caller, "res.currency", [["name", "in", names]], ("name", "decimal_places"))
        digits = {row["name"]: row["decimal_places"] for row in rows}
        for name in names:
            if digits.get(name) != minor_digits(name):
                self._missing.append(f"currency {name!r} must be active with {minor_digits(name)} decimal places")

    def _taxes(self) -> dict[TaxKey, Tax]:
        rules = self._mapping.taxes.rules
        names = sorted({rule.odoo for rule in rules})
        domain: Json = [["name", "in", list(names)], ["company_id", "=", self._company["id"]]]
        rows = search_read(self._caller, "account.tax", domain, _TAX_FIELDS)
        found: dict[TaxKey, Tax] = {}
        for rule in rules:
            named = [row for row in rows if row["name"] == rule.odoo and row["type_tax_use"] == "sale"]
            rate = Decimal(rule.rate)
            tax = Tax(self._single("sale tax", rule.odoo, named), rate, rule.included)
            if len(named) == 1 and not _fits(named[0], tax):
                self._missing.append(f"tax {rule.odoo!r} is not {rate:%} {'included' if rule.included else 'added'}")
            found[rule.title.casefold(), rate, rule.included] = tax
        return found

    def _products(self, own: Json) -> dict[str, int]:
        skus = {role: sku for role in ServiceProducts.model_fields if (sku := getattr(self._mapping.products, role))}
        domain: Json = [["default_code", "in", sorted(set(skus.values()))], own]
        rows = search_read(self._caller, "product.product", domain, ("default_code", "type"))
        found = {}
        for role, sku in skus.items():
            named = [row for row in rows if row["default_code"] == sku]
            found[role] = self._single(f"{role} product", sku, named)
            if len(named) == 1 and named[0]["type"] != "service":
                self._missing.append(f"{role} product {sku!r} is no service")
        return found

    def _states(self) -> dict[tuple[str, str], int]:
        rows = self._all("res.country.state", ("code", "country_id"))
        owned = ((self._countries.get(row["country_id"][0]), row) for row in rows)
        return {(country, row["code"]): row["id"] for country, row in owned if country is not None}

    def _order_fields(self) -> Mapping[str, str]:
        if not self._caller.fetch("sale.order.line", "fields_get", [_DELIVERY_FIELD], ["type"]):
            self._missing.append(
                f"field {_DELIVERY_FIELD!r} of sale.order.line does not exist: install Odoo's app delivery"
            )
        wanted = self._mapping.order_fields
        if wanted:
            known = self._caller.fetch("sale.order", "fields_get", list(wanted), ["type"])
            self._missing.extend(f"field {name!r} of sale.order does not exist" for name in wanted if name not in known)
        return wanted


def _fits(row: Row, tax: Tax) -> bool:
    percentage = Decimal(repr(float(row["amount"])))
    return row["amount_type"] == "percent" and percentage == tax.rate * 100 and row["price_include"] == tax.included


def _count(rows: Sequence[Row]) -> str:
    return "is missing" if not rows else f"is not unique ({len(rows)})"
