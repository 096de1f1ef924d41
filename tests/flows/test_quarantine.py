"""What does not fit stops with a case that names it; its neighbours go on, and the mended order goes through."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from flows.sights import Row, Scene, amounts
from retail_ops.contracts.errors import ConfigurationError, GateCrashedError
from retail_ops.gates import expectations
from support.world import purchase, seed_odoo


def patched(path: str, value: Any = None, action: str = "set") -> Row:
    return {"path": path, "action": action, "value": value}


def corrupted(*patches: Row) -> Row:
    return purchase(("TS-001", 1, "10.00"), raw_patch=list(patches))


TOTAL = "currentTotalPriceSet.{}.amount"
BROKEN: dict[str, tuple[Row, tuple[str, str, str]]] = {
    "missing field": (
        corrupted(patched("lineItems.nodes.0.id", action="remove")),
        ("data", "missing_field", "lineItems.nodes[0].id"),
    ),
    "wrong type": (
        corrupted(patched("lineItems.nodes.0.quantity", "two")),
        ("data", "wrong_type", "lineItems.nodes[0].quantity"),
    ),
    "unknown enum": (
        corrupted(patched("risk.recommendation", "MAYBE")),
        ("data", "unknown_enum", "risk.recommendation"),
    ),
    "bad amount": (
        corrupted(patched(TOTAL.format("presentmentMoney"), "14,95")),
        ("data", "bad_amount", "currentTotalPriceSet.presentmentMoney.amount"),
    ),
    "unbalanced": (
        corrupted(patched(TOTAL.format("presentmentMoney"), "14.96"), patched(TOTAL.format("shopMoney"), "14.96")),
        ("gate", "order_imbalance", "totals.total.shop"),
    ),
}


@dataclass
class Story:
    scene: Scene
    ids: dict[str, str]
    counts: Row
    cases: dict[str, list[Row]]
    states: dict[str, tuple[str, str] | None]
    documents: dict[str, int]


def tell(scene: Scene, ids: dict[str, str], counts: Row) -> Story:
    known = {row[0] for row in scene.world.rows("SELECT external_id FROM ops.entity")}
    return Story(
        scene,
        ids,
        counts,
        {name: scene.cases(order_id) for name, order_id in ids.items()},
        {name: scene.state(order_id) if order_id in known else None for name, order_id in ids.items()},
        {name: len(scene.documents(order_id)) for name, order_id in ids.items()},
    )


@pytest.fixture(scope="module")
def broken(scenes: Callable[..., Scene]) -> Story:
    scene = scenes()
    good = purchase(("TS-001", 1, "10.00"))
    orders = {"before": good, **{name: given for name, (given, _) in BROKEN.items()}, "after": good}
    ids = dict(zip(orders, scene.shop.place(*orders.values()), strict=True))
    return tell(scene, ids, scene.run())


@pytest.fixture(scope="module")
def mended(broken: Story) -> Story:
    for name in BROKEN:
        broken.scene.shop.mend(broken.ids[name])
    return tell(broken.scene, broken.ids, broken.scene.run())


@pytest.mark.parametrize("name", BROKEN)
def test_a_case_names_the_field(name, broken):
    kind, code, field = BROKEN[name][1]
    case = broken.cases[name][0]
    assert (case["class"], case["code"], case["field"]) == (kind, code, field)
    assert broken.documents[name] == 0


def test_the_neighbours_go_on(broken):
    assert broken.states["before"] == broken.states["after"] == ("released", "released")
    assert broken.counts["stage"] == {"received": 7, "staged": 3, "failed": 4}
    assert broken.counts["judge"] == {"batches": 1, "batches_quarantined": 1, "passed": 2, "failed": 1}


def test_an_unbalanced_order_is_quarantined(broken):
    assert broken.states["unbalanced"] == ("quarantined", "orders/publish")


@pytest.mark.parametrize("name", BROKEN)
def test_the_newer_revision_arrives_and_closes_the_case(name, mended):
    assert mended.states[name] == ("released", "released")
    assert (mended.cases[name], mended.documents[name]) == ([], 1)
    assert {case["code"] for case in mended.scene.cases(mended.ids[name], "closed")}


@pytest.mark.usefixtures("open_gate")
def test_the_control_notices_a_gate_that_lets_everything_pass(scene):
    """Negative control: with a gate that finds nothing, the unbalanced order goes on to Odoo."""
    (order_id,) = scene.shop.place(BROKEN["unbalanced"][0])
    scene.run()
    assert scene.state(order_id)[0] != "quarantined"


def test_an_unknown_sku_waits_for_its_product(scene):
    bad, good = scene.shop.place(purchase(("LATE-1", 1, "10.00")), purchase(("TS-001", 1, "10.00")))
    scene.run()
    case = scene.case(bad)
    assert (case["class"], case["code"], case["field"]) == ("gate", "unknown_sku", "lines[0].sku")
    assert (scene.state(bad), scene.documents(bad)) == (("quarantined", "orders/publish"), [])
    assert scene.state(good) == ("released", "released")
    scene.run()
    assert scene.documents(bad) == []
    seed_odoo(scene.odoo, {"LATE-1": 5})
    assert "judged again" in scene.replay(bad)
    scene.run()
    assert scene.state(bad) == ("released", "released")
    assert amounts(scene.document(bad), "LATE-1") == [("1.0", "10.00")]
    assert scene.cases(bad) == []


UNKNOWN = {
    "title": "Goods",
    "sku": "NOWHERE",
    "units": 1,
    "unit_price": "4.00",
    "taxes": [{"title": "VAT", "rate": "0.2"}],
}


def test_an_older_revision_is_not_released_while_the_newer_one_is_quarantined(scene):
    seed_odoo(scene.odoo, {"VER-0": 0})
    (order_id,) = scene.shop.place(purchase(("VER-0", 1, "10.00")))
    scene.run()
    assert scene.state(order_id) == ("held", "short_stock")
    scene.shop.change(order_id, "edit", add=[UNKNOWN])
    scene.run()
    scene.odoo.control("stock", {"sku": "VER-0", "warehouse": "WH", "quantity": 5})
    for _ in range(2):
        scene.clock.move(601)
        scene.run()
    assert scene.document(order_id)["state"] == "draft"
    assert scene.case(order_id)["code"] == "unknown_sku"
    seed_odoo(scene.odoo, {"NOWHERE": 5})
    scene.replay(order_id)
    scene.run()
    assert amounts(scene.document(order_id), "NOWHERE") == [("1.0", "4.00")]
    assert (scene.state(order_id), scene.cases(order_id)) == (("held", "not_paid"), [])
    scene.shop.change(order_id, "pay")
    scene.run()
    assert (scene.document(order_id)["state"], scene.state(order_id)) == ("sale", ("released", "released"))


def test_an_unmapped_tax_is_held_until_somebody_maps_it(scene, governed):
    line = {"title": "Bottle", "sku": "TS-001", "units": 2, "unit_price": "10.50"}
    levy = {**line, "taxes": [{"title": "Green levy", "rate": "0.05"}]}
    (order_id,) = scene.shop.place(purchase(lines=[levy]))
    scene.run()
    case = scene.case(order_id)
    assert (case["class"], case["code"], case["field"]) == ("mapping", "unmapped_tax", "lines[0].taxes[0]")
    assert case["owner"] == "finance-team"
    assert (scene.state(order_id), scene.documents(order_id)) == (("held", "unmapped_tax"), [])
    scene.odoo.control("seed", {"taxes": [{"name": "UK Green levy 5% incl", "amount": 5, "price_include": True}]})
    rule = '    - {title: Green levy, rate: "0.05", included: true, odoo: UK Green levy 5% incl}\n'
    settings = governed("mappings/shopify_uk.yaml", old="  rules:\n", new=f"  rules:\n{rule}")
    scene.replay(order_id)
    scene.under(settings).run()
    assert scene.state(order_id) == ("released", "released")
    assert scene.document(order_id)["amount_tax"] == "1.83"
    assert scene.cases(order_id) == []


def off_by(cents: int) -> Row:
    """A US order whose tax is `cents` more than its rate says, balanced all the same."""
    line = {"title": "Mug", "sku": "TS-002", "units": 2, "unit_price": "19.99"}
    tax, total = f"{1.60 + cents / 100:.2f}", f"{41.58 + cents / 100:.2f}"
    paths = {"lineItems.nodes.0.taxLines.0.priceSet": tax, "currentTotalTaxSet": tax, "currentTotalPriceSet": total}
    patches = [
        patched(f"{path}.{side}.amount", amount)
        for path, amount in paths.items()
        for side in ("shopMoney", "presentmentMoney")
    ]
    taxed = {**line, "taxes": [{"title": "New York State Tax", "rate": "0.04"}]}
    return purchase(lines=[taxed], shipping=[], presentment_currency="USD", raw_patch=patches)


def test_one_minor_unit_of_tax_is_a_rounding_line_and_more_is_held(scenes):
    scene = scenes("shopify_us", currency="USD", presentment=("USD",), taxes_included=False)
    exact, near, far = scene.shop.place(off_by(0), off_by(1), off_by(2))
    scene.run()
    assert amounts(scene.document(exact), "RO-ROUNDING") == []
    assert scene.document(near)["amount_total"] == "41.59"
    assert amounts(scene.document(near), "RO-ROUNDING") == [("1.0", "0.01")]
    assert scene.receipt(near, "order.publish")["rounding"] == 1
    case = scene.case(far)
    assert (case["code"], case["field"], case["owner"]) == ("tax_difference", "totals.total", "finance-team")
    assert (scene.state(far), scene.documents(far)) == (("held", "tax_difference"), [])
    scene.shop.mend(far)
    scene.run()
    assert (scene.state(far), scene.cases(far)) == (("released", "released"), [])


def staged_with_a_tampered_total(scene: Scene) -> list[str]:
    ids = scene.shop.place(purchase(("TS-001", 1, "10.00")), purchase(("TS-002", 1, "10.00")))
    with scene.lane() as lane:
        lane.stage()
    with scene.world.database.connect() as owner:
        owner.execute("UPDATE ops.batch_total SET staged_minor = staged_minor + 1")
    return ids


def test_a_batch_that_does_not_balance_is_blocked_as_a_whole(scene):
    ids = staged_with_a_tampered_total(scene)
    with scene.lane() as lane:
        assert lane.judge() == {"batches": 1, "batches_blocked": 1, "failed": 2}
        assert lane.publish() == {}
    assert scene.world.rows("SELECT state FROM ops.batch") == [("blocked",)]
    cases = scene.world.rows("SELECT kind, class, code, field, state FROM ops.case_file")
    assert cases == [("batch", "gate", "batch_sum_differs", "batch[GBP].total", "open")]
    for order_id in ids:
        assert scene.documents(order_id) == []
        assert scene.commands(order_id) == [("order.publish", "waiting")]


def test_the_control_notices_a_batch_that_is_let_through(scene, monkeypatch):
    """Negative control: with a balance that always holds, the orders of the tampered batch are in Odoo."""
    ids = staged_with_a_tampered_total(scene)
    monkeypatch.setattr(expectations, "balance_difference", lambda *_args, **_more: 0)
    scene.run()
    assert [len(scene.documents(order_id)) for order_id in ids] == [1, 1]


def test_a_gate_that_crashes_says_nothing_about_the_data(scene, monkeypatch):
    (order_id,) = scene.shop.place(purchase(("TS-001", 1, "10.00")))
    with monkeypatch.context() as broken_check:
        broken_check.setattr(expectations, "balance_difference", lambda *_args, **_more: 1 // 0)
        with pytest.raises(GateCrashedError, match="could not run"):
            scene.run()
    assert scene.world.rows("SELECT state FROM ops.batch") == [("open",)]
    assert (scene.state(order_id)[0], scene.cases(order_id)) == ("staged", [])
    assert scene.publish() == {}
    assert scene.documents(order_id) == []
    scene.run()
    assert scene.state(order_id) == ("released", "released")


def test_a_suite_that_is_missing_stops_the_lane_and_loses_nothing(scene, governed):
    (order_id,) = scene.shop.place(purchase(("TS-001", 1, "10.00")))
    settings = governed()
    (settings.root / "expectations").unlink()
    with pytest.raises(ConfigurationError, match=r"publish\.json"):
        scene.under(settings).run()
    assert scene.world.rows("SELECT state FROM ops.batch") == [("open",)]
    scene.run()
    assert scene.state(order_id) == ("released", "released")
