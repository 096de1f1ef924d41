"""Only the newest revision counts: whatever comes late, is on its way, or was left half done by a run that died."""

from collections.abc import Callable

import pytest

from flows.sights import Scene, amounts
from retail_ops.flows.orders import publish
from retail_ops.flows.orders.facts import facts
from retail_ops.flows.orders.publish import PublishFlow
from retail_ops.store.orders import PostgresOrderStore
from support.world import purchase, seed_odoo

pytestmark = pytest.mark.usefixtures("open_gate")
PLAIN = purchase(("TS-001", 3, "10.00"))
AUTHORISED = {**PLAIN, "payments": [{"kind": "AUTHORIZATION"}]}
OTHER_STREET = {**PLAIN["shipping_address"], "address1": "9 New Road"}


def two_of_three(scene: Scene, order_id: str, units: int = 2) -> None:
    scene.shop.change(order_id, "edit", units=[{"line": 0, "current_units": units}])


def test_an_older_message_after_a_newer_one_is_outdated(scene):
    (order_id,) = scene.shop.place(AUTHORISED)
    with scene.lane() as lane:
        older = lane.channel.fetch_order(order_id)
        two_of_three(scene, order_id)
        scene.shop.postpone(order_id)
        scene.clock.move(2)
        lane.stage()
        assert lane.store.receive("shopify_uk", [older]) == 1
        assert lane.stage() == {"received": 0, "outdated": 1}
    scene.run()
    assert scene.revisions(order_id) == 1
    assert amounts(scene.document(order_id), "TS-001") == [("2.0", "20.00")]


def test_of_two_unpublished_revisions_only_the_newest_is_published(scene):
    (order_id,) = scene.shop.place(PLAIN)
    scene.stage_and_judge()
    two_of_three(scene, order_id)
    scene.stage_and_judge()
    scene.publish()
    assert scene.commands(order_id) == [
        ("order.publish", "superseded"),
        ("order.publish", "done"),
        ("order.confirm", "done"),
    ]
    assert amounts(scene.document(order_id), "TS-001") == [("2.0", "20.00")]
    assert scene.state(order_id) == ("released", "released")


def placed_while_a_newer_one_waits(scene: Scene) -> str:
    (order_id,) = scene.shop.place(PLAIN)
    scene.stage_and_judge()
    two_of_three(scene, order_id)
    with scene.lane() as lane:
        lane.stage()
    scene.publish()
    return order_id


def test_nothing_is_released_while_a_newer_revision_is_on_its_way(scene):
    order_id = placed_while_a_newer_one_waits(scene)
    assert (scene.document(order_id)["state"], scene.state(order_id)) == ("draft", ("held", "newer_version_on_its_way"))
    scene.run()
    assert (scene.document(order_id)["state"], scene.state(order_id)) == ("sale", ("released", "released"))
    assert amounts(scene.document(order_id), "TS-001") == [("2.0", "20.00")]


def test_the_control_notices_the_release_of_an_older_revision(scene, monkeypatch):
    """Negative control: a flow that does not ask for newer revisions confirms the older one."""

    def blind(order, free, *, newer_version, velocity):
        return facts(order, free, newer_version=False, velocity=velocity)

    monkeypatch.setattr(publish, "facts", blind)
    monkeypatch.setattr(PublishFlow, "_settle_early", lambda _self, _command: None)
    assert scene.document(placed_while_a_newer_one_waits(scene))["state"] != "draft"


def died_after_placing(scene: Scene, dying: Callable[[Scene], None]) -> str:
    (order_id,) = scene.shop.place(PLAIN)
    scene.stage_and_judge()
    dying(scene)
    assert (scene.document(order_id)["state"], scene.world.entity(order_id)[2]) == ("draft", None)
    return order_id


def test_an_edit_after_a_death_between_placing_and_recording_is_not_lost(scene, dying):
    order_id = died_after_placing(scene, dying)
    two_of_three(scene, order_id)
    scene.run()
    assert amounts(scene.document(order_id), "TS-001") == [("2.0", "20.00")]
    assert (scene.document(order_id)["state"], scene.state(order_id)) == ("sale", ("released", "released"))
    assert scene.cases(order_id) == []


def test_an_address_after_a_death_between_placing_and_recording_is_not_lost(scene, dying):
    """The total is the same before and after: only a look at the order tells."""
    order_id = died_after_placing(scene, dying)
    scene.shop.change(order_id, "address", address=OTHER_STREET)
    scene.run()
    (row,) = scene.in_odoo("sale.order", "read", [scene.document(order_id)["id"]], ["partner_shipping_id"])
    (partner,) = scene.in_odoo("res.partner", "read", [row["partner_shipping_id"][0]], ["street"])
    assert partner["street"] == "9 New Road"


def test_a_cancellation_after_a_death_between_placing_and_recording_reaches_odoo(scene, dying):
    order_id = died_after_placing(scene, dying)
    scene.shop.change(order_id, "cancel", refund=True)
    scene.run()
    assert (scene.document(order_id)["state"], scene.state(order_id)) == ("cancel", ("cancelled", "cancelled"))


def test_the_same_revision_after_a_death_between_placing_and_recording_arrives_once(scene, dying):
    order_id = died_after_placing(scene, dying)
    scene.run()
    assert (scene.document(order_id)["state"], scene.state(order_id)) == ("sale", ("released", "released"))


def test_an_edit_that_is_taken_back_after_a_death_is_taken_back_in_odoo(scene, dying):
    (order_id,) = scene.shop.place(AUTHORISED)
    scene.run()
    two_of_three(scene, order_id)
    scene.stage_and_judge()
    dying(scene)
    assert amounts(scene.document(order_id), "TS-001") == [("2.0", "20.00")]
    two_of_three(scene, order_id, units=3)
    scene.run()
    assert amounts(scene.document(order_id), "TS-001") == [("3.0", "30.00")]


def test_a_death_after_confirming_the_last_unit_is_no_short_stock(scene, dying, monkeypatch):
    seed_odoo(scene.odoo, {"VER-1": 1})
    (order_id,) = scene.shop.place(purchase(("VER-1", 1, "10.00")))
    scene.stage_and_judge()
    settle = PostgresOrderStore.settle

    def killed(self, settlements):
        if any(settlement.command.action == "order.confirm" for settlement in settlements):
            raise KeyboardInterrupt
        return settle(self, settlements)

    with monkeypatch.context() as last_moment:
        last_moment.setattr(PostgresOrderStore, "settle", killed)
        with pytest.raises(KeyboardInterrupt):
            scene.publish()
    assert scene.document(order_id)["state"] == "sale"
    scene.run()
    assert scene.state(order_id) == ("released", "released")
    assert scene.receipt(order_id, "order.confirm")["reserved_units"] == 1
