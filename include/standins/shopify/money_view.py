"""Money as the schema shapes it: MoneyV2, MoneyBag, PricingValue. NOT here: arithmetic (`money`)."""

from dataclasses import dataclass
from typing import Any

from standins.shopify.money import to_minor, to_text

# A JSON object of the answer; its values are whatever the schema says.
Tree = dict[str, Any]


def money_v2(minor: int, currency: str) -> Tree:
    """One `MoneyV2`."""
    return {"__typename": "MoneyV2", "amount": to_text(minor, currency), "currencyCode": currency}


@dataclass(frozen=True, slots=True)
class Money:
    """Prints pairs of minor units for an order's two currencies."""

    shop: str
    presentment: str

    def bag(self, shop_minor: int, presentment_minor: int) -> Tree:
        """One `MoneyBag`."""
        return {
            "shopMoney": money_v2(shop_minor, self.shop),
            "presentmentMoney": money_v2(presentment_minor, self.presentment),
        }

    def pricing_value(self, percentage: str | None, amount: str | None) -> Tree:
        """One `PricingValue`: a percentage, or an amount in the buyer's currency."""
        if amount is not None:
            return money_v2(to_minor(amount, self.presentment), self.presentment)
        return {"__typename": "PricingPercentageValue", "percentage": float(percentage or "0")}
