"""What the schema does not serve is refused in Shopify's shape; what may not be read answers null with an error."""

import json

import requests

from standins.shopify.config import ALL_SCOPES


def test_an_unknown_field_is_refused_and_nothing_runs(shop):
    answer = shop.ask("{ orders(first: 1) { nodes { refunds { id } } } }")
    assert "data" not in answer
    assert answer["errors"][0]["extensions"]["code"] == "undefinedField"
    assert answer["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 2000


def test_a_syntax_error_is_refused(shop):
    answer = shop.ask("{ orders(")
    assert answer["errors"][0]["locations"]
    assert "data" not in answer


def test_an_unknown_argument_a_bad_variable_and_a_mutation_are_refused(shop):
    assert (
        shop.ask("{ orders(first: 1, colour: 1) { nodes { id } } }")["errors"][0]["extensions"]["code"]
        == "argumentNotAccepted"
    )
    bad = shop.ask("query($n: Int!) { orders(first: $n) { nodes { id } } }", {"n": "three"})
    assert bad["errors"][0]["extensions"]["code"] == "INVALID_VARIABLE"
    assert "errors" in shop.ask('mutation { tagsAdd(id: "x", tags: []) { node { id } } }')


def test_a_body_that_is_no_request_is_refused(shop):
    url = f"{shop.url}/admin/api/2026-10/graphql.json"
    headers = {"X-Shopify-Access-Token": "tok"}
    for body in (b"not json", b"[]", b'{"query": 1}', b'{"query": "{shop{name}}", "variables": {"a": NaN}}'):
        answer = requests.post(url, data=body, headers=headers, timeout=10).json()
        assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_introspection_works_and_costs_nothing(shop):
    answer = shop.ask("{ __schema { queryType { name } } }")
    assert answer["data"]["__schema"]["queryType"]["name"] == "QueryRoot"
    assert answer["extensions"]["cost"]["requestedQueryCost"] == 0


def test_an_unknown_order_is_null_and_a_bad_id_is_an_error(shop):
    assert shop.ask('{ order(id: "gid://shopify/Order/1") { id } }')["data"] == {"order": None}
    assert "Invalid global id" in shop.ask('{ order(id: "gid://shopify/Product/1") { id } }')["errors"][0]["message"]


def test_protected_data_answers_null_with_errors_and_the_rest(open_shop, mug):
    shop = open_shop(deny_protected=True)
    person = {"key": "p", "first_name": "Arda", "email": "arda@example.com"}
    gid = shop.place(lines=[mug], customer=person, email="arda@example.com")
    answer = shop.ask(f'{{ order(id: "{gid}") {{ name email customer {{ id }} }} }}')
    assert answer["data"]["order"] == {"name": "#1001", "email": None, "customer": None}
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"ACCESS_DENIED"}
    assert {tuple(error["path"]) for error in answer["errors"]} == {("order", "email"), ("order", "customer")}
    assert "arda" not in json.dumps(answer)


def test_without_read_orders_no_order_is_read(open_shop, mug):
    shop = open_shop(scopes=("read_products",))
    gid = shop.place(lines=[mug])
    answer = shop.ask(f'{{ order(id: "{gid}") {{ name }} }}')
    assert answer["data"] == {"order": None}
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


def test_without_read_all_orders_only_sixty_days_are_seen(base_config, open_shop, mug):
    from standins.shopify.config import Clock

    early = open_shop(clock=Clock(-61 * 86_400.0))
    gid = early.place(lines=[mug])
    fewer = tuple(scope for scope in ALL_SCOPES if scope != "read_all_orders")
    probe = f'{{ order(id: "{gid}") {{ name }} orders(first: 5) {{ nodes {{ name }} }} }}'
    assert open_shop(scopes=fewer).ask(probe)["data"] == {"order": None, "orders": {"nodes": []}}
    assert open_shop().ask(probe)["data"]["orders"]["nodes"] == [{"name": "#1001"}]


def test_control_refuses_what_no_shop_could_hold(shop, mug):
    bad = [
        {"lines": []},
        {"lines": [mug], "presentment_currency": "USD"},
        {"lines": [mug], "shop_rate": "0.9"},
        {"lines": [{**mug, "unit_price": "3.333"}]},
        {"lines": [{**mug, "unit_price": 3.33}]},
        {"lines": [{**mug, "colour": "red"}]},
        {"lines": [mug], "shipping_address": {"country_code": "QQ"}},
        {"lines": [mug], "payments": [{"error_code": "NO_SUCH"}]},
        {"lines": [mug], "discounts": [{"kind": "code", "title": "X", "scope": "lines", "lines": [4], "amount": "1"}]},
    ]
    for purchase in bad:
        assert shop.control("POST", "orders", purchase).status_code == 422, purchase
    assert shop.control("POST", "orders", {"orders": [{"lines": [mug]}, bad[1]]}).status_code == 422
    assert shop.control("GET", "orders").json()["orders"] == []


def test_control_knows_no_other_path_and_no_other_order(shop):
    assert shop.control("POST", "orders/1/touch", {}).status_code == 404
    assert shop.control("POST", "orders/1/explode", {}).status_code == 404
    assert shop.control("GET", "secrets").status_code == 404
    assert (
        requests.post(
            f"{shop.url}/control/orders", data=b"{", headers={"X-Control-Token": "ctl"}, timeout=10
        ).status_code
        == 422
    )
