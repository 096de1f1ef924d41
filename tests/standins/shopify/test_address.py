"""Tokens, versions and paths."""

import requests

PROBE = "{ shop { name } }"


def test_a_bad_token_is_401(shop):
    answer = shop.post(PROBE, token="wrong")
    assert answer.status_code == 401
    assert answer.json()["errors"].startswith("[API] Invalid API key or access token")
    assert shop.post(PROBE).status_code == 200


def test_a_bad_control_token_is_401_and_places_nothing(shop, mug):
    assert shop.control("POST", "orders", {"lines": [mug]}, token="wrong").status_code == 401
    assert shop.control("GET", "orders").json()["orders"] == []


def test_the_version_served_is_named_and_an_old_one_falls_forward(shop):
    for version in ("2026-10", "2025-10", "2019-04"):
        answer = shop.post(PROBE, version=version)
        assert answer.status_code == 200
        assert answer.headers["X-Shopify-API-Version"] == "2026-10"


def test_a_version_that_never_was_is_404(shop):
    for version in ("2026-11", "2027-01", "latest", "v1"):
        assert shop.post(PROBE, version=version).status_code == 404


def test_another_path_or_method_is_refused(shop):
    headers = {"X-Shopify-Access-Token": "tok"}
    assert requests.get(f"{shop.url}/admin/api/2026-10/orders.json", headers=headers, timeout=10).status_code == 404
    assert requests.get(f"{shop.url}/admin/api/2026-10/graphql.json", headers=headers, timeout=10).status_code == 405


def test_health_needs_no_token(shop):
    assert requests.get(f"{shop.url}/health", timeout=10).json() == {"status": "ok"}


def test_keep_alive_calls_do_not_stall(shop):
    # 40 calls that each waited for a delayed acknowledgement would take 1.6 s and more.
    with requests.Session() as session:
        body = {"query": PROBE}
        headers = {"X-Shopify-Access-Token": "tok"}
        url = f"{shop.url}/admin/api/2026-10/graphql.json"
        taken = sum(
            session.post(url, json=body, headers=headers, timeout=10).elapsed.total_seconds() for _ in range(40)
        )
    assert taken < 1.4


def test_the_shop_tells_its_capabilities(open_shop):
    us = open_shop(name="us", currency="USD", presentment=("USD", "JPY"), taxes_included=False, plan="plus")
    fields = "currencyCode enabledPresentmentCurrencies taxesIncluded ianaTimezone plan { shopifyPlus }"
    answer = us.ask(
        "{ shop { %s } currentAppInstallation { accessScopes { handle } } publicApiVersions { handle } }" % fields
    )
    assert answer["data"]["shop"] == {
        "currencyCode": "USD",
        "enabledPresentmentCurrencies": ["USD", "JPY"],
        "taxesIncluded": False,
        "ianaTimezone": "Europe/London",
        "plan": {"shopifyPlus": True},
    }
    scopes = {item["handle"] for item in answer["data"]["currentAppInstallation"]["accessScopes"]}
    assert {"read_orders", "read_all_orders"} <= scopes
    assert {"handle": "2026-10"} in answer["data"]["publicApiVersions"]
