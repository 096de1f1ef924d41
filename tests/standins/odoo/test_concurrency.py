"""Concurrent clients: duplicates where Odoo lets them happen, none where it does not, retries and conflicts."""

import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from standins.odoo.env import Env
from standins.odoo.errors import SerializationFailureError
from standins.odoo.models import MODELS
from standins.odoo.registry import Registry
from standins.odoo.service import Service, Settings
from standins.odoo.store import Store

KEYS = [f"key-{number}" for number in range(25)]
CONFLICT = "could not serialize access due to concurrent update\n"


@contextmanager
def racing(erp):
    """Two client processes; each call given to them is made by both at the same moment."""
    command = [sys.executable, str(Path(__file__).with_name("racer.py")), str(erp.port)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    racers = [subprocess.Popen(command, **pipes) for _ in range(2)]

    def both(*call):
        for racer in racers:
            racer.stdin.write(json.dumps(call) + "\n")
            racer.stdin.flush()
        return [json.loads(racer.stdout.readline()) for racer in racers]

    try:
        yield both
    finally:
        for racer in racers:
            racer.stdin.close()
            racer.stdout.close()
            racer.terminate()
            racer.wait(10)


def load_all(erp, context):
    columns = ["id", "partner_id/.id", "client_order_ref", "order_line/product_id/.id"]
    messages = []
    with racing(erp) as both:
        for key in KEYS:
            row = [key, str(erp.partner), key, str(erp.product())]
            for answer in both("sale.order", "load", [columns, [row]], {"context": context}):
                messages += [message["message"] for message in answer["messages"]]
    return messages


def orders_by_key(erp):
    counts = dict.fromkeys(KEYS, 0)
    lines = []
    for order in erp.control("GET", "orders").json()["orders"]:
        counts[order["client_order_ref"]] += 1
        lines.append(len(order["lines"]))
    return counts, lines


def test_equal_loads_of_two_processes_make_no_duplicate(start):
    erp = start(workers=2, latency=0.05)
    context = {"module": "shop", "mode": "update", "noupdate": True}
    messages = load_all(erp, context)
    counts, lines = orders_by_key(erp)
    assert set(counts.values()) == {1}
    assert set(lines) == {1}
    assert set(messages) <= {CONFLICT}


def test_equal_loads_without_noupdate_double_the_lines(start):
    erp = start(workers=2)
    messages = load_all(erp, {"module": "shop"})
    counts, lines = orders_by_key(erp)
    assert set(counts.values()) == {1}
    assert set(messages) <= {CONFLICT}
    assert sum(lines) == 2 * len(KEYS) - len(messages), "each load that was not refused adds its line"


def test_search_then_create_of_two_processes_makes_duplicates(start):
    erp = start(workers=2)
    with racing(erp) as both:
        for key in KEYS:
            found = both("sale.order", "search", [[["client_order_ref", "=", key]]])
            assert found == [[], []]
            both("sale.order", "create", [{"partner_id": erp.partner, "client_order_ref": key}])
    counts, _ = orders_by_key(erp)
    assert set(counts.values()) == {2}, "the server must not serialise what the client does not"


@pytest.fixture
def service(tmp_path):
    registry = Registry(MODELS)
    store = Store(tmp_path / "state", registry.indexes)
    yield Service(store, registry, Settings("demo", {"admin": "x", "integration": "y"}, latency=0.0))
    store.close()


def env_of(service):
    return Env(service.store.begin(), service.registry, 2, "2026-11-23 10:00:00.000000")


def test_the_second_writer_of_a_row_fails_and_the_reader_keeps_its_snapshot(service):
    first, second, reader = env_of(service), env_of(service), env_of(service)
    first.update("res.partner", 1, ref="first")
    second.update("res.partner", 1, ref="second")
    first.tx.commit()
    with pytest.raises(SerializationFailureError):
        second.tx.commit()
    assert reader.row("res.partner", 1)["ref"] is None
    assert env_of(service).row("res.partner", 1)["ref"] == "first"


def test_a_call_that_conflicts_is_retried_by_the_server(service, monkeypatch):
    commits = []
    commit = service.store.commit

    def disturbed(transaction):
        if transaction.changes and len(commits) < 4:
            commits.append(1)
            service.store.release(transaction)
            raise SerializationFailureError
        commit(transaction)

    monkeypatch.setattr(service.store, "commit", disturbed)
    args = ["demo", 6, "y", "res.partner", "write", [[1], {"ref": "kept"}], {}]
    assert service.dispatch("object", "execute_kw", args) is True
    assert len(commits) == 4
    assert env_of(service).row("res.partner", 1)["ref"] == "kept"


def test_a_conflict_that_stays_is_a_serialization_failure(service, monkeypatch):
    tries = []

    def refuse(transaction):
        service.store.release(transaction)
        if transaction.changes:
            tries.append(1)
            raise SerializationFailureError

    monkeypatch.setattr(service.store, "commit", refuse)
    with pytest.raises(SerializationFailureError, match="could not serialize access"):
        service.dispatch("object", "execute_kw", ["demo", 6, "y", "res.partner", "write", [[1], {"ref": "x"}], {}])
    assert len(tries) == 5


def test_a_lost_race_in_load_is_a_message_for_the_losing_record(service):
    partner = service.as_admin(lambda env: env.model("res.partner").create({"name": "Jane"}))
    columns = ["id", "partner_id/.id"]
    context = {"module": "shop", "mode": "update", "noupdate": True}
    entered, go = threading.Event(), threading.Event()
    commit = service.store.commit

    def slow(transaction):
        if transaction.claims and not entered.is_set():
            entered.set()
            go.wait(10)
        commit(transaction)

    service.store.commit = slow

    def load(*names):
        rows = [[name, str(partner)] for name in names]
        args = ["demo", 6, "y", "sale.order", "load", [columns, rows], {"context": context}]
        return service.dispatch("object", "execute_kw", args)

    answers = []
    loser = threading.Thread(target=lambda: answers.append(load("a", "b")))
    loser.start()
    assert entered.wait(10)
    won = load("b")["ids"]
    go.set()
    loser.join(10)
    (answer,) = answers
    assert answer["ids"] is False
    assert json.loads(json.dumps(answer["messages"])) == [
        {"rows": {"from": 1, "to": 1}, "record": 1, "type": "error", "message": CONFLICT}
    ]
    assert load("b")["ids"] == won


def test_concurrent_confirmations_never_reserve_more_than_there_is(start, caller):
    erp = start(workers=4)
    orders = [
        caller(erp, erp.client()).order({"product_id": erp.product("RARE"), "product_uom_qty": 1}) for _ in range(8)
    ]
    threads = [
        threading.Thread(
            target=lambda order=order: erp.client().execute_kw("sale.order", "action_confirm", [[order]], {})
        )
        for order in orders
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    calls = caller(erp, erp.client())
    assert {calls.get(order, "state") for order in orders} == {"sale"}
    assert sum(calls.moves(order)[0]["quantity"] for order in orders) == 3
    assert calls.free("RARE")["free_qty"] == 0
