"""Far sides that are away, slow, strict or wrongly set up: nothing is lost or doubled, and the right people know."""

import dataclasses
from typing import Any

import pytest

from flows.sights import Row, amounts
from retail_ops.contracts.errors import AuthorisationError, ConfigurationError, TransientError
from retail_ops.erp.odoo import placing
from support.world import purchase

pytestmark = pytest.mark.usefixtures("open_gate")
PLAIN = purchase(("TS-001", 2, "10.00"))
# Longer than the longest back-off.
LATER = 700


def fault(model: str, method: str, kind: str, times: int = 1) -> Row:
    return {"model": model, "method": method, "fault": kind, "times": times, "seconds": 0.05}


# The look at what Odoo has is a search by origin; placing is tried three times.
AWAY = {
    "the look": [fault("sale.order", "search_read", "http_500")],
    "partners": [fault("res.partner", "load", "reset_before", 3)],
    "placing, before its effect": [fault("sale.order", "load", "reset_before", 3)],
    "placing, after its effect": [fault("sale.order", "load", "reset_after_effect", 3)],
    "placing, timed out after its effect": [fault("sale.order", "load", "time_out_after_effect", 3)],
    "free stock": [fault("product.product", "read", "html_503")],
    "confirming": [fault("sale.order", "action_confirm", "http_500")],
}


@pytest.mark.parametrize("name", AWAY)
def test_odoo_away_defers_and_the_order_arrives_once(name, scene):
    (order_id,) = scene.shop.place(PLAIN)
    scene.stage_and_judge()
    for queued in AWAY[name]:
        scene.odoo.control("faults", queued)
    with pytest.raises(TransientError, match="they stay due"):
        scene.publish()
    assert scene.state(order_id)[0] in {"staged", "quotation"}
    assert scene.commands(order_id)[-1][1] == "ready"
    assert scene.publish() == {}, "the back-off is not over"
    scene.clock.move(LATER)
    scene.run()
    assert scene.state(order_id) == ("released", "released")
    assert amounts(scene.document(order_id), "TS-001") == [("2.0", "20.00")]
    assert scene.cases(order_id) == []


@pytest.mark.parametrize("kind", ["reset_after_effect", "time_out_after_effect", "malformed_json"])
def test_a_lost_answer_to_a_confirmation_is_looked_up_at_once(kind, scene):
    (order_id,) = scene.shop.place(PLAIN)
    scene.odoo.control("faults", fault("sale.order", "action_confirm", kind))
    scene.run()
    assert scene.state(order_id) == ("released", "released")


def test_each_attempt_waits_longer(scene):
    (order_id,) = scene.shop.place(PLAIN)
    scene.stage_and_judge()
    scene.odoo.control("faults", fault("sale.order", "search_read", "http_500", 4))
    waits = []
    for _ in range(4):
        with pytest.raises(TransientError):
            scene.publish()
        ((due,),) = scene.world.rows("SELECT next_at FROM ops.outbox WHERE external_id = %s", order_id)
        waits.append(round((due - scene.clock.now()).total_seconds()))
        scene.clock.move(waits[-1] + 1)
    assert [abs(wait - wanted) <= 2 for wait, wanted in zip(waits, (5, 15, 45, 120), strict=True)] == [True] * 4


def test_one_order_that_odoo_refuses_does_not_hold_the_other_24(scene, monkeypatch):
    ids = scene.shop.place(*[purchase(("TS-001", 1, f"{price}.00")) for price in range(10, 35)])
    bad = ids[12]
    honest = placing.order_record
    product = len(placing._HEADER_COLUMNS) + 1 + placing.LINE_COLUMNS.index("product_id/.id")

    def spoilt(document: Any, *more: Any) -> Any:
        record = honest(document, *more)
        if document.order.external_id != bad:
            return record
        return dataclasses.replace(
            record, rows=tuple((*row[:product], "999999", *row[product + 1 :]) for row in record.rows)
        )

    with monkeypatch.context() as today:
        today.setattr(placing, "order_record", spoilt)
        counts = scene.run()["publish"]
    assert (counts["done"], counts["parked"]) == (48, 1)
    assert [scene.state(order_id)[0] for order_id in ids if order_id != bad] == ["released"] * 24
    assert (scene.state(bad), scene.documents(bad)) == (("review", "odoo_refused"), [])
    assert scene.case(bad)["code"] == "odoo_refused"
    scene.replay(bad)
    scene.run()
    assert (scene.state(bad), scene.cases(bad)) == (("released", "released"), [])


