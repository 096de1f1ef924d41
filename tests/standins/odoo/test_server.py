"""The process: restarts, disconnects, faults, latency, speed, and the control interface."""

import http.client
import json
import signal
import socket
import threading
import time
import urllib.error

import odoorpc
import pytest
import requests

ORDER = ["id", "partner_id/.id", "client_order_ref"]


def wait_for(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return value


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_state_survives_a_restart_and_ids_go_on(start, caller, number):
    erp = start()
    calls = caller(erp, erp.client())
    first = calls.simple("kept")["ids"][0]
    calls("sale.order", "action_confirm", [first])
    before = erp.control("GET", "orders").json()
    assert erp.stop(number) == (0 if number == signal.SIGTERM else -number)
    erp.start()
    assert erp.control("GET", "orders").json() == before
    calls = caller(erp, erp.client())
    assert calls.simple("kept")["ids"] == [first]
    assert calls.simple("more")["ids"][0] > first


def test_a_client_that_hangs_up_does_not_stop_the_call(erp, call):
    args = [
        "demo",
        6,
        "integration-key",
        "sale.order",
        "create",
        [{"partner_id": erp.partner, "client_order_ref": "hung"}],
        {},
    ]
    body = json.dumps({"id": 1, "params": {"service": "object", "method": "execute_kw", "args": args}}).encode()
    head = f"POST /jsonrpc HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", erp.port)) as connection:
        connection.sendall(head + body)
    wait_for(lambda: call("sale.order", "search_count", [["client_order_ref", "=", "hung"]]) == 1)


def test_a_client_time_out_leaves_the_call_to_finish(start, caller):
    erp = start(workers=2, latency=1.0)
    impatient = erp.client(timeout=60)
    impatient.config["timeout"] = 0.1
    values = [{"partner_id": erp.partner, "client_order_ref": "late"} for _ in range(30)]
    with pytest.raises(TimeoutError):
        impatient.execute_kw("sale.order", "create", [values], {})
    calls = caller(erp, erp.client())
    wait_for(lambda: calls("sale.order", "search_count", [["client_order_ref", "=", "late"]]) == 30)


def test_sigterm_finishes_the_calls_in_flight(start):
    erp = start(workers=2, latency=1.0)
    client = erp.client()
    answers = []
    values = [{"partner_id": erp.partner} for _ in range(40)]
    thread = threading.Thread(target=lambda: answers.append(client.execute_kw("sale.order", "create", [values], {})))
    erp.control("POST", "faults", {"method": "create", "fault": "slow", "seconds": 30})
    thread.start()
    wait_for(lambda: erp.control("GET", "faults").json() == {"waiting": 0})
    assert erp.stop() == 0
    thread.join(10)
    assert len(answers[0]) == 40


def test_the_measured_latency_is_charged_and_bounded_by_the_workers(start):
    erp = start(workers=1, latency=1.0)
    clients = [erp.client() for _ in range(2)]
    began = time.monotonic()
    threads = [
        threading.Thread(target=client.execute_kw, args=("sale.order", "create", [{"partner_id": erp.partner}], {}))
        for client in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert time.monotonic() - began >= 2 * 0.066, "one worker does one call after the other"


def test_fifty_orders_of_five_lines_load_fast_over_a_large_catalogue(start, caller):
    erp = start()
    products = [{"sku": f"S{number}", "stock": {"WH": 10}} for number in range(5000)]
    began = time.monotonic()
    ids = erp.seed(products=products)["products"]
    assert time.monotonic() - began < 10
    assert erp.seed(products=products)["products"] == ids, "seeding again changes nothing"
    calls = caller(erp, erp.client())
    rows = []
    for order in range(50):
        head = [f"f-{order}", str(erp.partner), "f"]
        rows += [[*(head if not line else [""] * 3), str(ids[f"S{order * 5 + line}"])] for line in range(5)]
    began = time.monotonic()
    answer = calls.load([*ORDER, "order_line/product_id/.id"], *rows)
    assert time.monotonic() - began < 2
    assert len(answer["ids"]) == 50
    began = time.monotonic()
    for number in range(0, 5000, 50):
        assert calls("product.product", "search", [["default_code", "=", f"S{number}"]]) == [ids[f"S{number}"]]
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("fault", "error", "happened"),
    [
        ("reset_before", ConnectionError, 0),
        ("reset_after_effect", ConnectionError, 1),
        ("time_out_after_effect", TimeoutError, 1),
        ("http_500", urllib.error.HTTPError, 0),
        ("html_503", urllib.error.HTTPError, 0),
        ("malformed_json", json.JSONDecodeError, 1),
    ],
)
def test_faults_strike_once_before_or_after_the_effect(erp, call, fault, error, happened):
    ref = erp.fresh(fault)
    order = {"partner_id": erp.partner, "client_order_ref": ref}
    wanted = {"model": "sale.order", "method": "create", "fault": fault, "times": 1, "seconds": 1}
    assert erp.control("POST", "faults", wanted).json() == {"waiting": 1}
    call.client.config["timeout"] = 0.3 if fault.startswith("time_out") else 30
    with pytest.raises((error, urllib.error.URLError) if error is ConnectionError else error) as caught:
        call("sale.order", "create", order)
    if isinstance(caught.value, urllib.error.URLError) and error is ConnectionError:
        assert isinstance(caught.value.reason, ConnectionError)
    call.client.config["timeout"] = 30
    count = lambda: call("sale.order", "search_count", [["client_order_ref", "=", ref]])  # noqa: E731
    assert count() == happened
    assert call("sale.order", "create", order)
    assert count() == happened + 1


