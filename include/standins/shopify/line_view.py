"""Lines, shipping lines, fees and taxes of an order as the schema shapes them. NOT here: the order itself."""

from collections.abc import Sequence
from decimal import Decimal

from standins.shopify.identity import Identities
from standins.shopify.money import round_half_up
from standins.shopify.money_view import Money, Tree
from standins.shopify.order_state import KeptLine, OrderState
from standins.shopify.purchase import Discount, Group, Tax
from standins.shopify.totals import Charge, LineTotals, OrderTotals


def line_views(state: OrderState, shop: OrderTotals, buyer: OrderTotals, ids: Identities) -> list[Tree]:
    """Every `LineItem` of an order."""
    money = Money(shop=shop.currency, presentment=buyer.currency)
    return [
        {
            **_line_facts(state, index, item, ids),
            **_line_amounts(state, (shop.lines[index], buyer.lines[index]), money),
            "taxLines": tax_views(item.line.taxes, shop.lines[index].taxes, buyer.lines[index].taxes, money),
            "duties": _duty_views(state, index, (shop.lines[index], buyer.lines[index]), money),
        }
        for index, item in enumerate(state.lines)
    ]


def _line_facts(state: OrderState, index: int, item: KeptLine, ids: Identities) -> Tree:
    line = item.line
    current = 0 if state.emptied else item.current
    physical = not item.tip
    open_units = current if physical and state.purchase.source != "pos" else 0
    return {
        "id": f"gid://shopify/LineItem/{state.number * 10_000 + index}",
        "name": f"{line.title} - {line.variant_title}" if line.variant_title else line.title,
        "title": line.title,
        "variantTitle": line.variant_title,
        "sku": line.sku,
        "vendor": line.vendor,
        "quantity": line.units,
        "currentQuantity": current,
        "refundableQuantity": current,
        "unfulfilledQuantity": open_units,
        "nonFulfillableQuantity": line.units - current if physical else line.units,
        "requiresShipping": line.requires_shipping and physical and not line.gift_card,
        "taxable": physical and not line.gift_card,
        "isGiftCard": line.gift_card,
        "restockable": physical and not (line.custom or line.deleted_product),
        "variant": _variant(item, ids),
        "product": _product(item, ids),
        "lineItemGroup": _group(state, line.group, ids) if line.group else None,
        "customAttributes": [{"key": key, "value": value} for key, value in line.attributes.items()],
        "sellingPlan": None,
    }


def _catalogue_key(item: KeptLine) -> str | None:
    if item.tip or item.line.custom or item.line.deleted_product:
        return None
    return item.line.sku or item.line.title


def _variant(item: KeptLine, ids: Identities) -> Tree | None:
    key = _catalogue_key(item)
    if key is None:
        return None
    stock = {"id": ids.gid("InventoryItem", key), "tracked": item.line.tracked}
    return {
        "id": ids.gid("ProductVariant", key),
        "sku": item.line.sku,
        "barcode": item.line.barcode,
        "inventoryItem": stock,
    }


def _product(item: KeptLine, ids: Identities) -> Tree | None:
    key = _catalogue_key(item)
    return None if key is None else {"id": ids.gid("Product", item.line.title)}


def _group(state: OrderState, group: Group, ids: Identities) -> Tree:
    return {
        "id": ids.gid("LineItemGroup", f"{state.number}/{group.key}"),
        "title": group.title,
        "quantity": group.units,
        "variantId": ids.gid("ProductVariant", group.sku) if group.sku else None,
        "variantSku": group.sku,
        "productId": ids.gid("Product", group.title) if group.sku else None,
    }


