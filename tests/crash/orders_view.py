"""What is wrong with the orders of a shop, seen twice: by the product's own `verify`, and past every line of it.

The second view reads what the stand-ins hold (`/control/orders`) and the store's tables, so that a bug in the
product's listings or comparison cannot hide what a crash has done.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from crash.flow import Kind, Violation
from crash.scene import Scene
from retail_ops import verification

# What an order that stands in Odoo must be there, by its state in the store.
STANDS = {"released": "sale", "quotation": "draft", "held": "draft", "review": "draft", "cancelled": "cancel"}
_VERIFIED: dict[str, Kind] = {"lost": "lost", "doubled": "doubled", "unexplained": "lost"}
Row = Mapping[str, Any]


def check(scene: Scene) -> list[Violation]:
    """Return what both views object to."""
    sold = scene.shop.control("orders")["orders"]
    documents = scene.odoo.control("orders")["orders"]
    by_origin: dict[str, list[Row]] = defaultdict(list)
    for document in documents:
        by_origin[document["origin"]].append(document)
    entities = _entities(scene)
    found = [v for order in sold for v in _order(scene, order, entities.get(order["id"]), by_origin)]
    known = {_origin(scene, order["id"]) for order in sold}
    found += [_violation("wrong", origin, "nobody sold this") for origin in by_origin if origin not in known]
    return [*found, *_doubled_lines(documents), *_verify(scene)]


def outcome(scene: Scene) -> dict[str, object]:
    """Return what a run has made of Odoo and of the store, without ids and moments."""
    documents = {
        document["origin"]: [{**_plain(document), "lines": [_plain(line) for line in document["lines"]]}]
        for document in scene.odoo.control("orders")["orders"]
    }
    entities = {external_id: (row["state"], row["reason"]) for external_id, row in _entities(scene).items()}
    rows = {
        "commands": "SELECT o.external_id, o.action, r.number, o.status FROM ops.outbox AS o"
        " INNER JOIN ops.revision AS r ON o.revision_id = r.revision_id ORDER BY 1, 2, 3",
        "revisions": "SELECT external_id, number, state FROM ops.revision ORDER BY 1, 2",
        "cases": "SELECT external_id, class, code, field, state FROM ops.case_file ORDER BY 1, 2, 3, 4, 5",
        "messages": "SELECT external_id, revision, state FROM ops.inbox_message ORDER BY 1, 2",
        "personal data": "SELECT count(*), count(DISTINCT subject_id) FROM ops.vault_item",
    }
    told = {name: scene.rows(statement) for name, statement in rows.items()}
    return {"documents": documents, "entities": entities, **told, "in Odoo": _counts(scene)}


def fate(scene: Scene) -> dict[str, object]:
    """Return where each order stands, and what it is worth in Odoo unless it is cancelled."""
    worth = {}
    for document in scene.odoo.control("orders")["orders"]:
        if document["state"] != "cancel":
            # A line that was there from the beginning stands elsewhere than one that an edit has added.
            lines = sorted((_plain(line) for line in document["lines"]), key=lambda line: str(line["xmlid"]))
            worth[document["origin"]] = (document["state"], document["amount_total"], lines)
    return {"worth": worth, "states": {external_id: row["state"] for external_id, row in _entities(scene).items()}}


def _order(scene: Scene, order: Row, entity: Row | None, by_origin: Mapping[str, Sequence[Row]]) -> list[Violation]:
    name, documents = order["name"], by_origin.get(_origin(scene, order["id"]), ())
    if entity is None:
        return [_violation("lost", name, "the store does not know it")]
    if len(documents) > 1:
        return [_violation("doubled", name, ", ".join(document["name"] for document in documents))]
    if not documents:
        explained = entity["open_case"] or entity["state"] == "ignored"
        explained = explained or (entity["state"] == "cancelled" and order["cancelled"])
        return [] if explained else [_violation("lost", name, f"{entity['state']}, not in Odoo, no case")]
    return _document(order, entity, documents[0])


def _document(order: Row, entity: Row, document: Row) -> list[Violation]:
    name, state = order["name"], entity["state"]
    found = []
    if entity["erp_reference"] != str(document["id"]):
        found.append(_violation("wrong", name, f"is {document['id']} in Odoo, {entity['erp_reference']} in the store"))
    if STANDS.get(state, document["state"]) != document["state"]:
        found.append(_violation("wrong", name, f"{state} in the store, {document['state']} in Odoo"))
    if order["cancelled"] and document["state"] != "cancel" and not entity["open_case"]:
        found.append(_violation("wrong", name, f"cancelled in the shop, {document['state']} in Odoo"))
    wanted = (order["current_total"]["presentment"], order["presentment_currency"])
    has = (document["amount_total"], document["currency"])
    if wanted != has and not order["cancelled"] and not entity["open_case"]:
        found.append(_violation("wrong", name, f"{has} in Odoo, {wanted} in the shop"))
    return found


def _doubled_lines(documents: Sequence[Row]) -> list[Violation]:
    counts = Counter(line["xmlid"] for document in documents for line in document["lines"] if line["xmlid"])
    return [_violation("doubled", xmlid, f"{count} lines") for xmlid, count in counts.items() if count > 1]


def _verify(scene: Scene) -> list[Violation]:
    desk = scene.desk()
    try:
        with pytest.MonkeyPatch.context() as patch:
            # The scene's present, not the machine's: the shop is days ahead.
            patch.setattr(verification, "SystemClock", lambda: scene.clock)
            report = verification.verify_account(scene.account, scene.settings, scene.connections, desk)
    finally:
        desk._unit.close()
    return [
        Violation(_VERIFIED.get(difference.kind, "wrong"), "verify", difference.external_id, difference.detail)
        for difference in report.differences
    ]


def _entities(scene: Scene) -> dict[str, Row]:
    rows = scene.rows(
        "SELECT e.external_id, e.state, e.reason, e.erp_reference, EXISTS ("
        " SELECT 1 FROM ops.case_file AS c WHERE c.external_id = e.external_id AND c.state = 'open') "
        "FROM ops.entity AS e"
    )
    names = ("state", "reason", "erp_reference", "open_case")
    return {external_id: dict(zip(names, values, strict=True)) for external_id, *values in rows}


def _counts(scene: Scene) -> dict[str, int]:
    """How many records of each kind Odoo holds: partners and moves are doubled as easily as orders."""
    models = ("res.partner", "sale.order", "sale.order.line", "stock.picking", "stock.move")
    return {model: scene.ask_odoo(model, "search_count", []) for model in models}


def _plain(row: Row) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in {"id", "partner_id", "name", "lines"}}


def _origin(scene: Scene, external_id: str) -> str:
    return f"{scene.account}:{external_id}"


def _violation(kind: Kind, subject: str, detail: str) -> Violation:
    return Violation(kind, "stand-ins", subject, detail)
