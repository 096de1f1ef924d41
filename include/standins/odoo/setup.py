"""What a new database holds before anything is seeded: users, company, countries, currencies, a warehouse.

Not here: products and customers (see `seeding`).
"""

from decimal import Decimal

from babel import Locale
from babel.numbers import get_currency_precision, get_currency_symbol

from standins.odoo import geography, xmlids
from standins.odoo.env import Env
from standins.odoo.values import Row

ADMIN, INTEGRATION, LOW = 2, 6, 7
_USERS = (
    (ADMIN, "admin", "Administrator", "America/New_York"),
    (INTEGRATION, "integration", "Integration", "UTC"),
    (LOW, "low", "Low", None),
)
_ISO_LENGTH = 3


def install(env: Env) -> None:
    """Fill an empty database.

    Args:
        env: A call of the administrator.

    Idempotent: A database that has users is left alone.
    """
    if next(env.tx.all_ids("res.users"), None) is not None:
        return
    env.insert("uom.uom", {"name": "Units"})
    _add_countries(env)
    _add_currencies(env)
    company = env.insert("res.partner", _person("My Company", None))
    currency = env.model("res.currency").find([["name", "=", "USD"]])[0]
    us = env.model("res.country").find([["code", "=", "US"]])[0]
    values = {"name": "My Company", "partner_id": company, "currency_id": currency, "country_id": us}
    env.insert("res.company", {**values, "tax_calculation_rounding_method": "round_per_line"})
    _add_users(env)
    customers = {"name": "Customers", "complete_name": "Partners/Customers", "usage": "customer"}
    env.insert("stock.location", {**customers, "active": True, "warehouse_id": None})
    add_warehouse(env, "WH", "My Company")
    _add_carrier(env)


def _person(name: str, email: str | None) -> Row:
    row = {"name": name, "complete_name": name, "email": email, "email_normalized": email, "lang": "en_US"}
    return {**row, "active": True, "is_company": False, "type": "contact", "parent_id": None, "ref": None}


def _add_countries(env: Env) -> None:
    for code, name, xmlid in geography.countries():
        country = env.insert("res.country", {"name": name, "code": code})
        xmlids.remember(env, ("base", xmlid, True), "res.country", country)
        for state_code, state_name in geography.states(code):
            env.insert("res.country.state", {"name": state_name, "code": state_code, "country_id": country})


def _add_currencies(env: Env) -> None:
    names = {str(code): str(name) for code, name in Locale("en").currencies.items()}
    for code in sorted(code for code in names if len(code) == _ISO_LENGTH):
        digits = get_currency_precision(code)
        row = {
            "name": code,
            "full_name": names[code],
            "symbol": get_currency_symbol(code, locale="en"),
            "rounding": float(Decimal(1).scaleb(-digits)),
            "decimal_places": digits,
            "active": code == "USD",
        }
        xmlids.remember(env, ("base", code, True), "res.currency", env.insert("res.currency", row))


def _add_users(env: Env) -> None:
    for uid, login, name, tz in _USERS:
        email = f"{login}@example.com"
        partner = env.insert("res.partner", _person(name, email))
        row = {"id": uid, "name": name, "login": login, "email": email, "tz": tz, "lang": "en_US", "active": True}
        stamp = {"create_date": env.now, "write_date": env.now, "create_uid": 1, "write_uid": 1}
        env.tx.put("res.users", uid, {**row, "partner_id": partner, "company_id": 1, **stamp})


def _add_carrier(env: Env) -> None:
    product: Row = {
        "name": "Standard delivery",
        "default_code": "Delivery_007",
        "barcode": None,
        "type": "service",
        "is_storable": False,
        "active": True,
        "sale_ok": False,
        "list_price": 0.0,
        "invoice_policy": "order",
        "taxes_id": [],
        "uom_id": 1,
    }
    carrier = {"name": "Standard delivery", "active": True, "delivery_type": "fixed"}
    env.insert("delivery.carrier", {**carrier, "product_id": env.insert("product.product", product)})


def add_warehouse(env: Env, code: str, name: str) -> int:
    """Add a warehouse with its stock location.

    Args:
        env: A call of the administrator.
        code: The short name, such as WH.
        name: The name.

    Returns:
        The warehouse's id.
    """
    place = {"active": True, "warehouse_id": None}
    view = env.insert("stock.location", {"name": code, "complete_name": code, "usage": "view", **place})
    full = {"name": "Stock", "complete_name": f"{code}/Stock", "usage": "internal"}
    stock = env.insert("stock.location", {**full, **place})
    row = {"name": name, "code": code, "active": True, "company_id": 1}
    house = env.insert("stock.warehouse", {**row, "lot_stock_id": stock, "view_location_id": view})
    for location in (view, stock):
        env.update("stock.location", location, warehouse_id=house)
    return house
