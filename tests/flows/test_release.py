"""A person lets an order past a rule, and a message nobody could read keeps an older version from being released."""

import pytest

from flows.sights import Scene
from retail_ops.contracts.errors import DataError, PermissionDeniedError
from support.world import purchase, seed_odoo

HIGH = {"risk": {"recommendation": "INVESTIGATE", "level": "HIGH"}}


def under_review(scene: Scene, **more) -> tuple[str, int]:
    seed_odoo(scene.odoo, {"REL-1": 50})
    (order_id,) = scene.shop.place(purchase(("REL-1", 1, "10.00"), **{**HIGH, **more}))
    scene.run()
    assert scene.state(order_id) == ("review", "high_risk")
    (case,) = scene.cases(order_id)
    return order_id, case["case_id"]


def test_a_released_order_is_confirmed_and_its_case_closed(scene):
    order_id, case_id = under_review(scene)
    scene.world.desk("anna").release(case_id)
    scene.run()
    assert scene.state(order_id) == ("released", "released")
    assert scene.document(order_id)["state"] == "sale"
    assert not scene.cases(order_id)
    told = scene.world.rows("SELECT actor FROM ops.audit_entry WHERE action = 'case.released'")
    assert told == [("person:anna",)]


def test_without_a_release_the_order_stays_where_it_is(scene):
    """The negative control: time and further runs alone let nothing past."""
    order_id, _case_id = under_review(scene)
    scene.clock.move(3600)
    scene.run()
    assert scene.state(order_id) == ("review", "high_risk")
    assert scene.document(order_id)["state"] == "draft"


def test_every_other_rule_still_holds_after_a_release(scene):
    order_id, case_id = under_review(scene, payments=[{"status": "PENDING"}])
    scene.world.desk("local").release(case_id)
    scene.run()
    assert scene.state(order_id) == ("held", "not_paid")
    assert scene.document(order_id)["state"] == "draft"


def test_a_newer_version_is_asked_about_again(scene):
    order_id, case_id = under_review(scene)
    scene.shop.change(order_id, "edit", units=[{"line": 0, "current_units": 1}], add=[])
    scene.shop.change(order_id, "pay", kind="REFUND", amount="1.00")
    scene.world.desk("local").release(case_id)
    scene.run()
    assert scene.document(order_id)["state"] == "draft"
    assert scene.state(order_id)[0] in {"review", "held"}


def test_releasing_needs_its_permission_an_open_case_and_an_order_under_review(scene):
    _order_id, case_id = under_review(scene)
    with pytest.raises(PermissionDeniedError, match="release"):
        scene.world.desk("ops").release(case_id)
    with pytest.raises(DataError, match="no open case"):
        scene.world.desk("local").release(10_000)
    scene.world.desk("local").release(case_id)
    with pytest.raises(DataError, match="no open case"):
        scene.world.desk("local").release(case_id)


def test_a_newer_message_that_fits_no_contract_keeps_the_older_version_from_being_released(scene):
    seed_odoo(scene.odoo, {"REL-2": 0})
    (order_id,) = scene.shop.place(purchase(("REL-2", 1, "10.00")))
    scene.run()
    assert scene.state(order_id) == ("held", "short_stock")
    broken = scene.world.rows(
        "INSERT INTO ops.inbox_message (account, kind, external_id, revision, body, wrapped_key, state, received_at)"
        " VALUES ('shopify_uk', 'order', %s, repeat('0', 32), 'x', 'x', 'failed', now()) RETURNING inbox_id",
        order_id,
    )
    scene.odoo.control("stock", {"sku": "REL-2", "warehouse": "WH", "quantity": 5})
    scene.clock.move(700)
    scene.run()
    assert broken
    assert scene.state(order_id) == ("held", "newer_version_on_its_way")
    assert scene.document(order_id)["state"] == "draft"
    scene.world.rows("UPDATE ops.inbox_message SET state = 'unchanged' WHERE inbox_id = %s RETURNING 1", broken[0][0])
    scene.clock.move(700)
    scene.run()
    assert scene.state(order_id) == ("released", "released")
