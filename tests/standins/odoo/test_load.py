"""`load()`: columns, continuation rows, external ids, and messages instead of errors."""

import pytest

ORDER = ["id", "partner_id/.id", "client_order_ref"]
WIDE = [
    *[
        "id",
        "partner_id/.id",
        "partner_shipping_id/.id",
        "partner_invoice_id/.id",
        "client_order_ref",
        "origin",
        "note",
    ],
    *["date_order", "warehouse_id/.id", "pricelist_id/.id", "company_id/.id"],
    *[f"order_line/{name}" for name in ("id", "sequence", "display_type", "name", "product_id/.id")],
    *[f"order_line/{name}" for name in ("product_uom_qty", "price_unit", "discount", "tax_id/.id", "is_delivery")],
]


def test_a_wide_order_with_sections_discount_and_shipping(erp, call):
    me, below = str(erp.partner), [""] * 11
    taxes = f"{erp.tax()}, {erp.tax('City 2%')}"
    shirt, ship = str(erp.product()), str(erp.product("SHIP"))
    order = ["w-1", me, me, me, "W1", "shopify/9", "<p>hi</p>", "2026-11-20 14:05:06", "2", "1", "1"]
    rows = [
        [*order, "w-1-1", "10", "line_section", "Section", "", "", "", "", "", ""],
        [*below, "w-1-2", "20", "", "Red", shirt, "2", "19.99", "10", taxes, "0"],
        [*below, "w-1-3", "30", "", "Disc", shirt, 1, -5.0, "", "", ""],
        [*below, "w-1-4", "40", "", "Ship", ship, "1", "4.95", "", str(erp.tax()), "True"],
    ]
    answer = call.load(WIDE, *rows)
    assert answer["messages"] == []
    order = answer["ids"][0]
    assert call.get(order, "date_order") == "2026-11-20 14:05:06"
    assert call.get(order, "warehouse_id")[1] == "East"
    assert [call.get(order, f"amount_{part}") for part in ("untaxed", "tax", "total")] == [35.93, 6.86, 42.79]
    section, red, disc, sent = call.lines(order, "display_type", "tax_id", "is_delivery", "price_unit", "sequence")
    assert section["display_type"] == "line_section"
    assert red["tax_id"] == [erp.tax(), erp.tax("City 2%")]
    assert (disc["tax_id"], disc["price_unit"], sent["is_delivery"]) == ([], -5.0, True)
    again = call.load(WIDE, *rows)
    assert again["ids"] == [order]
    assert len(call.lines(order)) == 4
    lines = call.load(["id"], ["w-1-4"], ["w-1-2"], model="sale.order.line")
    assert lines["ids"] == [sent["id"], red["id"]]
    named = call("sale.order.line", "get_external_id", [red["id"]])
    assert named == {str(red["id"]): "shop.w-1-2"}
    unnamed = call.order({})
    assert call("sale.order", "get_external_id", [unnamed]) == {str(unnamed): ""}


def test_absent_and_empty_tax_columns_differ(erp, call):
    erp.seed(products=[{"sku": "TAXED", "name": "Taxed", "list_price": "1", "taxes": ["15%"]}])
    product = str(call("product.product", "search", [["default_code", "=", "TAXED"]])[0])
    bare = call.load([*ORDER, "order_line/product_id/.id"], ["tx-1", str(erp.partner), "t", product])["ids"][0]
    columns = [*ORDER, "order_line/product_id/.id", "order_line/tax_id/.id"]
    empty = call.load(columns, ["tx-2", str(erp.partner), "t", product, ""])["ids"][0]
    assert call.line(bare, "tax_id")["tax_id"] == [erp.tax()]
    assert call.line(empty, "tax_id")["tax_id"] == []


def test_noupdate_creates_once_and_leaves_the_existing_alone(call):
    order = call.simple("n-1", "1")["ids"]
    assert call.simple("n-1", "9") == {"ids": order, "messages": [], "nextrow": 0}
    assert [line["product_uom_qty"] for line in call.lines(order[0], "product_uom_qty")] == [1.0]


def test_the_default_context_doubles_the_lines(call):
    order = call.simple("n-2", "1", mode="init", noupdate=False)["ids"][0]
    call.simple("n-2", "1", mode="init", noupdate=False)
    assert len(call.lines(order)) == 2


def test_the_stored_flag_decides_not_the_context(call):
    kept = call.simple("n-3", "1")["ids"][0]
    call.simple("n-3", "7", noupdate=False)
    assert [line["product_uom_qty"] for line in call.lines(kept, "product_uom_qty")] == [1.0]
    open_ = call.simple("n-4", "1", noupdate=False)["ids"][0]
    call.simple("n-4", "7", noupdate=True)
    assert [line["product_uom_qty"] for line in call.lines(open_, "product_uom_qty")] == [1.0, 7.0]


