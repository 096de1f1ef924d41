"""Points: asked for, spent, refused, throttled."""

import pytest

from standins.shopify.bucket import Bucket

ORDERS = """query($n: Int!) { orders(first: $n) { nodes { id customer { id }
  lineItems(first: 20) { nodes { id product { id } } } } } }"""


def cost(answer):
    return answer["extensions"]["cost"]


def test_a_connection_costs_by_the_logarithm_of_its_size(shop):
    # 2 + floor(2 ln 50) * (order 1 + customer 1 + lines (2 + floor(2 ln 20) * 2)) = 2 + 7 * 14
    assert cost(shop.ask(ORDERS, {"n": 50}))["requestedQueryCost"] == 100
    assert cost(shop.ask(ORDERS, {"n": 250}))["requestedQueryCost"] == 2 + 11 * 14


def test_fragments_edges_and_money_are_reckoned_alike(shop):
    plain = "{ orders(first: 10) { nodes { id app { id } totalPriceSet { shopMoney { amount } } } } }"
    spread = "{ orders(first: 10) { edges { cursor node { ...F } } } } fragment F on Order { id app { id } }"
    assert cost(shop.ask(plain))["requestedQueryCost"] == cost(shop.ask(spread))["requestedQueryCost"] == 2 + 4 * 2


def test_the_dearest_member_of_a_union_counts(shop):
    text = """{ order(id: "gid://shopify/Order/1") { purchasingEntity {
      ... on PurchasingCompany { company { id } location { id } } ... on Customer { id } } } }"""
    assert cost(shop.ask(text))["requestedQueryCost"] == 1 + 1 + 2


def test_the_rows_that_came_back_set_the_actual_cost(shop, mug):
    assert cost(shop.ask(ORDERS, {"n": 50}))["actualQueryCost"] == 2
    for _ in range(3):
        shop.place(lines=[mug])
    # 2 + floor(2 ln 3) * (order 1 + no customer + lines 2 + 1 * (line 1 + product 1))
    spent = cost(shop.ask(ORDERS, {"n": 50}))
    assert spent["actualQueryCost"] == 2 + 2 * 5
    assert spent["requestedQueryCost"] == 100


def test_a_query_above_1000_points_is_refused_and_costs_nothing(shop):
    deep = """{ orders(first: 250) { nodes { lineItems(first: 250) { nodes { variant { id inventoryItem { id } }
      product { id } lineItemGroup { id } sellingPlan { name } duties { id } taxLines { title } } } } } }"""
    answer = shop.ask(deep)
    assert answer["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert answer["errors"][0]["extensions"]["maxCost"] == 1000
    assert cost(answer)["throttleStatus"]["currentlyAvailable"] == 2000


def test_a_throttled_answer_is_200_without_data_and_without_an_actual_cost(shop):
    shop.control("POST", "faults", {"fault": "throttled"})
    answer = shop.ask(ORDERS, {"n": 50})
    assert answer["errors"] == [
        {
            "message": "Throttled",
            "extensions": {"code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits"},
        }
    ]
    assert "data" not in answer
    assert cost(answer)["actualQueryCost"] is None
    assert cost(answer)["requestedQueryCost"] == 100
    assert cost(answer)["throttleStatus"] == {
        "maximumAvailable": 2000.0,
        "currentlyAvailable": 2000,
        "restoreRate": 100.0,
    }


@pytest.mark.parametrize(("plan", "rate", "maximum"), [("standard", 100.0, 2000.0), ("plus", 1000.0, 20000.0)])
def test_the_plan_sets_the_bucket(open_shop, plan, rate, maximum):
    status = cost(open_shop(plan=plan).ask("{ shop { name } }"))["throttleStatus"]
    assert (status["restoreRate"], status["maximumAvailable"]) == (rate, maximum)


def test_the_bucket_refuses_refills_and_never_overflows():
    now = [0.0]
    bucket = Bucket(100, 2000, clock=lambda: now[0])
    assert bucket.take(1500)
    assert not bucket.take(501)
    assert bucket.status().available == 500
    now[0] = 1.0
    assert bucket.take(600)
    assert not bucket.take(1)
    bucket.give_back(5000)
    assert bucket.status().available == 2000


def test_calls_beyond_the_bucket_are_really_throttled(shop, mug):
    shop.control("POST", "orders", {"orders": [{"lines": [mug]} for _ in range(8)]})
    row = "app { id } risk { recommendation } publication { id } attribution { handle } merchantBusinessEntity { id }"
    parts = [f"a{i}: orders(first: 8) {{ nodes {{ {row} }} }}" for i in range(38)]
    answers = [shop.ask(f"{{ {' '.join(parts)} }}") for _ in range(3)]
    codes = [[error["extensions"]["code"] for error in answer.get("errors", [])] for answer in answers]
    assert cost(answers[0])["actualQueryCost"] == 38 * (2 + 4 * 6) == 988
    assert codes == [[], [], ["THROTTLED"]]
    assert cost(answers[2])["throttleStatus"]["currentlyAvailable"] < 988
