"""What routing holds back, who has to look at it, and what lets it go: three runs over the same orders."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from flows.sights import Row, Scene
from retail_ops.flows.orders import publish
from retail_ops.governance.routing import Decision
from support.world import purchase, seed_odoo

AUTHORISED = {"kind": "AUTHORIZATION"}
ADDRESS: Row = purchase()["shipping_address"]
NO_CITY = {**ADDRESS, "city": None}


def order(sku: str = "TS-001", units: int = 1, price: str = "10.00", **more: Any) -> Row:
    return purchase((sku, units, price), **more)


def risk(level: str, recommendation: str = "ACCEPT") -> Row:
    return {"risk": {"recommendation": recommendation, "level": level}}


ORDERS: dict[str, Row] = {
    "paid": order(),
    "pending": order(payments=[{"status": "PENDING"}]),
    "authorised": order(payments=[AUTHORISED]),
    "unpaid": order(payments=[]),
    "partly paid": order(payments=[{"amount": "5.00"}]),
    "failed": order(payments=[{"status": "FAILURE"}]),
    "voided": order(payments=[AUTHORISED, {"kind": "VOID", "parent": 0}]),
    "high risk": order(**risk("HIGH", "INVESTIGATE")),
    "advised against": order(**risk("MEDIUM", "CANCEL")),
    "not assessed": order(**risk("PENDING", "NONE")),
    "large": order(price="5000.00", shipping=[]),
    "just below large": order(price="4999.99", shipping=[]),
    "large in yen": order(price="1000000", shipping=[], presentment_currency="JPY", shop_rate="0.005"),
    "no city": order(shipping_address=NO_CITY),
    "no city, nothing to send": order(shipping_address=NO_CITY, source="pos"),
    "sold out": order("HOLD-0"),
    "partly there": order("HOLD-1", 3),
    "last one, first": order("HOLD-2"),
    "last one, second": order("HOLD-2"),
}
ORDERS["no city, nothing to send"]["lines"][0]["requires_shipping"] = False
HELD_UNPAID = dict.fromkeys(("pending", "authorised", "unpaid", "partly paid"), ("held", "not_paid"))
AT_FIRST = {
    "paid": ("released", "released"),
    **HELD_UNPAID,
    "failed": ("held", "payment_failed"),
    "voided": ("held", "payment_failed"),
    "high risk": ("review", "high_risk"),
    "advised against": ("review", "channel_says_cancel"),
    "not assessed": ("held", "risk_not_assessed_yet"),
    "large": ("review", "large_value"),
    "just below large": ("released", "released"),
    "large in yen": ("review", "large_value"),
    "no city": ("review", "address_incomplete"),
    "no city, nothing to send": ("released", "released"),
    "sold out": ("held", "short_stock"),
    "partly there": ("held", "short_stock"),
    "last one, first": ("released", "released"),
    "last one, second": ("held", "short_stock"),
}
LET_GO = (
    "pending",
    "authorised",
    "unpaid",
    "partly paid",
    "failed",
    "high risk",
    "not assessed",
    "no city",
    "sold out",
)


@dataclass
class Told:
    """What could be seen after each run: state and reason, Odoo's state, open cases."""

    states: dict[str, tuple[str, str]]
    documents: dict[str, str]
    cases: dict[str, list[Row]]


@dataclass
class Story:
    scene: Scene
    ids: dict[str, str]
    told: list[Told]


def tell(scene: Scene, ids: dict[str, str]) -> Told:
    return Told(
        {name: scene.state(order_id) for name, order_id in ids.items()},
        {name: scene.document(order_id)["state"] for name, order_id in ids.items()},
        {name: scene.cases(order_id) for name, order_id in ids.items()},
    )


