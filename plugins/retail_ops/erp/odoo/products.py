"""Finds products by SKU and reads free stock. Not here: service products of the mapping (see `directory`).

Source: measured on Odoo 18: `default_code` is not unique; the context key is `warehouse_id`, `warehouse` is ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar, cast

from retail_ops.erp.odoo.client import Caller, Row, search_read
from retail_ops.ports.erp import SkuFact

_CHUNK = 500

Item = TypeVar("Item")


def fetch_skus(caller: Caller, skus: Iterable[str]) -> dict[str, SkuFact]:
    """Return the active products by SKU; a SKU that is unknown or not unique is absent."""
    found: dict[str, list[SkuFact]] = {}
    for chunk in _chunks(sorted(set(skus))):
        domain = [["default_code", "in", chunk]]
        for row in search_read(caller, "product.product", domain, ("default_code", "is_storable")):
            fact = SkuFact(row["default_code"], row["id"], bool(row["is_storable"]))
            found.setdefault(fact.sku, []).append(fact)
    return {sku: facts[0] for sku, facts in found.items() if len(facts) == 1}


def fetch_free_units(caller: Caller, facts: Mapping[str, SkuFact], warehouse_id: int) -> dict[str, int]:
    """Return free units of the stocked products among `facts`, cut to whole units."""
    by_id = {fact.product_id: sku for sku, fact in facts.items() if fact.stocked}
    found: dict[str, int] = {}
    for chunk in _chunks(sorted(by_id)):
        context = {"warehouse_id": warehouse_id}
        rows = cast("list[Row]", caller.fetch("product.product", "read", chunk, ["free_qty"], context=context))
        found.update({by_id[row["id"]]: int(row["free_qty"]) for row in rows})
    return found


def fetch_sku_names(caller: Caller, product_ids: Iterable[int]) -> dict[int, str]:
    """Return the SKU of each product, archived ones too; a product without one is named by its id."""
    ids = sorted(set(product_ids))
    rows = cast("list[Row]", caller.fetch("product.product", "read", ids, ["default_code"])) if ids else []
    return {row["id"]: str(row["default_code"] or row["id"]) for row in rows}


def _chunks(items: Sequence[Item]) -> Iterator[list[Item]]:
    for start in range(0, len(items), _CHUNK):
        yield list(items[start : start + _CHUNK])