def test_a_mixed_load_gives_ids_in_row_order(erp, call):
    old = call.simple("m-2")["ids"][0]
    answer = call.load(
        ORDER, ["m-1", str(erp.partner), "a"], ["m-2", str(erp.partner), "b"], ["m-1", str(erp.partner), "c"]
    )
    first, second, third = answer["ids"]
    assert (second, third) == (old, first)


def test_many_external_ids_resolve_in_one_call_and_a_missing_one_is_an_error(call):
    ids = [call.simple(name)["ids"][0] for name in ("r-1", "r-2")]
    assert call.load(["id"], ["r-2"], ["r-1"])["ids"] == ids[::-1]
    answer = call.load(["id"], ["r-1"], ["r-none"])
    assert answer["ids"] is False
    assert answer["messages"] == [
        {
            "rows": {"from": 1, "to": 1},
            "record": 1,
            "type": "error",
            "field": "partner_id",
            "message": "Missing required value for the field 'Customer' (partner_id)",
        }
    ]


def test_every_bad_record_is_reported_and_nothing_is_kept(erp, call):
    columns = [*ORDER, "order_line/product_id/.id"]
    me, shirt = str(erp.partner), str(erp.product())
    rows = [["b-1", me, "x", shirt], ["", "", "", shirt], ["b-2", me, "x", "999999"], ["b-3", "888888", "x", shirt]]
    answer = call.load(columns, *rows)
    assert answer["ids"] is False
    second, third = answer["messages"]
    assert second["rows"] == {"from": 2, "to": 2}
    assert (second["record"], second["type"], second["field"]) == (1, "error", "order_line")
    assert second["field_name"] == "Order Lines"
    assert second["message"] == "No matching record found for database id '999999' in field 'Order Lines/Product'"
    assert third["message"] == "No matching record found for database id '888888' in field 'Customer'"
    assert call("sale.order", "search_count", [["client_order_ref", "=", "x"]]) == 0
    assert call.load(["id"], ["b-1"])["ids"] is False


def test_the_rows_of_a_message_are_the_whole_orders(erp, call):
    columns = [*ORDER, "order_line/product_id/.id"]
    rows = [["sp-1", str(erp.partner), "x", str(erp.product())], ["", "", "", "777777"]]
    assert call.load(columns, *rows)["messages"][0]["rows"] == {"from": 0, "to": 1}


def test_an_unknown_column_is_a_fault(erp, call, refused):
    with refused("builtins.ValueError", "Invalid field name 'nosuch'"):
        call.load(["id", "nosuch"], ["u-1", "x"])
    with refused("builtins.ValueError", "Invalid field name 'nosuch'"):
        call.load(["id", "order_line/nosuch"], ["u-1", "x"])


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("date_order", "2026-11-20T14:05:06", "does not seem to be a valid datetime for field 'Order Date'"),
        ("date_order", "2026-11-20T14:05:06Z", "does not seem to be a valid datetime for field 'Order Date'"),
        ("date_order", "2026-11-20 14:05:06.5", "does not seem to be a valid datetime for field 'Order Date'"),
        ("date_order", "11/20/2026", "does not seem to be a valid datetime for field 'Order Date'"),
        ("date_order", "", "Unknown error during import: <class 'AssertionError'>: Datetime instance expected"),
        (
            "order_line/price_unit",
            "1,234.50",
            "'1,234.50' does not seem to be a number for field 'Order Lines/Unit Price'",
        ),
        ("order_line/is_delivery", "maybe", "Unknown value 'maybe' for boolean field"),
        ("order_line/tax_id/.id", "1;2", "Invalid database id '1;2'"),
        ("state", "nope", "Value 'nope' not found in selection field 'Status'"),
        ("partner_shipping_id/ref", "x", "Can not create Many-To-One records indirectly"),
    ],
)
def test_cells_that_do_not_fit_become_messages(erp, call, column, cell, message):
    columns = [*ORDER, "order_line/product_id/.id", column]
    answer = call.load(columns, [erp.fresh("c"), str(erp.partner), "c", str(erp.product()), cell])
    assert answer["ids"] is False
    assert message in answer["messages"][0]["message"]


def test_a_comma_number_in_the_discount_is_a_fault(erp, call, refused):
    columns = [*ORDER, "order_line/product_id/.id", "order_line/discount"]
    with refused("builtins.TypeError", "not enough arguments for format string"):
        call.load(columns, ["d-1", str(erp.partner), "d", str(erp.product()), "1,5"])


def test_times_are_read_in_the_zone_of_the_context_else_of_the_user(erp, call, caller):
    columns, me = [*ORDER, "date_order"], str(erp.partner)

    def loaded(calls, **context):
        return calls.get(
            calls.load(columns, [erp.fresh("tz"), me, "z", "2026-11-20 14:05:06"], **context)["ids"][0], "date_order"
        )

    admin = caller(erp, erp.client("admin", "control-token"))
    assert loaded(call) == "2026-11-20 14:05:06"
    assert loaded(call, tz="America/New_York") == "2026-11-20 19:05:06"
    assert loaded(admin, tz=False) == "2026-11-20 19:05:06", "the administrator lives in New York"
    day = call.load(columns, [erp.fresh("tz"), me, "z", "2026-11-20"])["ids"][0]
    assert call.get(day, "date_order") == "2026-11-20 00:00:00"