def test_injected_conflicts_look_like_real_ones(erp, call, refused):
    erp.control("POST", "faults", {"model": "sale.order", "method": None, "fault": "serialization_message", "times": 2})
    answer = call.simple("inj-1")
    assert answer["ids"] is False
    assert answer["messages"][0]["message"] == "could not serialize access due to concurrent update\n"
    with refused("psycopg2.errors.SerializationFailure"):
        call("sale.order", "search", [])
    assert call.simple("inj-1")["ids"]


def test_a_slow_call_still_answers_and_faults_can_be_cleared(erp, call):
    erp.control("POST", "faults", {"model": "res.users", "method": "read", "fault": "slow", "seconds": 0.3})
    began = time.monotonic()
    assert call("res.users", "read", [6], ["login"])[0]["login"] == "integration"
    assert time.monotonic() - began >= 0.3
    erp.control("POST", "faults", {"fault": "http_500", "times": 5})
    assert erp.control("DELETE", "faults").json() == {"waiting": 0}
    assert call("res.users", "read", [6], ["login"])
    assert erp.control("POST", "faults", {"fault": "nonsense"}).status_code == 400


def test_the_control_interface_needs_its_token(erp):
    for method, path in [("GET", "orders"), ("POST", "seed"), ("POST", "faults")]:
        assert erp.control(method, path, {}, token="wrong").status_code == 401
    assert requests.get(f"{erp.url}/control/orders", timeout=9).status_code == 401
    assert erp.control("POST", "nothing", {}).status_code == 400


def test_seeding_twice_gives_the_same_ids_and_sets_stock(erp, call):
    product = {"sku": "TWICE", "name": "Twice", "stock": {"WH": 7}}
    first = erp.seed(products=[product], partners=[{"name": "Bob", "email": "b@x.com"}])
    assert erp.seed(products=[product], partners=[{"name": "Bob", "email": "b@x.com"}]) == first
    erp.ids["products"]["TWICE"] = first["products"]["TWICE"]
    assert call.free("TWICE")["free_qty"] == 7.0
    assert erp.control("POST", "stock", {"sku": "TWICE", "warehouse": "WH", "quantity": 2}).status_code == 200
    assert call.free("TWICE")["free_qty"] == 2.0
    assert erp.control("POST", "stock", {"sku": "NONE", "warehouse": "WH", "quantity": 2}).status_code == 400
    assert erp.control("POST", "seed", {"nonsense": []}).status_code == 400


def test_orders_are_listed_with_amounts_as_decimal_strings(erp, call):
    jpy = call.load(
        [*ORDER, "pricelist_id/.id", "order_line/product_id/.id", "order_line/price_unit"],
        ["list-1", str(erp.partner), "L", str(erp.ids["pricelists"]["JPY"]), str(erp.product()), "120"],
    )["ids"][0]
    orders = {order["id"]: order for order in erp.control("GET", "orders").json()["orders"]}
    shown = orders[jpy]
    assert (shown["xmlid"], shown["currency"], shown["amount_total"]) == ("shop.list-1", "JPY", "120")
    assert [(line["sku"], line["quantity"], line["price_unit"]) for line in shown["lines"]] == [
        ("SHIRT", "1.0", "120.0")
    ]


def test_a_delivery_by_external_id_and_nothing_left_to_deliver(erp, call):
    order = call.simple("dl-1", "2")["ids"][0]
    assert erp.control("POST", "deliver", {"order_id": "shop.dl-1", "lines": None}).status_code == 400
    call("sale.order", "action_confirm", [order])
    assert erp.control("POST", "deliver", {"order_id": "shop.dl-1", "lines": None}).status_code == 200
    assert call.line(order, "qty_delivered")["qty_delivered"] == 2.0
    again = erp.control("POST", "deliver", {"order_id": "shop.dl-1", "lines": None})
    assert again.status_code == 400


def test_it_listens_on_loopback_only_and_keeps_connections_open(erp):
    connection = http.client.HTTPConnection("127.0.0.1", erp.port, timeout=9)
    try:
        for _ in range(2):
            connection.request("GET", "/health")
            assert connection.getresponse().read() == b'{"status": "pass"}'
    finally:
        connection.close()
    address = socket.gethostbyname_ex(socket.gethostname())[2]
    for other in [ip for ip in address if not ip.startswith("127.")]:
        with pytest.raises(ConnectionRefusedError), socket.create_connection((other, erp.port), timeout=1):
            pass


def test_no_password_no_start(tmp_path):
    from standins.odoo.__main__ import main

    (tmp_path / "empty").write_text("")
    files = ["--api-key-file", str(tmp_path / "empty"), "--control-token-file", str(tmp_path / "empty")]
    assert main(["--state", str(tmp_path / "state"), *files]) == 2
    assert odoorpc.__version__.startswith("0.10")
