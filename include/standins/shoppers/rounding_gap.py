"""How far one tax rounded once over an order lies from the same tax rounded line by line. NOT here: who buys that."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

JsonObject = dict[str, Any]


def rounding_gap(purchase: JsonObject, *, included: bool) -> int:
    """Minor units between one tax rounded over all lines and the same rounded a line; goods of two decimals."""
    gap = 0
    for slot in range(len(purchase["lines"][0]["taxes"])):
        amounts = []
        for line in purchase["lines"]:
            base = Decimal(line["unit_price"]).scaleb(2) * line["units"]
            rates = sum(Decimal(item["rate"]) for item in line["taxes"])
            rate = Decimal(line["taxes"][slot]["rate"])
            amounts.append(base * rate / (1 + rates) if included else base * rate)
        gap += _whole(sum(amounts, Decimal(0))) - sum(_whole(amount) for amount in amounts)
    return gap


def _whole(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))
