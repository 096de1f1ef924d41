"""Orders: creation, amounts, confirmation, cancellation, locks."""

import pytest


def test_create_reads_back_as_odoo_shows_it(erp, call):
    lines = [
        {"product_uom_qty": 2, "price_unit": 19.99, "discount": 10, "tax_id": [[6, 0, [erp.tax()]]], "name": "Title"},
        {"product_id": erp.product("SHIP"), "price_unit": 4.95, "is_delivery": True},
        {"product_id": False, "display_type": "line_note", "name": "Gift note"},
    ]
    order = call.order(*lines, client_order_ref="C1", date_order="2026-11-20 14:05:06")
    assert call.get(order, "date_order") == "2026-11-20 14:05:06"
    assert call.get(order, "currency_id")[1] == "USD"
    assert call.get(order, "partner_id") == [erp.partner, "Jane Doe"]
    assert [call.get(order, f"amount_{part}") for part in ("untaxed", "tax", "total")] == [40.93, 5.4, 46.33]
    first, ship, note = call.lines(order, "name", "price_subtotal", "price_tax", "price_total", "product_id", "tax_id")
    assert (first["price_subtotal"], first["price_tax"], first["price_total"]) == (35.98, 5.400000000000006, 41.38)
    assert ship["tax_id"] == []
    assert (note["product_id"], note["price_total"]) == (False, 0.0)


def test_what_is_left_out_comes_from_the_product(erp, call):
    order = call(
        "sale.order", "create", {"partner_id": erp.partner, "order_line": [[0, 0, {"product_id": erp.product()}]]}
    )
    line = call.line(order, "product_uom_qty", "price_unit", "name", "discount")
    assert [line[k] for k in ("product_uom_qty", "price_unit", "name", "discount")] == [1.0, 10.0, "[SHIRT] Shirt", 0.0]


def test_prices_and_discounts_keep_two_digits(call):
    line = call.line(call.order({"price_unit": 3.33333, "discount": 8.3389}), "price_unit", "discount")
    assert (line["price_unit"], line["discount"]) == (3.33, 8.34)


def test_the_currency_is_the_price_lists(erp, call):
    jpy = call.order({"product_uom_qty": 1, "price_unit": 99.5}, pricelist_id=erp.ids["pricelists"]["JPY"])
    assert (call.get(jpy, "currency_id")[1], call.get(jpy, "amount_total")) == ("JPY", 100.0)
    assert call.line(jpy, "price_unit")["price_unit"] == 99.5
    kwd = call.order({"product_uom_qty": 3, "price_unit": 1.234}, pricelist_id=erp.ids["pricelists"]["KWD"])
    assert call.line(kwd, "price_unit")["price_unit"] == 1.23
    ignored = call.order({"price_unit": 5}, currency_id=erp.ids["currencies"]["JPY"])
    assert call.get(ignored, "currency_id")[1] == "USD"
    call("sale.order", "write", [ignored], {"pricelist_id": erp.ids["pricelists"]["JPY"]})
    assert (call.get(ignored, "currency_id")[1], call.get(ignored, "amount_total")) == ("JPY", 5.0)


@pytest.mark.parametrize(
    ("date", "text"),
    [
        ("2026-11-20T14:05:06Z", "time data '2026-11-20T14:05:06Z' does not match format '%Y-%m-%d %H:%M:%S'"),
        ("2026-11-20 14:05:06.789", "unconverted data remains: .789"),
    ],
)
def test_dates_of_another_format_are_refused(call, refused, date, text):
    with refused("builtins.ValueError", text):
        call.order({}, date_order=date)