@pytest.fixture(scope="module")
def story(scenes: Callable[..., Scene]) -> Story:
    scene = scenes()
    seed_odoo(scene.odoo, {"HOLD-0": 0, "HOLD-1": 1, "HOLD-2": 1})
    ids = dict(zip(ORDERS, scene.shop.place(*ORDERS.values()), strict=True))
    scene.run()
    told = [tell(scene, ids)]
    # Time alone: everything that is decided again without a change on the channel.
    scene.clock.move(601)
    scene.odoo.control("stock", {"sku": "HOLD-0", "warehouse": "WH", "quantity": 5})
    scene.run()
    told.append(tell(scene, ids))
    for name in ("pending", "unpaid", "partly paid", "failed"):
        scene.shop.change(ids[name], "pay")
    scene.shop.change(ids["authorised"], "pay", kind="CAPTURE", parent=0)
    scene.shop.assess(ids["high risk"], "ACCEPT", "LOW")
    scene.shop.assess(ids["not assessed"], "ACCEPT", "LOW")
    scene.shop.change(ids["no city"], "address", address=ADDRESS)
    scene.shop.change(ids["large"], "pay", kind="REFUND", amount="1.00")
    scene.run()
    told.append(tell(scene, ids))
    return Story(scene, ids, told)


@pytest.mark.parametrize("name", ORDERS)
def test_the_first_rule_that_holds_decides(name, story):
    assert story.told[0].states[name] == AT_FIRST[name]


@pytest.mark.parametrize("name", ORDERS)
def test_what_is_not_released_is_a_quotation(name, story):
    expected = "sale" if AT_FIRST[name][0] == "released" else "draft"
    assert story.told[0].documents[name] == expected


@pytest.mark.parametrize("name", [name for name, (state, _) in AT_FIRST.items() if state == "review"])
def test_a_review_is_one_case_of_its_rule(name, story):
    (case,) = story.told[0].cases[name]
    assert (case["class"], case["code"], case["owner"]) == ("routing", AT_FIRST[name][1], "order-desk")


@pytest.mark.parametrize("name", [name for name, (state, _) in AT_FIRST.items() if state == "held"])
def test_a_hold_needs_nobody(name, story):
    assert story.told[0].cases[name] == []


def test_stock_that_came_back_releases_what_waited_for_it(story):
    assert story.told[1].states["sold out"] == ("released", "released")


@pytest.mark.parametrize("name", ["not assessed", "partly there", "last one, second", "pending", "high risk", "large"])
def test_time_alone_releases_nothing_else(name, story):
    assert story.told[1].states[name] == AT_FIRST[name]
    assert story.told[1].documents[name] == "draft"


@pytest.mark.parametrize("name", LET_GO)
def test_the_cause_gone_the_order_goes(name, story):
    assert story.told[2].states[name] == ("released", "released")
    assert story.told[2].documents[name] == "sale"
    assert story.told[2].cases[name] == []


@pytest.mark.parametrize("name", ["large", "advised against", "large in yen"])
def test_a_review_stays_one_while_its_reason_does(name, story):
    """`large` got a new revision in between, the others none."""
    assert story.told[2].states[name] == AT_FIRST[name]
    assert story.told[2].documents[name] == "draft"
    assert [case["code"] for case in story.told[2].cases[name]] == [AT_FIRST[name][1]]


def test_a_new_revision_of_a_reviewed_order_was_published(story):
    assert story.scene.revisions(story.ids["large"]) == 2
    assert [status for _, status in story.scene.commands(story.ids["large"])] == ["done", "done"]


def test_a_voided_authorisation_stays_held(story):
    assert story.told[2].states["voided"] == ("held", "payment_failed")


@pytest.mark.usefixtures("open_gate")
def test_the_control_notices_a_review_that_is_let_go(scene, monkeypatch):
    """Negative control: a routing that always releases is seen by the same look."""
    (order_id,) = scene.shop.place(ORDERS["high risk"])
    monkeypatch.setattr(publish, "decide", lambda *_: Decision("release", "broken"))
    scene.run()
    assert scene.state(order_id) != AT_FIRST["high risk"]
    assert scene.document(order_id)["state"] != "draft"


@pytest.mark.usefixtures("open_gate")
def test_short_stock_that_is_released_anyway_shows_in_the_receipt(scene, governed):
    """Without the stock rule a short order is confirmed, and the receipt says what was set aside."""
    seed_odoo(scene.odoo, {"HOLD-3": 2})
    settings = governed("routing.yaml", old="when: {stock: [short]}", new="when: {stock: [short], source: [nowhere]}")
    (order_id,) = scene.shop.place(order("HOLD-3", 5))
    scene.under(settings).run()
    assert scene.state(order_id) == ("released", "released")
    receipt = scene.receipt(order_id, "order.confirm")
    assert (receipt["wanted_units"], receipt["reserved_units"], receipt["short_skus"]) == (5, 2, ["HOLD-3"])
