"""Orders are cancelled whatever their state, unless somebody has processed them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from erp.odoo.making import VAT, Maker, to_document
from erp.odoo.running import StandIn
from retail_ops.contracts.order import Order
from retail_ops.erp.odoo.client import CompanyCaller
from retail_ops.erp.odoo.orders import OdooOrders

UK = Maker()
Names = Callable[[], str]


def placed(erp: OdooOrders, fresh: Names, *, confirm: bool = True) -> Order:
    name = fresh()
    order = UK.order(name, (UK.line(f"{name}-a", 1200, 2, UK.tax(VAT, 400)),))
    erp.place_orders([to_document(order)])
    if confirm:
        assert erp.confirm_orders([order])[0].outcome == "applied"
    return order


def state_of(standin: StandIn, order: Order) -> str:
    return str(standin.orders("shopify_uk", order.external_id)[0]["state"])


def test_quotations_and_confirmed_orders_are_cancelled(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    orders = [placed(erp, fresh, confirm=False), placed(erp, fresh)]
    results = erp.cancel_orders(orders)
    assert [(result.outcome, result.receipt["state"]) for result in results] == [("applied", "cancelled")] * 2
    assert [state_of(standin, order) for order in orders] == ["cancel", "cancel"]
    assert standin.orders("shopify_uk", orders[1].external_id)[0]["lines"][0]["quantity_reserved"] == "0"


def test_control_without_the_context_odoo_answers_and_does_nothing(
    erp: OdooOrders, standin: StandIn, fresh: Names
) -> None:
    order = placed(erp, fresh)
    order_id = standin.orders("shopify_uk", order.external_id)[0]["id"]
    answer = CompanyCaller(standin.client()).push("sale.order", "action_cancel", [order_id])
    assert isinstance(answer, dict)
    assert state_of(standin, order) == "sale"


def test_a_locked_order_is_unlocked_first(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    order = placed(erp, fresh)
    order_id = standin.orders("shopify_uk", order.external_id)[0]["id"]
    CompanyCaller(standin.client()).push("sale.order", "action_lock", [order_id])
    assert erp.cancel_orders([order])[0].outcome == "applied"
    assert state_of(standin, order) == "cancel"


def test_a_delivered_order_is_not_cancelled_and_does_not_hold_the_rest(
    erp: OdooOrders, standin: StandIn, fresh: Names
) -> None:
    delivered, other = placed(erp, fresh), placed(erp, fresh)
    standin.control("POST", "deliver", {"order_id": standin.orders("shopify_uk", delivered.external_id)[0]["id"]})
    results = erp.cancel_orders([delivered, other])
    assert [result.outcome for result in results] == ["rejected", "applied"]
    assert results[0].problem is not None
    assert results[0].problem.code == "already_processed"
    assert state_of(standin, delivered) == "sale"


def test_cancelling_again_changes_nothing(erp: OdooOrders, fresh: Names) -> None:
    order = placed(erp, fresh)
    first = erp.cancel_orders([order])
    assert erp.cancel_orders([order]) == first


def test_an_order_that_odoo_does_not_know_is_named(erp: OdooOrders, fresh: Names) -> None:
    (result,) = erp.cancel_orders([UK.order(fresh(), ())])
    assert result.problem is not None
    assert (result.outcome, result.problem.code) == ("rejected", "not_placed")


@pytest.mark.parametrize("fault", ["reset_before", "reset_after_effect", "http_500", "serialization_message"])
def test_a_fault_heals_on_the_next_call(erp: OdooOrders, standin: StandIn, fresh: Names, fault: str) -> None:
    order = placed(erp, fresh)
    standin.control("POST", "faults", {"fault": fault, "model": "sale.order", "method": "action_cancel"})
    assert erp.cancel_orders([order])[0].outcome in {"applied", "deferred"}
    assert erp.cancel_orders([order])[0].outcome == "applied"
    assert state_of(standin, order) == "cancel"
