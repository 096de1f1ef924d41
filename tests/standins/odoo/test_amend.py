"""Amending orders: what a change of quantity resets, and what a confirmed order forbids."""

import pytest


@pytest.fixture
def confirmed(call):
    order = call.order({"product_uom_qty": 10, "price_unit": 3, "discount": 10})
    call("sale.order", "action_confirm", [order])
    return order, call.line(order)["id"]


def shown(call, order):
    line = call.line(order, "price_unit", "technical_price_unit", "discount")
    return line["price_unit"], line["technical_price_unit"], line["discount"]


def test_the_first_quantity_write_resets_price_and_discount_as_recorded(call):
    order = call.order({"product_uom_qty": 1, "price_unit": 3, "discount": 10})
    line = call.line(order)["id"]
    assert shown(call, order) == (3.0, 3.0, 10.0)
    call("sale.order", "write", [order], {"order_line": [[1, line, {"product_uom_qty": 2}]]})
    assert shown(call, order) == (10.0, 10.0, 0.0)
    call(
        "sale.order",
        "write",
        [order],
        {"order_line": [[1, line, {"product_uom_qty": 3, "price_unit": 3, "discount": 10}]]},
    )
    assert shown(call, order) == (3.0, 10.0, 10.0)
    call("sale.order.line", "write", [line], {"product_uom_qty": 4})
    assert shown(call, order) == (3.0, 10.0, 0.0)
    call("sale.order", "write", [order], {"origin": "x"})
    assert shown(call, order) == (3.0, 10.0, 0.0)


def test_a_quotation_takes_update_removal_and_addition_in_one_write(erp, call):
    order = call.order({"product_uom_qty": 10, "price_unit": 10}, {"product_uom_qty": 5, "price_unit": 10})
    first, second = (line["id"] for line in call.lines(order))
    new = {"product_id": erp.product("SHIP"), "price_unit": 3, "tax_id": [[5, 0, 0]]}
    commands = [[1, first, {"product_uom_qty": 12}], [2, second], [0, 0, new]]
    assert call("sale.order", "write", [order], {"order_line": commands}) is True
    assert [line["price_unit"] for line in call.lines(order, "price_unit")] == [10.0, 3.0]
    assert call.get(order, "amount_total") == 123.0


def test_a_confirmed_quantity_moves_the_same_move_up_and_down(call, confirmed):
    order, line = confirmed
    before = call.moves(order)[0]
    for quantity in (15, 8):
        call("sale.order", "write", [order], {"order_line": [[1, line, {"product_uom_qty": quantity}]]})
        (move,) = call.moves(order)
        assert (move["id"], move["product_uom_qty"], move["quantity"]) == (before["id"], quantity, quantity)
    assert len(call.get(order, "picking_ids")) == 1


def test_an_added_line_joins_the_open_delivery(erp, call, confirmed):
    order, _ = confirmed
    call("sale.order", "write", [order], {"order_line": [[0, 0, {"product_id": erp.product(), "product_uom_qty": 2}]]})
    assert len({move["picking_id"][0] for move in call.moves(order)}) == 1
    assert len(call.moves(order)) == 2


def test_quantity_zero_cancels_the_move_and_a_later_raise_makes_a_new_delivery(call, confirmed):
    order, line = confirmed
    free = call.free()["free_qty"]
    call("sale.order.line", "write", [line], {"product_uom_qty": 0})
    assert call.free()["free_qty"] == free + 10
    assert call.moves(order)[0]["state"] == "cancel"
    assert (call.get(order, "state"), call.get(order, "invoice_status")) == ("sale", "invoiced")
    call("sale.order.line", "write", [line], {"product_uom_qty": 4})
    first, second = call.moves(order)
    assert (second["state"], second["quantity"]) == ("assigned", 4.0)
    assert first["picking_id"] != second["picking_id"]


def test_a_confirmed_order_keeps_its_lines_product_and_price_list(erp, call, refused, confirmed):
    order, line = confirmed
    with refused("odoo.exceptions.UserError", "Once a sales order is confirmed, you can't remove one of its lines"):
        call("sale.order", "write", [order], {"order_line": [[2, line]]})
    with refused("odoo.exceptions.UserError", "You cannot modify the product of this order line."):
        call("sale.order.line", "write", [line], {"product_id": erp.product("RARE")})
    with refused("odoo.exceptions.UserError", "pricelist"):
        call("sale.order", "write", [order], {"pricelist_id": erp.ids["pricelists"]["JPY"]})
    call("sale.order.line", "write", [line], {"price_unit": 7})
    assert call.get(order, "amount_total") == 63.0


def test_less_than_delivered_is_refused_equal_cancels_the_rest(erp, call, refused, confirmed):
    order, line = confirmed
    assert erp.control("POST", "deliver", {"order_id": order, "lines": {str(line): 4}}).status_code == 200
    assert call.line(order, "qty_delivered")["qty_delivered"] == 4.0
    assert call.get(order, "delivery_status") == "partial"
    assert sorted(move["state"] for move in call.moves(order)) == ["assigned", "done"]
    for quantity in (3, -1):
        with refused("odoo.exceptions.UserError", "cannot be decreased below the amount already delivered"):
            call("sale.order.line", "write", [line], {"product_uom_qty": quantity})
    call("sale.order.line", "write", [line], {"product_uom_qty": 4})
    assert sorted(move["state"] for move in call.moves(order)) == ["cancel", "done"]
    assert call.get(order, "delivery_status") == "full"


def test_a_delivered_order_can_still_be_cancelled(erp, call, confirmed):
    order, _ = confirmed
    before = call.free()["qty_available"]
    assert erp.control("POST", "deliver", {"order_id": order, "lines": None}).status_code == 200
    assert call.free()["qty_available"] == before - 10
    pickings = call("stock.picking", "search_read", [["sale_id", "=", order]], ["state", "date_done"])
    assert [row["state"] for row in pickings] == ["done"]
    assert pickings[0]["date_done"]
    assert call("sale.order", "action_cancel", [order], context={"disable_cancel_warning": True}) is True
    assert call.get(order, "state") == "cancel"


def test_the_delivery_follows_the_shipping_address(erp, call, confirmed):
    order, _ = confirmed
    child = call("res.partner", "create", {"name": "Dock", "type": "delivery", "parent_id": erp.partner})
    call("sale.order", "write", [order], {"partner_shipping_id": child, "warehouse_id": 2})
    (picking,) = call("stock.picking", "read", call.get(order, "picking_ids"), ["partner_id", "location_id"])
    assert picking["partner_id"] == [child, "Jane Doe, Dock"]
    assert picking["location_id"][1] == "WH/Stock"