def test_values_that_do_not_fit_are_refused(erp, call, refused):
    with refused("builtins.ValueError", "could not convert string to float: 'abc'"):
        call.order({"product_uom_qty": "abc"})
    with refused("odoo.exceptions.MissingError", "(Record: product.product(999999,), User: 6)"):
        call.order({"product_id": 999999})
    with refused("odoo.exceptions.MissingError", "(Record: account.tax(99999,), User: 6)"):
        call.order({"tax_id": [[6, 0, [99999]]]})
    with refused("builtins.ValueError", "Invalid field 'nope' on model 'sale.order'"):
        call.order({}, nope=1)


def test_a_failed_call_leaves_nothing_behind(erp, call, refused):
    before = call("sale.order", "search_count", [])
    good, bad = {"partner_id": erp.partner}, {"partner_id": erp.partner, "order_line": [[0, 0, {"product_id": 999999}]]}
    with refused("odoo.exceptions.MissingError"):
        call("sale.order", "create", [good, bad])
    assert call("sale.order", "search_count", []) == before
    assert len(call("sale.order", "create", [good, good])) == 2
    assert call("sale.order", "search_count", []) == before + 2


def test_confirm_reserves_stock_and_moves_the_date_to_now(call):
    before = call.free()
    order = call.order({"product_uom_qty": 4}, date_order="2026-11-20 14:05:06", client_order_ref="REF")
    assert call.free() == before, "a quotation reserves nothing"
    assert call("sale.order", "action_confirm", [order]) is True
    assert call.get(order, "state") == "sale"
    assert call.get(order, "date_order") != "2026-11-20 14:05:06"
    call("sale.order", "write", [order], {"date_order": "2026-11-20 14:05:06"})
    assert call.get(order, "date_order") == "2026-11-20 14:05:06"
    after = call.free()
    assert before["free_qty"] - after["free_qty"] == before["virtual_available"] - after["virtual_available"] == 4
    assert (after["qty_available"], after["outgoing_qty"]) == (before["qty_available"], before["outgoing_qty"] + 4)
    assert [(m["product_uom_qty"], m["quantity"], m["state"]) for m in call.moves(order)] == [(4.0, 4.0, "assigned")]
    picking = call("stock.picking", "search_read", [["sale_id.id", "=", order]], ["state", "origin"])[0]
    assert picking["state"] == "assigned"
    assert picking["origin"].endswith(" - REF")


def test_short_stock_does_not_block_confirmation(erp, call):
    partly, empty = (call.order({"product_id": erp.product("RARE"), "product_uom_qty": 5}) for _ in range(2))
    call("sale.order", "action_confirm", [partly])
    call("sale.order", "action_confirm", [empty])
    assert [(m["quantity"], m["state"]) for m in call.moves(partly)] == [(3.0, "partially_available")]
    assert [(m["quantity"], m["state"]) for m in call.moves(empty)] == [(0.0, "confirmed")]
    states = call("stock.picking", "search_read", [["sale_id", "in", [partly, empty]]], ["state"], order="id")
    assert [row["state"] for row in states] == ["assigned", "confirmed"]
    assert (call.free("RARE")["free_qty"], call.free("RARE")["virtual_available"]) == (0.0, -7.0)


def test_a_second_confirm_is_refused_and_one_bad_id_undoes_the_batch(call, refused):
    first, second = call.order({}), call.order({})
    call("sale.order", "action_confirm", [first])
    with refused("odoo.exceptions.UserError", "Some orders are not in a state requiring confirmation."):
        call("sale.order", "action_confirm", [second, first])
    assert call.get(second, "state") == "draft"


def test_cancelling_a_confirmed_order_only_opens_a_wizard(call):
    before = call.free()["free_qty"]
    order = call.order({"product_uom_qty": 2})
    call("sale.order", "action_confirm", [order])
    answer = call("sale.order", "action_cancel", [order])
    assert answer["res_model"] == "sale.order.cancel"
    assert call.get(order, "state") == "sale"
    assert call("sale.order", "action_cancel", [order], context={"disable_cancel_warning": True}) is True
    assert call.get(order, "state") == "cancel"
    assert call.moves(order)[0]["state"] == "cancel"
    assert call.free()["free_qty"] == before


