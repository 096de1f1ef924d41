"""Each kind of order as the API shows it."""

from decimal import Decimal

BAG = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"
LINES = f"""lineItems(first: 50) {{ nodes {{ id name sku quantity currentQuantity isGiftCard requiresShipping taxable
  variant {{ id sku inventoryItem {{ id tracked }} }} product {{ id }} lineItemGroup {{ title quantity variantSku }}
  originalUnitPriceSet {BAG} originalTotalSet {BAG} discountedTotalSet {BAG}
  withCodes: discountedTotalSet(withCodeDiscounts: true) {BAG}
  totalDiscountSet {BAG} priceAfterAllDiscountsBeforeTaxesSet {BAG} discountedUnitPriceAfterAllDiscountsSet {BAG}
  discountAllocations {{ allocatedAmountSet {BAG} discountApplication {{ index }} }}
  taxLines(first: 5) {{ title rate ratePercentage priceSet {BAG} }} duties {{ price {BAG} }} }} }}"""


def buyer(bag):
    return bag["presentmentMoney"]["amount"]


def seller(bag):
    return bag["shopMoney"]["amount"]


def test_a_tip_is_a_total_and_a_line_without_variant(shop, mug):
    gid = shop.place(lines=[mug], tip="2.50", payments=[{}])
    order = shop.order(gid, f"totalTipReceivedSet {BAG} subtotalPriceSet {BAG} totalPriceSet {BAG} {LINES}")
    tip = order["lineItems"]["nodes"][-1]
    assert (buyer(order["totalTipReceivedSet"]), buyer(tip["originalTotalSet"])) == ("2.5", "2.5")
    assert (tip["sku"], tip["variant"], tip["product"], tip["taxLines"]) == (None, None, None, [])
    assert (buyer(order["subtotalPriceSet"]), buyer(order["totalPriceSet"])) == ("9.99", "12.49")


def test_a_sold_gift_card_is_a_line_and_a_used_one_a_payment(shop, mug):
    card = {"title": "Gift card", "units": 1, "unit_price": "25.00", "gift_card": True}
    gid = shop.place(lines=[mug, card], payments=[{"gateway": "gift_card", "amount": "10.00"}, {}])
    order = shop.order(
        gid, f"displayFinancialStatus totalDiscountsSet {BAG} transactions {{ kind gateway amountSet {BAG} }} {LINES}"
    )
    sold = order["lineItems"]["nodes"][1]
    assert (sold["isGiftCard"], sold["requiresShipping"], sold["taxable"]) == (True, False, False)
    assert [(item["gateway"], buyer(item["amountSet"])) for item in order["transactions"]] == [
        ("gift_card", "10.0"),
        ("shopify_payments", "24.99"),
    ]
    assert buyer(order["totalDiscountsSet"]) == "0.0"
    assert order["displayFinancialStatus"] == "PAID"


def test_discounts_by_line_and_by_order_are_told_apart(shop, mug, pen):
    discounts = [
        {"kind": "automatic", "title": "Auto", "scope": "lines", "lines": [0], "percentage": "10"},
        {"kind": "code", "title": "CODE", "scope": "lines", "lines": [0], "amount": "1.00"},
        {"kind": "manual", "title": "All", "scope": "order", "percentage": "10"},
        {"kind": "code", "title": "SHIP", "scope": "shipping", "percentage": "100"},
    ]
    shipping = [{"title": "Std", "price": "4.95", "code": "std"}]
    gid = shop.place(lines=[{**mug, "unit_price": "10.00"}, pen], discounts=discounts, shipping=shipping)
    applications = """discountApplications(first: 5) { nodes { __typename index targetType targetSelection
      value { __typename ... on MoneyV2 { amount currencyCode } ... on PricingPercentageValue { percentage } } } }"""
    ships = f"shippingLines(first: 5) {{ nodes {{ originalPriceSet {BAG} discountedPriceSet {BAG} }} }}"
    order = shop.order(gid, f"discountCodes totalDiscountsSet {BAG} totalPriceSet {BAG} {applications} {ships} {LINES}")
    first, second = order["lineItems"]["nodes"]
    # 30.00: 3.00 automatic, 1.00 code, then 10% of the 36.00 left in both lines.
    assert (buyer(first["discountedTotalSet"]), buyer(first["withCodes"])) == ("27.0", "26.0")
    assert buyer(first["totalDiscountSet"]) == "4.0"
    assert [buyer(item["allocatedAmountSet"]) for item in first["discountAllocations"]] == ["3.0", "1.0", "2.6"]
    assert [buyer(item["allocatedAmountSet"]) for item in second["discountAllocations"]] == ["1.0"]
    assert buyer(order["totalDiscountsSet"]) == "12.55"
    assert buyer(order["totalPriceSet"]) == "32.4"
    assert order["discountCodes"] == ["CODE", "SHIP"]
    nodes = order["discountApplications"]["nodes"]
    assert [item["targetType"] for item in nodes] == ["LINE_ITEM", "LINE_ITEM", "LINE_ITEM", "SHIPPING_LINE"]
    assert [item["targetSelection"] for item in nodes] == ["EXPLICIT", "EXPLICIT", "ALL", "ALL"]
    assert nodes[0]["value"] == {"__typename": "PricingPercentageValue", "percentage": 10.0}
    assert nodes[1]["value"] == {"__typename": "MoneyV2", "amount": "1.0", "currencyCode": "GBP"}
    assert buyer(order["shippingLines"]["nodes"][0]["discountedPriceSet"]) == "0.0"


