"""What happens to an order after it arrived: edits, addresses, cancellations, in every state it may have in Odoo."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from flows.sights import Row, Scene, amounts
from support.world import purchase, seed_odoo

PLAIN = purchase(("TS-001", 3, "10.00"))
AUTHORISED = {**PLAIN, "payments": [{"kind": "AUTHORIZATION"}]}
ELSEWHERE = {**PLAIN["shipping_address"], "address1": "9 New Road", "city": "York", "zip_code": "YO1 7HH"}
ADDED = {
    "title": "Goods TS-002",
    "sku": "TS-002",
    "units": 1,
    "unit_price": "4.00",
    "taxes": [{"title": "VAT", "rate": "0.2"}],
}
EDIT: Row = {"units": [{"line": 0, "current_units": 2}], "add": [ADDED]}

ORDERS = {
    "quotation edited": AUTHORISED,
    "confirmed edited": PLAIN,
    "delivered edited": PLAIN,
    "confirmed moved": PLAIN,
    "delivered and paid back in part": PLAIN,
    "quotation cancelled": AUTHORISED,
    "confirmed cancelled": PLAIN,
    "delivered cancelled": PLAIN,
    "emptied": PLAIN,
    "touched": PLAIN,
}
DELIVERED = ("delivered edited", "delivered cancelled", "delivered and paid back in part")


@dataclass
class Story:
    scene: Scene
    ids: dict[str, str]
    before: dict[str, Row]
    counts: Row

    def document(self, name: str) -> Row:
        return self.scene.document(self.ids[name])

    def state(self, name: str) -> tuple[str, str]:
        return self.scene.state(self.ids[name])


def shipping_id(scene: Scene, document: Row) -> int:
    (row,) = scene.in_odoo("sale.order", "read", [document["id"]], ["partner_shipping_id"])
    return row["partner_shipping_id"][0]


@pytest.fixture(scope="module")
def story(scenes: Callable[..., Scene]) -> Story:
    scene = scenes()
    never, *ids = scene.shop.place(PLAIN, *ORDERS.values())
    by_name = dict(zip(ORDERS, ids, strict=True))
    scene.shop.change(never, "cancel")
    scene.run()
    before = {name: scene.document(order_id) for name, order_id in by_name.items()}
    for name, document in before.items():
        document["partner_shipping_id"] = shipping_id(scene, document)
        if name in DELIVERED:
            scene.odoo.control("deliver", {"order_id": document["id"]})
    shop = scene.shop
    for name in ("quotation edited", "confirmed edited", "delivered edited"):
        shop.change(by_name[name], "edit", **EDIT)
    shop.change(by_name["confirmed moved"], "address", address=ELSEWHERE)
    shop.change(by_name["delivered and paid back in part"], "pay", kind="REFUND", amount="1.00")
    for name in ("quotation cancelled", "confirmed cancelled", "delivered cancelled"):
        shop.change(by_name[name], "cancel", refund=True)
    shop.change(by_name["emptied"], "cancel", refund=True, restock=True)
    shop.change(by_name["touched"], "touch")
    counts = scene.run()
    return Story(scene, {**by_name, "never published": never}, before, counts)


def test_an_edit_of_a_quotation_changes_it_and_it_stays_held(story):
    document = story.document("quotation edited")
    assert (document["state"], story.state("quotation edited")) == ("draft", ("held", "not_paid"))
    assert (amounts(document, "TS-001"), amounts(document, "TS-002")) == ([("2.0", "20.00")], [("1.0", "4.00")])
    assert document["amount_total"] == "28.95"


def test_an_edit_of_a_confirmed_order_moves_its_reservation(story):
    document = story.document("confirmed edited")
    assert (document["state"], document["amount_total"]) == ("sale", "28.95")
    assert story.state("confirmed edited") == ("released", "follows the channel")
    reserved = {line["sku"]: line["quantity_reserved"] for line in document["lines"]}
    assert (reserved["TS-001"], reserved["TS-002"]) == ("2.0", "1.0")
    assert document["date_order"] == story.before["confirmed edited"]["date_order"]


def test_an_edit_of_a_delivered_order_is_a_conflict_with_the_difference(story):
    order_id = story.ids["delivered edited"]
    document = story.document("delivered edited")
    assert amounts(document, "TS-001") == amounts(story.before["delivered edited"], "TS-001")
    case = story.scene.case(order_id)
    assert (case["class"], case["code"]) == ("conflict", "already_processed")
    assert story.state("delivered edited") == ("conflict", "already_processed")
    difference = story.scene.receipt(order_id, "order.publish")["difference"]
    assert [(row["units"], row.get("erp_units")) for row in difference] == [(2, 3), (1, None)]


def test_a_new_address_reaches_the_order(story):
    document = story.document("confirmed moved")
    (partner,) = story.scene.in_odoo("res.partner", "read", [shipping_id(story.scene, document)], ["street", "city"])
    assert (partner["street"], partner["city"]) == ("9 New Road", "York")
    assert shipping_id(story.scene, document) != story.before["confirmed moved"]["partner_shipping_id"]
    assert story.state("confirmed moved") == ("released", "follows the channel")


def test_money_given_back_is_no_conflict_with_a_delivery(story):
    assert story.scene.revisions(story.ids["delivered and paid back in part"]) == 2
    assert story.state("delivered and paid back in part") == ("released", "follows the channel")
    assert story.scene.cases(story.ids["delivered and paid back in part"]) == []


def test_what_is_cancelled_before_it_was_published_never_reaches_odoo(story):
    assert story.scene.documents(story.ids["never published"]) == []
    assert story.state("never published") == ("cancelled", "cancelled_before_publication")


@pytest.mark.parametrize("name", ["quotation cancelled", "confirmed cancelled", "emptied"])
def test_a_cancellation_is_followed(name, story):
    assert (story.document(name)["state"], story.state(name)) == ("cancel", ("cancelled", "cancelled"))
    assert all(line["quantity_reserved"] in {"0", "0.0"} for line in story.document(name)["lines"])
    assert story.scene.cases(story.ids[name]) == []


def test_a_cancellation_after_the_delivery_is_a_conflict(story):
    order_id = story.ids["delivered cancelled"]
    assert (story.document("delivered cancelled")["state"], story.scene.case(order_id)["class"]) == ("sale", "conflict")
    assert story.state("delivered cancelled") == ("conflict", "already_processed")


def test_a_touch_makes_no_revision(story):
    assert story.scene.revisions(story.ids["touched"]) == 1
    assert story.document("touched") == {
        key: value for key, value in story.before["touched"].items() if key != "partner_shipping_id"
    }
    assert story.counts["stage"]["unchanged"] == 1


def test_a_conflict_that_is_replayed_too_early_is_one_again(story):
    order_id = story.ids["delivered edited"]
    first = story.scene.case(order_id)["case_id"]
    story.scene.replay(order_id)
    story.scene.run()
    assert story.state("delivered edited") == ("conflict", "already_processed")
    assert story.scene.case(order_id)["case_id"] != first


def test_every_audit_chain_is_whole_after_all_this(story):
    assert story.scene.world.desk().broken_chains() == []


@pytest.mark.usefixtures("open_gate")
def test_an_order_that_somebody_cancelled_in_odoo_is_not_revived_by_a_payment(scene):
    (order_id,) = scene.shop.place(AUTHORISED)
    scene.run()
    document = scene.document(order_id)
    scene.in_odoo("sale.order", "action_cancel", [document["id"]])
    scene.shop.change(order_id, "pay", kind="CAPTURE", parent=0)
    scene.run()
    assert scene.document(order_id)["state"] == "cancel"
    assert scene.case(order_id)["code"] == "changed_after_cancel"
    assert scene.state(order_id) == ("conflict", "changed_after_cancel")
    scene.in_odoo("sale.order", "action_draft", [document["id"]])
    scene.replay(order_id)
    scene.run()
    assert (scene.document(order_id)["state"], scene.state(order_id)) == ("sale", ("released", "released"))


@pytest.mark.usefixtures("open_gate")
def test_an_order_that_somebody_confirmed_in_odoo_counts_as_released(scene):
    (order_id,) = scene.shop.place({**AUTHORISED, "risk": {"recommendation": "INVESTIGATE", "level": "HIGH"}})
    scene.run()
    assert scene.state(order_id) == ("review", "high_risk")
    scene.in_odoo("sale.order", "action_confirm", [scene.document(order_id)["id"]])
    scene.shop.change(order_id, "pay", kind="CAPTURE", parent=0)
    scene.run()
    assert scene.state(order_id) == ("released", "follows the channel")
    assert scene.cases(order_id) == []


@pytest.mark.usefixtures("open_gate")
def test_a_quotation_that_somebody_cancelled_is_not_confirmed_when_its_stock_comes(scene):
    seed_odoo(scene.odoo, {"CHG-0": 0})
    (order_id,) = scene.shop.place(purchase(("CHG-0", 1, "10.00")))
    scene.run()
    scene.in_odoo("sale.order", "action_cancel", [scene.document(order_id)["id"]])
    scene.odoo.control("stock", {"sku": "CHG-0", "warehouse": "WH", "quantity": 5})
    scene.clock.move(601)
    scene.run()
    assert scene.document(order_id)["state"] == "cancel"
    assert (scene.case(order_id)["class"], scene.state(order_id)) == ("conflict", ("conflict", "cancelled"))