def _line_amounts(state: OrderState, pair: tuple[LineTotals, LineTotals], money: Money) -> Tree:
    shop, buyer = pair
    discounts = state.purchase.discounts

    bag = money.bag
    own = [_line_level(line, discounts, codes=True) for line in pair]
    automatic = [_line_level(line, discounts, codes=False) for line in pair]
    return {
        "originalUnitPriceSet": bag(shop.unit, buyer.unit),
        "originalTotalSet": bag(shop.original, buyer.original),
        "discountedTotalSet": bag(shop.original - automatic[0], buyer.original - automatic[1]),
        "discountedTotalWithCodes": bag(shop.original - own[0], buyer.original - own[1]),
        "discountedUnitPriceSet": bag(
            _per_unit(shop.original - automatic[0], shop.units), _per_unit(buyer.original - automatic[1], buyer.units)
        ),
        "discountedUnitPriceAfterAllDiscountsSet": bag(
            _per_unit(shop.net, shop.units), _per_unit(buyer.net, buyer.units)
        ),
        "totalDiscountSet": bag(own[0], own[1]),
        "priceAfterAllDiscountsBeforeTaxesSet": bag(*(_before_tax(state, line) for line in pair)),
        "discountAllocations": allocation_views(discounts, shop.discounts, buyer.discounts, money),
    }


def _line_level(line: LineTotals, discounts: Sequence[Discount], *, codes: bool) -> int:
    """Discounts aimed at this line, without those of the whole order; `codes` counts discount codes too."""
    return sum(
        amount
        for index, amount in line.discounts
        if discounts[index].scope == "lines" and (codes or discounts[index].kind != "code")
    )


def _per_unit(amount: int, units: int) -> int:
    return round_half_up(Decimal(amount) / units)


def _before_tax(state: OrderState, line: LineTotals) -> int:
    net = line.left(line.original) - line.left(line.discount)
    return net - sum(line.left(tax) for tax in line.taxes) if state.taxes_included else net


def allocation_views(
    discounts: Sequence[Discount],
    shop: Sequence[tuple[int, int]],
    buyer: Sequence[tuple[int, int]],
    money: Money,
) -> list[Tree]:
    """`DiscountAllocation`s, one for each application that gave something in either currency."""
    by_shop, by_buyer = dict(shop), dict(buyer)
    return [
        {
            "allocatedAmountSet": money.bag(by_shop.get(index, 0), by_buyer.get(index, 0)),
            "discountApplication": discount_view(index, discounts[index], money),
        }
        for index in sorted(by_shop.keys() | by_buyer.keys())
    ]


def discount_view(index: int, discount: Discount, money: Money) -> Tree:
    """One discount application; a fixed amount is printed in the buyer's currency [M]."""
    kinds = {
        "code": "DiscountCodeApplication",
        "automatic": "AutomaticDiscountApplication",
        "manual": "ManualDiscountApplication",
        "script": "ScriptDiscountApplication",
    }
    return {
        "__typename": kinds[discount.kind],
        "index": index,
        "targetType": "SHIPPING_LINE" if discount.scope == "shipping" else "LINE_ITEM",
        "targetSelection": "EXPLICIT" if discount.scope == "lines" else "ALL",
        "allocationMethod": "EACH" if discount.each_unit or discount.scope == "shipping" else "ACROSS",
        "value": money.pricing_value(discount.percentage, discount.amount),
        "code": discount.title,
        "title": discount.title,
        "description": discount.description,
    }


def tax_views(taxes: Sequence[Tax], shop: Sequence[int], buyer: Sequence[int], money: Money) -> list[Tree]:
    """`TaxLine`s with their amounts, in the order of the taxes."""
    return [tax_view(tax, shop[index], buyer[index], money) for index, tax in enumerate(taxes)]


def tax_view(tax: Tax, shop: int, buyer: int, money: Money) -> Tree:
    """One `TaxLine`; the schema makes its rate a float."""
    rate = Decimal(tax.rate)
    return {
        "title": tax.title,
        "rate": float(rate),
        "ratePercentage": float(rate * 100),
        "source": tax.source,
        "channelLiable": tax.channel_liable,
        "priceSet": money.bag(shop, buyer),
    }


def _duty_views(state: OrderState, index: int, pair: tuple[LineTotals, LineTotals], money: Money) -> list[Tree]:
    shop, buyer = pair
    return [
        {
            "id": f"gid://shopify/Duty/{state.number * 10_000 + index * 10 + place}",
            "harmonizedSystemCode": duty.code,
            "countryCodeOfOrigin": duty.origin,
            "price": money.bag(shop.duties[place].price, buyer.duties[place].price),
            "taxLines": tax_views(duty.taxes, shop.duties[place].taxes, buyer.duties[place].taxes, money),
        }
        for place, duty in enumerate(state.lines[index].line.duties)
    ]