def test_both_currencies_are_told_and_sum_up_by_themselves(shop, mug, pen):
    gid = shop.place(
        lines=[{**mug, "unit_price": "1001"}, {**pen, "unit_price": "333"}],
        presentment_currency="JPY", shop_rate="0.0052", payments=[{}],
    )  # fmt: skip
    order = shop.order(
        gid, f"currencyCode presentmentCurrencyCode totalPriceSet {BAG} totalTaxSet {BAG} "
        f"taxLines {{ priceSet {BAG} }} "
        f"netPaymentSet {BAG} totalOutstandingSet {BAG} {LINES}"
    )  # fmt: skip
    assert (order["currencyCode"], order["presentmentCurrencyCode"]) == ("GBP", "JPY")
    assert order["totalPriceSet"]["presentmentMoney"] == {"amount": "3336.0", "currencyCode": "JPY"}
    lines = order["lineItems"]["nodes"]
    for side in (buyer, seller):
        assert sum(Decimal(side(item["originalTotalSet"])) for item in lines) == Decimal(side(order["totalPriceSet"]))
        taxes = [tax for item in lines for tax in item["taxLines"]]
        assert sum(Decimal(side(tax["priceSet"])) for tax in taxes) == Decimal(side(order["totalTaxSet"]))
        assert side(order["taxLines"][0]["priceSet"]) == side(order["totalTaxSet"])
        assert side(order["netPaymentSet"]) == side(order["totalPriceSet"])
        assert side(order["totalOutstandingSet"]) == "0.0"
    # 3336 yen at 0.0052 would be 17.35: the shop's lines round one by one.
    assert seller(order["totalPriceSet"]) == "17.36"


def test_a_till_sale_has_a_place_and_rounded_cash_but_no_people(shop, mug):
    gid = shop.place(
        lines=[mug], source="pos", retail_location="High Street", payments=[{"gateway": "cash", "rounding": "0.01"}]
    )
    order = shop.order(
        gid,
        "sourceName retailLocation { name } customer { id } billingAddress { id } shippingAddress { id } "
        f"transactions {{ amountSet {BAG} amountRoundingSet {BAG} }} "
        f"totalCashRoundingAdjustment {{ paymentSet {BAG} refundSet {BAG} }}",
    )
    assert (order["sourceName"], order["retailLocation"]) == ("pos", {"name": "High Street"})
    assert order["customer"] is order["billingAddress"] is order["shippingAddress"] is None
    assert buyer(order["transactions"][0]["amountRoundingSet"]) == "0.01"
    assert buyer(order["totalCashRoundingAdjustment"]["paymentSet"]) == "0.01"
    assert buyer(order["totalCashRoundingAdjustment"]["refundSet"]) == "0.0"


def test_custom_lines_and_deleted_products_have_no_variant(shop, mug, pen):
    custom = {"title": "Engraving", "units": 1, "unit_price": "5.00", "custom": True}
    gid = shop.place(lines=[custom, {**mug, "deleted_product": True}, pen], source="shopify_draft_order")
    order = shop.order(gid, f"sourceName app {{ name }} {LINES}")
    by_hand, gone, there = order["lineItems"]["nodes"]
    assert (by_hand["sku"], by_hand["variant"], by_hand["product"]) == (None, None, None)
    assert (gone["sku"], gone["variant"], gone["product"]) == ("MUG", None, None)
    assert there["variant"]["sku"] == "PEN"
    assert order["sourceName"] == "shopify_draft_order"


def test_two_lines_of_one_variant_differ_by_id_only(shop, mug):
    gid = shop.place(lines=[mug, mug])
    first, second = shop.order(gid, LINES)["lineItems"]["nodes"]
    assert first["variant"] == second["variant"]
    assert first["id"] != second["id"]


def test_bundle_components_carry_their_group(shop, mug, pen):
    group = {"key": "g", "title": "Set", "units": 2, "sku": "SET"}
    gid = shop.place(lines=[{**mug, "group": group}, {**pen, "group": group}])
    groups = [item["lineItemGroup"] for item in shop.order(gid, LINES)["lineItems"]["nodes"]]
    assert groups == [{"title": "Set", "quantity": 2, "variantSku": "SET"}] * 2


