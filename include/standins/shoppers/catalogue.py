"""The range that both stand-ins start from: invented goods with stock, and the services an integration books to.

NOT here: who buys it (`baskets`).
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

JsonObject = dict[str, Any]
SERVICES = (
    ("RO-SHIPPING", "Shipping"),
    ("RO-TIP", "Tip"),
    ("RO-DUTY", "Import duty"),
    ("RO-GIFTCARD", "Gift card"),
    ("RO-DISCOUNT", "Discount"),
    ("RO-FEE", "Additional fee"),
    ("RO-ROUNDING", "Rounding"),
    ("RO-CUSTOM", "Custom item"),
)
_MATERIALS = ("Oak", "Linen", "Slate", "Copper", "Wool", "Cork", "Enamel", "Willow", "Brass", "Felt")
_THINGS = ("Mug", "Tray", "Lamp", "Cushion", "Bowl", "Clock", "Basket", "Frame", "Vase", "Coaster", "Throw", "Hook")
_ENDINGS = ("99", "50", "95", "25", "49", "05", "00")


class CatalogueError(ValueError):
    """The file is no catalogue."""


@dataclass(frozen=True, slots=True)
class Product:
    """One good: list price in pounds as a decimal string."""

    sku: str
    name: str
    list_price: str


def service_entries() -> list[JsonObject]:
    """The services, priced 0: each order line brings its own price."""
    return [
        {"sku": sku, "name": name, "list_price": "0.00", "type": "service", "is_storable": False, "stock": {}}
        for sku, name in SERVICES
    ]


def goods_entry(product: Product, stock_units: int) -> JsonObject:
    """One storable good as the file holds it."""
    return {
        "sku": product.sku,
        "name": product.name,
        "list_price": product.list_price,
        "type": "consu",
        "is_storable": True,
        "stock": {"WH": stock_units},
    }


def build_catalogue(seed: int, products: int) -> JsonObject:
    """An invented range; the same seed gives the same one."""
    chance = random.Random(seed)  # noqa: S311 -- invented data, no secret
    goods = []
    for index in range(products):
        name = f"{_MATERIALS[index % len(_MATERIALS)]} {chance.choice(_THINGS)} {index + 1:03d}"
        price = Decimal(f"{chance.randint(2, 89)}.{chance.choice(_ENDINGS)}")
        goods.append(goods_entry(Product(f"RO-{seed:02d}-{index + 1:04d}", name, f"{price}"), chance.randint(40, 900)))
    return {"currency": "GBP", "products": [*goods, *service_entries()]}


def write_catalogue(path: Path, catalogue: JsonObject) -> None:
    """Write the file.

    Idempotent: yes; it replaces what was there.
    """
    path.write_text(json.dumps(catalogue, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_goods(path: Path) -> Sequence[Product]:
    """The storable goods of a catalogue file.

    Raises:
        CatalogueError: it holds none.
    """
    entries = json.loads(path.read_text(encoding="utf-8"))["products"]
    goods = [Product(item["sku"], item["name"], item["list_price"]) for item in entries if item["is_storable"]]
    if not goods:
        message = f"{path} holds no storable product"
        raise CatalogueError(message)
    return goods