def shipping_views(state: OrderState, shop: OrderTotals, buyer: OrderTotals) -> list[Tree]:
    """Every `ShippingLine`, removed ones too: the caller asks for them or not."""
    money = Money(shop=shop.currency, presentment=buyer.currency)
    address = state.purchase.shipping_address
    return [
        {
            "id": f"gid://shopify/ShippingLine/{state.number * 100 + index}",
            "title": line.title,
            "code": line.code,
            "source": line.source,
            "carrierIdentifier": line.carrier,
            "deliveryCategory": None,
            "custom": line.code is None,
            "isRemoved": line.removed,
            "phone": address.phone if address else None,
            "originalPriceSet": money.bag(shop.shipping[index].price, buyer.shipping[index].price),
            "discountedPriceSet": money.bag(shop.shipping[index].discounted, buyer.shipping[index].discounted),
            "currentDiscountedPriceSet": money.bag(_live(shop.shipping[index]), _live(buyer.shipping[index])),
            "discountAllocations": allocation_views(
                state.purchase.discounts, shop.shipping[index].discounts, buyer.shipping[index].discounts, money
            ),
            "taxLines": tax_views(line.taxes, shop.shipping[index].taxes, buyer.shipping[index].taxes, money),
        }
        for index, line in enumerate(state.purchase.shipping)
    ]


def _live(charge: Charge) -> int:
    return charge.discounted if charge.live else 0


def fee_views(state: OrderState, shop: OrderTotals, buyer: OrderTotals) -> list[Tree]:
    """Every `AdditionalFee`."""
    money = Money(shop=shop.currency, presentment=buyer.currency)
    return [
        {
            "id": f"gid://shopify/AdditionalFee/{state.number * 100 + index}",
            "name": fee.name,
            "price": money.bag(shop.fees[index].price, buyer.fees[index].price),
            "taxLines": tax_views(fee.taxes, shop.fees[index].taxes, buyer.fees[index].taxes, money),
        }
        for index, fee in enumerate(state.purchase.fees)
    ]


def merged_tax_views(state: OrderState, shop: OrderTotals, buyer: OrderTotals) -> list[Tree]:
    """The order's `taxLines`: one for each title and rate over lines, duties, shipping and fees."""
    money = Money(shop=shop.currency, presentment=buyer.currency)
    merged: dict[tuple[str, str], tuple[Tax, int, int]] = {}
    for taxes, left, right in _taxed(state, shop, buyer):
        for index, tax in enumerate(taxes):
            _, shop_sum, buyer_sum = merged.get((tax.title, tax.rate), (tax, 0, 0))
            merged[tax.title, tax.rate] = (tax, shop_sum + left[index], buyer_sum + right[index])
    return [tax_view(tax, shop_sum, buyer_sum, money) for tax, shop_sum, buyer_sum in merged.values()]


def _taxed(
    state: OrderState, shop: OrderTotals, buyer: OrderTotals
) -> list[tuple[Sequence[Tax], Sequence[int], Sequence[int]]]:
    found: list[tuple[Sequence[Tax], Sequence[int], Sequence[int]]] = []
    for index, item in enumerate(state.lines):
        found.append((item.line.taxes, shop.lines[index].taxes, buyer.lines[index].taxes))
        found += [
            (duty.taxes, shop.lines[index].duties[place].taxes, buyer.lines[index].duties[place].taxes)
            for place, duty in enumerate(item.line.duties)
        ]
    for index, line in enumerate(state.purchase.shipping):
        found.append((line.taxes, shop.shipping[index].taxes, buyer.shipping[index].taxes))
    for index, fee in enumerate(state.purchase.fees):
        found.append((fee.taxes, shop.fees[index].taxes, buyer.fees[index].taxes))
    return found