def test_duties_and_fees_lie_outside_the_lines(shop, mug):
    duty = {"amount": "1.50", "code": "691110", "origin": "JP"}
    gid = shop.place(lines=[{**mug, "duties": [duty]}], fees=[{"name": "Deposit", "amount": "0.40"}])
    order = shop.order(
        gid, f"totalPriceSet {BAG} subtotalPriceSet {BAG} originalTotalDutiesSet {BAG} currentTotalDutiesSet {BAG} "
        f"originalTotalAdditionalFeesSet {BAG} additionalFees {{ name price {BAG} }} {LINES}"
    )  # fmt: skip
    assert buyer(order["subtotalPriceSet"]) == "9.99"
    assert buyer(order["originalTotalDutiesSet"]) == buyer(order["currentTotalDutiesSet"]) == "1.5"
    assert buyer(order["originalTotalAdditionalFeesSet"]) == "0.4"
    assert buyer(order["totalPriceSet"]) == "11.89"
    plain = shop.order(shop.place(lines=[mug]), f"originalTotalDutiesSet {BAG} currentTotalAdditionalFeesSet {BAG}")
    assert plain == {"originalTotalDutiesSet": None, "currentTotalAdditionalFeesSet": None}


def test_a_company_buys_through_its_location(shop, mug):
    company = {"key": "c", "name": "Larch Ltd", "external_id": "C1", "location_key": "l", "location_name": "North"}
    terms = {"name": "Net 30", "due_in_days": 30}
    person = {"key": "p", "first_name": "Arda", "last_name": "Ashford"}
    entity = """purchasingEntity { __typename ... on Customer { displayName }
      ... on PurchasingCompany { company { name externalId } location { name } } }
      paymentTerms { dueInDays paymentTermsType }"""
    order = shop.order(shop.place(lines=[mug], company=company, terms=terms, customer=person), entity)
    assert order["purchasingEntity"] == {
        "__typename": "PurchasingCompany",
        "company": {"name": "Larch Ltd", "externalId": "C1"},
        "location": {"name": "North"},
    }
    assert order["paymentTerms"] == {"dueInDays": 30, "paymentTermsType": "NET"}
    alone = shop.order(shop.place(lines=[mug], customer=person), entity)["purchasingEntity"]
    assert alone == {"__typename": "Customer", "displayName": "Arda Ashford"}
    assert shop.order(shop.place(lines=[mug]), entity)["purchasingEntity"] is None


def test_risk_is_told_with_its_reasons(shop, mug):
    risk = {"recommendation": "CANCEL", "level": "HIGH", "facts": [{"description": "Odd card"}]}
    fields = "risk { recommendation assessments { riskLevel facts { description sentiment } } }"
    assert shop.order(shop.place(lines=[mug], risk=risk), fields)["risk"] == {
        "recommendation": "CANCEL",
        "assessments": [{"riskLevel": "HIGH", "facts": [{"description": "Odd card", "sentiment": "NEGATIVE"}]}],
    }
    assert shop.order(shop.place(lines=[mug]), fields)["risk"] == {"recommendation": "NONE", "assessments": []}


def test_a_test_order_says_so_on_its_payments_too(shop, mug):
    gid = shop.place(lines=[mug], test=True, payments=[{"gateway": "bogus"}])
    assert shop.order(gid, "test transactions { test gateway }") == {
        "test": True,
        "transactions": [{"test": True, "gateway": "bogus"}],
    }


def test_the_same_customer_is_the_same_in_every_order_and_no_one_elses_in_another_shop(open_shop, tmp_path, mug):
    person = {"key": "p", "first_name": "Arda"}
    here, there = open_shop(), open_shop(name="de", state=tmp_path / "de.sqlite")
    ids = [till.order(till.place(lines=[mug], customer=person), "customer { id }") for till in (here, here, there)]
    assert ids[0] == ids[1] != ids[2]


def test_removed_shipping_shows_only_when_asked_for(shop, mug):
    shipping = [{"title": "Std", "price": "4.95"}, {"title": "Express", "price": "9.95", "removed": True}]
    gid = shop.place(lines=[mug], shipping=shipping)
    fields = f"currentShippingPriceSet {BAG} shippingLines(first: 5%s) {{ nodes {{ title isRemoved }} }}"
    order = shop.order(gid, fields % "")
    assert [item["title"] for item in order["shippingLines"]["nodes"]] == ["Std"]
    assert buyer(order["currentShippingPriceSet"]) == "4.95"
    everything = shop.order(gid, fields % ", includeRemovals: true")["shippingLines"]["nodes"]
    assert [item["isRemoved"] for item in everything] == [False, True]