def test_a_throttled_shop_is_waited_out(scene):
    (order_id,) = scene.shop.place(PLAIN)
    scene.shop.control("faults", {"fault": "throttled", "times": 2})
    scene.shop.control("faults", {"fault": "http_429", "seconds": 0.1})
    scene.run()
    assert scene.state(order_id) == ("released", "released")


@pytest.mark.parametrize(
    ("kind", "error"),
    [("http_500", TransientError), ("cut_answer", TransientError), ("expired_token", AuthorisationError)],
)
def test_a_shop_that_fails_loses_nothing(kind, error, scene):
    (order_id,) = scene.shop.place(PLAIN)
    scene.shop.control("faults", {"fault": kind, "times": 1})
    with pytest.raises(error):
        scene.run()
    assert scene.world.rows("SELECT count(*) FROM ops.cursor") == [(0,)]
    scene.run()
    assert scene.state(order_id) == ("released", "released")


def test_refused_credentials_of_odoo_stop_the_lane_and_give_the_work_back(scene):
    (order_id,) = scene.shop.place(PLAIN)
    scene.stage_and_judge()
    locked_out = dataclasses.replace(scene, world=dataclasses.replace(scene.world, passwords={"odoo": "wrong"}))
    with pytest.raises(AuthorisationError, match="refuses the log-in"):
        locked_out.publish()
    rows = scene.world.rows("SELECT status, crashes, last_error FROM ops.outbox WHERE external_id = %s", order_id)
    assert rows == [("ready", 0, "AuthorisationError")]
    scene.publish()
    assert scene.state(order_id) == ("released", "released")


def test_a_refused_token_of_the_shop_stops_the_lane(scene):
    (order_id,) = scene.shop.place(PLAIN)
    locked_out = dataclasses.replace(scene, world=dataclasses.replace(scene.world, passwords={"shopify_uk": "wrong"}))
    with pytest.raises(AuthorisationError):
        locked_out.run()
    scene.run()
    assert scene.state(order_id) == ("released", "released")


def test_everything_that_a_mapping_names_in_vain_is_named_at_once(scene, governed):
    (order_id,) = scene.shop.place(PLAIN)
    scene.stage_and_judge()
    governed("mappings/shopify_uk.yaml", old="GBP: Shopify GBP", new="GBP: No Such List")
    governed("mappings/shopify_uk.yaml", old="tip: RO-TIP", new="tip: RO-NONE")
    settings = governed("mappings/shopify_uk.yaml", old="odoo: UK VAT 20% incl", new="odoo: No Such Tax")
    with pytest.raises(ConfigurationError) as caught:
        scene.under(settings).publish()
    for missing in ("price list in GBP 'No Such List'", "tip product 'RO-NONE'", "sale tax 'No Such Tax'"):
        assert f"{missing} is missing" in str(caught.value)
    assert scene.commands(order_id) == [("order.publish", "ready")]
    scene.publish()
    assert scene.state(order_id) == ("released", "released")


def test_a_product_that_the_mapping_leaves_out_holds_the_order(scene, governed):
    settings = governed("mappings/shopify_uk.yaml", old="  tip: RO-TIP\n", new="")
    (order_id,) = scene.shop.place({**PLAIN, "tip": "1.00"})
    scene.under(settings).run()
    case = scene.case(order_id)
    assert (case["class"], case["code"], case["owner"]) == ("mapping", "unmapped_product", "erp-team")
    assert scene.state(order_id) == ("held", "unmapped_product")
    scene.replay(order_id)
    scene.run()
    assert scene.state(order_id) == ("released", "released")


def test_the_order_of_an_erased_person_is_published_without_personal_data(scene):
    (order_id,) = scene.shop.place(
        {**PLAIN, "customer": {"key": "gone", "first_name": "Gone", "last_name": "Person", "email": "gone@example.com"}}
    )
    scene.stage_and_judge()
    with scene.world.database.connect() as owner:
        owner.execute("DELETE FROM ops.vault_item")
        owner.execute("UPDATE ops.vault_subject SET wrapped_key = NULL, erased_at = now()")
    scene.publish()
    assert scene.state(order_id) == ("released", "released")
    (partner,) = scene.in_odoo(
        "res.partner", "read", [scene.document(order_id)["partner_id"]], ["name", "email", "phone"]
    )
    assert (partner["name"], partner["email"], partner["phone"]) == ("Customer", False, False)
