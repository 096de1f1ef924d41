"""Tokens, versions and paths."""

import socket
from concurrent.futures import ThreadPoolExecutor

import requests

from standins.shopify.server import _Handler

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


def test_an_answer_leaves_in_one_piece_on_a_kept_connection(shop):
    # Head and body in two writes, or Nagle's wait, cost a keep-alive client 40 ms a call.
    assert _Handler.disable_nagle_algorithm
    host, port = shop.url.removeprefix("http://").split(":")
    request = b"GET /health HTTP/1.1\r\nHost: shop\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        for _ in range(3):
            connection.sendall(request)
            assert connection.recv(65_536).endswith(b'{"status": "ok"}')


def test_the_shop_tells_its_capabilities(open_shop):
    us = open_shop(name="us", currency="USD", presentment=("USD", "JPY"), taxes_included=False, plan="plus")
    fields = "currencyCode enabledPresentmentCurrencies taxesIncluded ianaTimezone plan { shopifyPlus }"
    others = "currentAppInstallation { accessScopes { handle } } publicApiVersions { handle }"
    answer = us.ask(f"{{ shop {{ {fields} }} {others} }}")
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


def test_a_call_takes_its_latency_and_none_when_asked(open_shop):
    assert open_shop(latency_factor=1.0).post(PROBE).elapsed.total_seconds() >= 0.12


def test_many_threads_get_their_own_answers_and_ids(open_shop, mug):
    shop = open_shop(plan="plus")

    def place_and_read(index):
        gid = shop.place(lines=[{**mug, "sku": f"S{index}"}])
        return gid, shop.order(gid, "lineItems(first: 1) { nodes { sku } }")["lineItems"]["nodes"][0]["sku"]

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(place_and_read, range(48)))
    assert [sku for _, sku in found] == [f"S{index}" for index in range(48)]
    assert len({gid for gid, _ in found}) == 48


def test_a_shop_with_a_long_name_still_has_a_domain(open_shop):
    answer = open_shop(name="Harbour Lane UK").ask("{ shop { name myshopifyDomain } }")
    assert answer["data"]["shop"] == {"name": "Harbour Lane UK", "myshopifyDomain": "harbour-lane-uk.example.com"}
