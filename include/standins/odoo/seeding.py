"""`/control/seed`: brings the master data of a database to a wanted state.

Not here: what a new database holds (see `setup`), reading orders back (see `control`).
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from standins.odoo.env import Env
from standins.odoo.errors import RefusedError
from standins.odoo.models import stock_quant
from standins.odoo.setup import add_warehouse
from standins.odoo.values import Row, Value, round_float, to_decimal

_KNOWN = {
    "company",
    "warehouses",
    "currencies",
    "pricelists",
    "taxes",
    "products",
    "partners",
    "custom_fields",
}


def seed(env: Env, wanted: Mapping[str, Value]) -> dict[str, dict[str, int]]:
    """Create or update master data by natural key.

    Args:
        env: A call of the administrator.
        wanted: The sections of `/control/seed`, all optional.

    Returns:
        Section to natural key to id.

    Raises:
        RefusedError: When a section is not known.

    Idempotent: The same sections change nothing the second time; `stock` sets quantities, it does not add.
    """
    if unknown := wanted.keys() - _KNOWN:
        raise RefusedError(f"the seed sections {sorted(unknown)}")
    ids: dict[str, dict[str, int]] = {}
    _each(ids, "currencies", wanted, "name", lambda row: _currency(env, row))
    if "company" in wanted:
        ids["company"] = {wanted["company"]["name"]: _company(env, wanted["company"])}
    _each(ids, "warehouses", wanted, "code", lambda row: _warehouse(env, row))
    _each(ids, "pricelists", wanted, "name", lambda row: _pricelist(env, row))
    _each(ids, "taxes", wanted, "name", lambda row: _tax(env, row))
    _each(ids, "products", wanted, "sku", lambda row: _product(env, row))
    _each(ids, "partners", wanted, "name", lambda row: _partner(env, row))
    _each(ids, "custom_fields", wanted, "name", lambda row: _custom_field(env, row))
    return ids


def _each(
    ids: dict[str, dict[str, int]],
    section: str,
    wanted: Mapping[str, Value],
    key: str,
    put: Callable[[Row], int],
) -> None:
    rows: Iterable[Row] = wanted.get(section, ())
    ids[section] = {str(row[key]): put(row) for row in rows}


def _one(env: Env, model: str, field: str, value: Value) -> int | None:
    """Find a record by its natural key, archived or not."""
    return next(iter(env.model(model).find([[field, "=", value]], active_test=False)), None)


def _put(env: Env, model: str, known: int | None, values: Row) -> int:
    if known is None:
        return env.insert(model, values)
    row = env.row(model, known)
    if any(row.get(key) != value for key, value in values.items()):
        env.update(model, known, **values)
    return known


def _currency(env: Env, wanted: Row) -> int:
    known = _one(env, "res.currency", "name", wanted["name"])
    rounding = wanted.get("rounding")
    if rounding is None and known is None:
        raise RefusedError(f"the currency {wanted['name']} without its rounding")
    values: Row = {"name": wanted["name"], "active": True}
    if rounding is not None:
        unit = Decimal(str(rounding))
        places = max(0, -int(unit.normalize().as_tuple().exponent))
        values |= {"rounding": float(unit), "decimal_places": places}
    return _put(env, "res.currency", known, values)


def _active_currency(env: Env, name: str) -> int:
    return _currency(env, {"name": name})


def _company(env: Env, wanted: Row) -> int:
    values: Row = {"name": wanted["name"]}
    if "currency" in wanted:
        values["currency_id"] = _active_currency(env, wanted["currency"])
    if "country" in wanted:
        values["country_id"] = _one(env, "res.country", "code", wanted["country"])
    if "tax_rounding" in wanted:
        values["tax_calculation_rounding_method"] = wanted["tax_rounding"]
    return _put(env, "res.company", 1, values)


def _warehouse(env: Env, wanted: Row) -> int:
    known = _one(env, "stock.warehouse", "code", wanted["code"])
    if known is None:
        return add_warehouse(env, wanted["code"], wanted["name"])
    return _put(env, "stock.warehouse", known, {"name": wanted["name"]})


def _pricelist(env: Env, wanted: Row) -> int:
    values = {"name": wanted["name"], "currency_id": _active_currency(env, wanted["currency"]), "active": True}
    return _put(env, "product.pricelist", _one(env, "product.pricelist", "name", wanted["name"]), values)


def _tax(env: Env, wanted: Row) -> int:
    values = {
        "name": wanted["name"],
        "amount": float(wanted["amount"]),
        "amount_type": "percent",
        "type_tax_use": "sale",
        "price_include": bool(wanted.get("price_include", False)),
        "active": True,
        "company_id": 1,
    }
    return _put(env, "account.tax", _one(env, "account.tax", "name", wanted["name"]), values)


def _product(env: Env, wanted: Row) -> int:
    kind = wanted.get("type", "consu")
    taxes = [_one(env, "account.tax", "name", name) for name in wanted.get("taxes", ())]
    values = {
        "name": wanted.get("name", wanted["sku"]),
        "default_code": wanted["sku"],
        "barcode": wanted.get("barcode") or None,
        "type": kind,
        "is_storable": bool(wanted.get("is_storable", kind == "consu")),
        "active": bool(wanted.get("active", True)),
        "sale_ok": True,
        "list_price": round_float(float(wanted.get("list_price", "1")), 2),
        "invoice_policy": wanted.get("invoice_policy", "order"),
        "taxes_id": [tax for tax in taxes if tax is not None],
        "uom_id": 1,
    }
    product = _put(env, "product.product", _one(env, "product.product", "default_code", wanted["sku"]), values)
    for code, quantity in (wanted.get("stock") or {}).items():
        set_stock(env, product, code, quantity)
    return product


def set_stock(env: Env, product_id: int, warehouse_code: str, quantity: Value) -> None:
    """Set what lies in a warehouse by an inventory adjustment.

    Args:
        env: A call of the administrator.
        product_id: The product.
        warehouse_code: The warehouse's short name.
        quantity: Units, zero or more, as a number or a numeric string.

    Raises:
        RefusedError: When there is no such warehouse.

    Idempotent: The quantity is set, not added.
    """
    house = _one(env, "stock.warehouse", "code", warehouse_code)
    if house is None:
        raise RefusedError(f"stock in the unknown warehouse {warehouse_code!r}")
    place = env.row("stock.warehouse", house)["lot_stock_id"]
    present = sum((to_decimal(row["quantity"]) for row in stock_quant.of_place(env, product_id, place)), Decimal(0))
    if difference := Decimal(str(quantity)) - present:
        stock_quant.add(env, product_id, place, difference)


def _partner(env: Env, wanted: Row) -> int:
    known = _one(env, "res.partner", "name", wanted["name"])
    partners = env.model("res.partner")
    if known is None:
        return int(partners.create(dict(wanted)))  # type: ignore[arg-type]
    if any(env.row("res.partner", known).get(key) != value for key, value in wanted.items()):
        partners.write([known], wanted)
    return known


def _custom_field(env: Env, wanted: Row) -> int:
    """Add or change a manual field; NOT NULL holds only when no row of the model lacks a value then."""
    if not str(wanted["name"]).startswith("x_"):
        raise RefusedError(f"the manual field {wanted['name']} without the prefix x_")
    model = env.model(wanted["model"])
    rows = (env.row(model.name, record_id) for record_id in env.tx.all_ids(model.name))
    filled = all(row.get(wanted["name"]) is not None for row in rows)
    known = env.model("ir.model.fields").find([["model", "=", model.name], ["name", "=", wanted["name"]]])
    values = {
        "model": model.name,
        "name": wanted["name"],
        "ttype": wanted.get("type", "char"),
        "field_description": wanted.get("label", wanted["name"]),
        "required": bool(wanted.get("required", False)),
        "enforced": bool(wanted.get("required", False)) and filled,
        "selection": [list(pair) for pair in wanted.get("selection", ())],
    }
    return _put(env, "ir.model.fields", known[0] if known else None, values)
