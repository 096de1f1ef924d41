"""Faults on order: each spoils just the calls it was ordered for; corrupted orders spoil only their own answer."""

import json

import pytest
import requests
from urllib3.exceptions import ProtocolError

from standins.shopify.endpoint import Endpoint
from standins.shopify.faults import Fault, FaultName, FaultQueue

LIST = "{ orders(first: 5) { nodes { name poNumber totalPriceSet { shopMoney { amount } } } } }"


def order_fault(shop, fault, **more):
    assert shop.control("POST", "faults", {"fault": fault, **more}).status_code == 200


def test_status_faults_and_their_headers(shop):
    for fault, status in (("http_429", 429), ("http_500", 500), ("html_503", 503), ("expired_token", 401)):
        order_fault(shop, fault, seconds=2)
        answer = shop.post(LIST)
        assert answer.status_code == status
        if status == 429:
            assert answer.headers["Retry-After"] == "2.0"
        if status == 503:
            assert answer.headers["Content-Type"].startswith("text/html")
        assert shop.post(LIST).status_code == 200


def test_a_fault_lasts_as_many_calls_as_ordered_and_can_be_forgotten(shop):
    order_fault(shop, "http_500", times=2)
    assert [shop.post(LIST).status_code for _ in range(3)] == [500, 500, 200]
    order_fault(shop, "http_500", times=5)
    assert shop.control("DELETE", "faults").json() == {"forgotten": 5}
    assert shop.post(LIST).status_code == 200


def test_a_throttled_call_runs_nothing(shop):
    order_fault(shop, "throttled")
    answer = shop.ask(LIST)
    assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert "data" not in answer


@pytest.mark.parametrize("fault", ["reset_before", "reset_after_effect"])
def test_a_reset_connection_is_a_reset_not_an_end(shop, fault):
    order_fault(shop, fault)
    with pytest.raises(requests.ConnectionError) as caught:
        shop.post(LIST)
    assert "ConnectionResetError" in repr(caught.value)
    assert shop.post(LIST).status_code == 200


def test_a_call_that_times_out_is_closed_without_an_answer(shop):
    order_fault(shop, "time_out_after_effect", seconds=0.05)
    with pytest.raises(requests.ConnectionError):
        shop.post(LIST)
    assert shop.post(LIST).status_code == 200


@pytest.mark.parametrize("fault", FaultName.__args__)
def test_a_fault_strikes_before_or_after_the_effect_as_its_name_says(fault):
    ran = []

    class Recorder:
        def answer(self, body, **_):
            ran.append(body)
            return {}

    faults = FaultQueue()
    faults.add(Fault(fault=fault))
    Endpoint(Recorder(), "tok", faults).answer("POST", "/admin/api/2026-10/graphql.json", "tok", b"call")
    early = {"http_429", "http_500", "html_503", "reset_before", "expired_token"}
    assert ran == ([] if fault in early else [b"call"])


def test_a_cut_answer_ends_before_its_length(shop, mug):
    shop.place(lines=[mug])
    order_fault(shop, "cut_answer")
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError, ProtocolError)):
        shop.post(LIST)
    assert shop.ask(LIST)["data"]["orders"]["nodes"][0]["name"] == "#1001"


def test_malformed_json_has_the_right_length_and_the_wrong_text(shop):
    order_fault(shop, "malformed_json")
    answer = shop.post(LIST)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.content)


def test_partial_data_comes_with_its_error(shop, mug):
    shop.place(lines=[mug], po_number="PO-1")
    order_fault(shop, "partial_data")
    answer = shop.ask(LIST)
    (node,) = answer["data"]["orders"]["nodes"]
    assert (node["name"], node["poNumber"]) == ("#1001", None)
    assert answer["errors"][0]["path"] == ["orders", "nodes", 0, "poNumber"]
    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert shop.ask(LIST)["data"]["orders"]["nodes"][0]["poNumber"] == "PO-1"


def test_a_slow_answer_is_whole(shop):
    order_fault(shop, "slow", seconds=0.3)
    answer = shop.post(LIST)
    assert answer.elapsed.total_seconds() >= 0.3
    assert answer.json()["data"]["orders"]["nodes"] == []


def test_the_wrong_version_is_told_in_the_header_only(shop):
    order_fault(shop, "wrong_version")
    answer = shop.post(LIST)
    assert answer.status_code == 200
    assert answer.headers["X-Shopify-API-Version"] == "2027-01"


def test_an_unknown_fault_is_refused(shop):
    assert shop.control("POST", "faults", {"fault": "earthquake"}).status_code == 422


def test_control_is_never_spoiled(shop, mug):
    order_fault(shop, "reset_before", times=3)
    shop.place(lines=[mug])
    assert len(shop.control("GET", "orders").json()["orders"]) == 1


def test_corruption_reaches_only_its_own_order(shop, mug):
    patches = [
        {"path": "totalPriceSet.shopMoney.amount", "action": "set", "value": "12,50"},
        {"path": "name", "action": "remove"},
        {"path": "lineItems.nodes.0.quantity", "action": "set", "value": "two"},
        {"path": "lineItems.nodes.7.quantity", "action": "set", "value": 1},
        {"path": "not.asked.for", "action": "set", "value": 1},
    ]
    gid = shop.place(lines=[mug], raw_patch=patches)
    shop.place(lines=[mug])
    fields = "name totalPriceSet { shopMoney { amount } } lineItems(first: 2) { nodes { quantity sku } }"
    bad, good = shop.ask(f"{{ orders(first: 5, sortKey: ID) {{ nodes {{ {fields} }} }} }}")["data"]["orders"]["nodes"]
    assert bad == {
        "totalPriceSet": {"shopMoney": {"amount": "12,50"}},
        "lineItems": {"nodes": [{"quantity": "two", "sku": "MUG"}]},
    }
    assert good["totalPriceSet"]["shopMoney"]["amount"] == "9.99"
    assert good["lineItems"]["nodes"][0]["quantity"] == 3
    assert shop.ask(f'{{ one: order(id: "{gid}") {{ {fields} }} }}')["data"]["one"] == bad
    assert shop.control("GET", "orders").json()["orders"][0]["total"]["shop"] == "9.99"