def test_cancelling_a_quotation_needs_no_context_and_it_can_come_back(call):
    order = call.order({})
    assert call("sale.order", "action_cancel", [order]) is True
    assert call("sale.order", "action_draft", [order]) is True
    assert call.get(order, "state") == "draft"


def test_a_locked_order_cannot_be_cancelled_nor_its_lines_changed(erp, call, refused):
    order = call.order({"product_uom_qty": 1})
    line = call.line(order)["id"]
    call("sale.order", "action_confirm", [order])
    assert call("sale.order", "action_lock", [order]) is None
    with refused("odoo.exceptions.UserError", "You cannot cancel a locked order. Please unlock it first."):
        call("sale.order", "action_cancel", [order], context={"disable_cancel_warning": True})
    with refused("odoo.exceptions.UserError", "fields in a locked order:\nUnit Price"):
        call("sale.order.line", "write", [line], {"price_unit": 1})
    call("sale.order", "write", [order], {"order_line": [[0, 0, {"product_id": erp.product()}]], "origin": "x"})
    assert len(call.lines(order)) == 2
    assert call("sale.order", "action_unlock", [order]) is None
    call("sale.order.line", "write", [line], {"price_unit": 1})


def test_only_quotations_and_cancelled_orders_can_be_deleted(call, refused):
    call.simple("gone-1")
    order = call.simple("gone-1")["ids"][0]
    call("sale.order", "action_confirm", [order])
    with refused("odoo.exceptions.UserError", "You must first cancel it."):
        call("sale.order", "unlink", [order])
    call("sale.order", "action_cancel", [order], context={"disable_cancel_warning": True})
    assert call("sale.order", "unlink", [order]) is True
    assert call("sale.order", "read", [order]) == []
    assert call.simple("gone-1")["ids"] != [order], "the external id went with the order"


def test_writing_the_state_makes_no_delivery(call):
    order = call.order({})
    call("sale.order", "write", [order], {"state": "sale"})
    assert call.get(order, "picking_ids") == []


def test_write_date_is_the_start_of_the_transaction_and_shows_seconds(erp, call):
    order = call.order({})
    shown = call.get(order, "write_date")
    assert len(shown) == 19
    assert order in call("sale.order", "search", [["write_date", ">=", shown]])
    assert order not in call("sale.order", "search", [["id", "=", order], ["write_date", "<=", shown]]), "truncated"


def test_a_line_name_does_not_touch_the_order_a_price_does(erp, call):
    order = call.order({})
    admin = erp.client("admin", "control-token")
    line = call.line(order)["id"]
    admin.execute_kw("sale.order.line", "write", [[line], {"name": "other"}], {})
    assert call.get(order, "write_uid")[0] == 6
    admin.execute_kw("sale.order.line", "write", [[line], {"price_unit": 2}], {})
    assert call.get(order, "write_uid")[0] == 2


def test_nested_reading_gives_an_order_its_lines_and_moves_in_one_call(erp, call):
    order = call.order({"product_uom_qty": 2})
    call("sale.order", "action_confirm", [order])
    moves = {"fields": {"product_id": {"fields": {"default_code": {}}}, "quantity": {}, "sale_line_id": {}}}
    wanted = {
        "state": {},
        "order_line": {},
        "picking_ids": {"fields": {"state": {}, "backorder_id": {"fields": {}}, "move_ids": moves}},
    }
    answer = call("sale.order", "web_search_read", [["id", "=", order]], wanted, limit=1)
    (record,) = answer["records"]
    (picking,) = record["picking_ids"]
    (move,) = picking["move_ids"]
    assert answer["length"] == 1
    assert picking["backorder_id"] is False
    assert move["product_id"] == {"id": erp.product(), "default_code": "SHIRT"}
    assert (move["quantity"], move["sale_line_id"]) == (2.0, record["order_line"][0])