def test_read_only_columns_are_ignored_without_a_word(erp, call):
    columns = [
        *ORDER,
        "amount_total",
        "currency_id/.id",
        "invoice_status",
        "order_line/product_id/.id",
        "order_line/price_subtotal",
    ]
    jpy = str(erp.ids["currencies"]["JPY"])
    row = ["ro-1", str(erp.partner), "r", "999", jpy, "invoiced", str(erp.product()), "888"]
    order = call.load(columns, row)["ids"][0]
    assert (call.get(order, "amount_total"), call.get(order, "currency_id")[1]) == (10.0, "USD")
    assert call.get(order, "invoice_status") == "no"


def test_a_loaded_state_sale_ships_and_keeps_its_date(erp, call):
    columns = [*ORDER, "state", "date_order", "order_line/product_id/.id"]
    row = ["st-1", str(erp.partner), "s", "sale", "2026-11-20 14:05:06", str(erp.product())]
    order = call.load(columns, row)["ids"][0]
    assert call.get(order, "date_order") == "2026-11-20 14:05:06"
    assert call.moves(order)[0]["state"] == "assigned"


def test_external_ids_split_at_the_first_dot_and_refuse_spaces(erp, call):
    assert call.simple("gid://shopify/Order/1")["messages"] == []
    dotted = call.simple("a.b.c")["ids"][0]
    assert call("ir.model.data", "check_object_reference", "a", "b.c") == ["sale.order", dotted]
    spaced = call.simple("has space")
    assert spaced["ids"] is False
    assert 'violates check constraint "ir_model_data_name_nospaces"' in spaced["messages"][0]["message"]


def test_an_update_by_line_id_changes_the_line_and_follows_a_confirmed_order(erp, call):
    columns = [
        *ORDER,
        "order_line/id",
        "order_line/product_id/.id",
        "order_line/product_uom_qty",
        "order_line/price_unit",
    ]

    def put(qty):
        row = ["up-1", str(erp.partner), "u", "up-1-1", str(erp.product()), qty, "5"]
        return call.load(columns, row, noupdate=False)["ids"][0]

    order = put("1")
    call("sale.order", "action_confirm", [order])
    assert put("3") == order
    assert [line["product_uom_qty"] for line in call.lines(order, "product_uom_qty")] == [3.0]
    assert [move["quantity"] for move in call.moves(order)] == [3.0]


def test_required_manual_fields_hold_unless_rows_were_empty_when_added(erp, call, refused):
    order = call.order({})
    field = {"model": "sale.order", "name": "x_channel", "label": "Channel", "type": "char", "required": True}
    erp.seed(custom_fields=[field])
    described = call("sale.order", "fields_get", ["x_channel"], ["required", "string", "type"])
    assert described == {"x_channel": {"required": True, "string": "Channel", "type": "char"}}
    assert call.order({}), "not enforced: older orders have none"
    call("sale.order", "write", call("sale.order", "search", []), {"x_channel": "web"})
    erp.seed(custom_fields=[field])
    with refused("odoo.exceptions.ValidationError", "Field: Channel (x_channel)"):
        call.order({})
    me = str(erp.partner)
    answer = call.load([*ORDER, "x_channel"], ["x-1", me, "a", "web"], ["x-2", me, "b", ""])
    assert answer["ids"] is False
    assert answer["messages"][0]["message"] == "Missing required value for the field 'Channel' (x_channel)"
    assert answer["messages"][0]["rows"] == {"from": 1, "to": 1}
    with refused("odoo.exceptions.ValidationError"):
        call("sale.order", "write", [order], {"x_channel": False})
    assert call("sale.order", "write", [order], {"x_channel": ""}) is True
    erp.seed(custom_fields=[{**field, "required": False}])


def test_selections_of_manual_fields_take_the_value_and_in_load_the_label(erp, call, refused):
    choices = [["lo", "Low"], ["hi", "High"]]
    erp.seed(
        custom_fields=[
            {"model": "sale.order", "name": "x_prio", "label": "Prio", "type": "selection", "selection": choices}
        ]
    )
    with refused("builtins.ValueError", "Wrong value for sale.order.x_prio: 'High'"):
        call.order({}, x_prio="High")
    order = call.load([*ORDER, "x_prio"], ["p-1", str(erp.partner), "p", "High"])["ids"][0]
    assert call.get(order, "x_prio") == "hi"
    bad = call.load([*ORDER, "x_prio"], ["p-2", str(erp.partner), "p", "zz"])["messages"][0]
    assert (bad["message"], bad["moreinfo"]) == ("Value 'zz' not found in selection field 'Prio'", ["Low", "High"])
