"""Every task twice in a row, and each alone again, changes nothing: neither in the store nor in Odoo."""

from collections.abc import Callable

import pytest

from flows.sights import Scene
from retail_ops.erp.odoo import names, placing, viewing
from retail_ops.store import staging
from support.world import purchase, seed_odoo

PLAIN = purchase(("TS-001", 2, "10.00"))
LEVY = {
    "title": "Bottle",
    "sku": "TS-001",
    "units": 1,
    "unit_price": "10.50",
    "taxes": [{"title": "Odd levy", "rate": "0.05"}],
}


@pytest.fixture(scope="module")
def settled(scenes: Callable[..., Scene]) -> Scene:
    """A store with an order in every state, and nothing left to do."""
    scene = scenes()
    seed_odoo(scene.odoo, {"REP-0": 0})
    _, _, _, _, _, edited, cancelled, _ = scene.shop.place(
        PLAIN,
        {**PLAIN, "payments": []},
        {**PLAIN, "risk": {"recommendation": "CANCEL", "level": "HIGH"}},
        {**PLAIN, "lines": [LEVY]},
        purchase(("REP-0", 1, "10.00")),
        PLAIN,
        PLAIN,
        purchase(("REP-NONE", 1, "10.00")),
    )
    scene.run()
    scene.shop.change(edited, "edit", units=[{"line": 0, "current_units": 1}])
    scene.shop.change(cancelled, "cancel", refund=True)
    scene.run()
    return scene


def test_every_state_is_there(settled):
    states = {row[0] for row in settled.world.rows("SELECT DISTINCT state FROM ops.entity")}
    assert states == {"released", "held", "review", "quarantined", "cancelled"}


@pytest.mark.parametrize(
    "tasks", ["stage", "judge", "publish", "stage stage", "judge judge", "publish publish", "stage judge publish"]
)
def test_a_repeated_task_changes_nothing(tasks, settled):
    before = settled.everything()
    with settled.lane() as lane:
        for task in tasks.split():
            getattr(lane, task)()
    assert settled.everything() == before


def test_a_message_that_comes_again_with_another_version_changes_no_document(settled):
    documents = settled.everything()[-1]
    settled.shop.change(documents[0]["origin"].removeprefix("shopify_uk:"), "touch")
    settled.run()
    assert settled.everything()[-1] == documents


def test_a_replay_of_everything_changes_only_what_can_be_mended(settled):
    documents = settled.everything()[-1]
    desk = settled.world.desk()
    open_cases = {row["code"] for row in desk.cases(None, "open", 100)}
    for row in desk.cases(None, "open", 100):
        if row["class"] != "routing":
            desk.replay(row["case_id"], dry_run=False)
    settled.run()
    assert settled.everything()[-1] == documents
    assert {row["code"] for row in desk.cases(None, "open", 100)} == open_cases


@pytest.mark.usefixtures("open_gate")
def test_the_control_notices_a_repetition_that_is_taken_for_news(scene, monkeypatch):
    """Negative control: a store that stages what it already has is seen by the same comparison."""
    (order_id,) = scene.shop.place(PLAIN)
    scene.run()
    before = scene.everything()
    monkeypatch.setattr(staging, "_outcome", lambda *_: "staged")
    scene.shop.change(order_id, "touch")
    scene.shop.postpone(order_id)
    scene.clock.move(2)
    scene.run()
    assert scene.revisions(order_id) == 2
    assert scene.everything() != before


@pytest.mark.usefixtures("open_gate")
def test_the_control_notices_a_second_document(scene, monkeypatch, dying):
    """Negative control: with another external id for the second try, Odoo has the order twice."""
    (order_id,) = scene.shop.place(PLAIN)
    scene.stage_and_judge()

    dying(scene)
    for module in (placing, viewing):
        monkeypatch.setattr(module, "order_name", lambda account, order: f"{names.order_name(account, order)}-2")
    monkeypatch.setattr(placing, "line_name", lambda *key: f"{names.line_name(*key)}-2")
    scene.publish()
    assert len(scene.documents(order_id)) == 2
