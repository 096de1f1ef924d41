"""The demo's day, seen from outside: everything arrived, everything is safe to clear, nothing leaked."""

import json
import re
from collections import Counter
from decimal import Decimal

import httpx
import psycopg
import pytest

pytestmark = [pytest.mark.timeout(400), pytest.mark.xdist_group("runtime")]
MAILS = re.compile(r"[\w.+-]+@example\.(?:com|net|org)")
RUN_ENDS_WITHIN_S = 120


def odoo_orders(day) -> dict[str, dict]:
    headers = {"X-Control-Token": day.endpoints.odoo.control_token}
    answer = httpx.get(f"{day.endpoints.odoo.url}/control/orders", headers=headers, timeout=30)
    return {order["origin"]: order for order in answer.raise_for_status().json()["orders"]}


def shop_orders(day) -> dict[str, dict]:
    found = {}
    for account, shop in day.endpoints.shops.items():
        headers = {"X-Control-Token": shop.control_token}
        answer = httpx.get(f"{shop.url}/control/orders", headers=headers, timeout=30).raise_for_status().json()
        found |= {f"{account}:{order['id']}": order for order in answer["orders"]}
    return found


def store(day, statement: str) -> list[tuple]:
    with psycopg.connect(day.endpoints.store_dsn("retail_ops_owner")) as conn:
        return conn.execute(statement).fetchall()


def test_every_order_of_the_day_is_accounted_for_in_three_currencies_and_more(day):
    assert day.summary.clean, [report.differences for report in day.summary.reports]
    assert day.summary.placed["placed"] == 70
    currencies = {code for report in day.summary.reports for code in report.erp}
    assert {"GBP", "EUR", "JPY", "USD"} <= currencies
    for report in day.summary.reports:
        assert report.channel == report.erp


def test_an_independent_count_at_the_stand_ins_finds_nothing_lost_doubled_or_unequal(day):
    placed, booked = shop_orders(day), odoo_orders(day)
    assert len(placed) == 70
    headers = {"X-Control-Token": day.endpoints.odoo.control_token}
    listing = httpx.get(f"{day.endpoints.odoo.url}/control/orders", headers=headers).json()["orders"]
    assert not [origin for origin, times in Counter(o["origin"] for o in listing).items() if times > 1]
    explained = {f"{row[0]}:{row[1]}" for row in store(day, "SELECT account, external_id FROM ops.case_file")}
    explained |= {
        f"{row[0]}:{row[1]}"
        for row in store(day, "SELECT account, external_id FROM ops.entity WHERE state IN ('ignored', 'cancelled')")
    }
    missing = set(placed) - set(booked) - explained
    assert not missing
    live = [key for key in booked if booked[key]["state"] != "cancel" and key not in explained]
    assert len(live) > 40
    for key in live:
        # A shop counts cash rounding beside the total; what the buyer paid contains it, and so does the document.
        wanted = Decimal(placed[key]["current_total"]["presentment"])
        wanted += Decimal(placed[key]["cash_rounding"]["presentment"])
        assert wanted == Decimal(booked[key]["amount_total"]), key


def test_the_summary_is_written_and_says_the_same(day):
    written = json.loads((day.layout.var / "demo" / "summary.json").read_text())
    assert written["clean"] is True
    assert written["audit"]["broken"] == 0
    assert written["placed"]["placed"] == 70
    assert day.said


def test_malformed_and_unmapped_orders_are_cases_that_name_the_field_and_no_task_failed(day):
    cases = store(day, "SELECT class, code, field FROM ops.case_file")
    assert {"data", "gate", "mapping"} <= {row[0] for row in cases}
    assert all(field for kind, _code, field in cases if kind in {"data", "gate", "mapping"})
    with day.airflow() as airflow:
        for dag in ("orders__shopify_uk", "orders__shopify_us"):
            runs = airflow.list_runs(dag)
            assert runs
            states = {t.state for run in runs for t in airflow.list_task_instances(dag, run.run_id)}
            assert states <= {"success", "running", "queued", "scheduled", None}, states


def test_every_task_can_be_cleared_twice_and_nothing_changes(day):
    before, entities = odoo_orders(day), store(day, "SELECT * FROM ops.entity ORDER BY 1, 2, 3")
    with day.airflow() as airflow:
        for dag in ("orders__shopify_uk", "orders__shopify_us"):
            run = min((r for r in airflow.list_runs(dag) if r.state == "success"), key=lambda r: r.run_id)
            for _ in range(2):
                assert airflow.clear_task_instances(dag, run.run_id) == 3
                again = airflow.get_run(dag, run.run_id)
                assert again.state != "success"
                (ended,) = airflow.wait_for_runs([again], timeout_s=RUN_ENDS_WITHIN_S)
                assert ended.state == "success"
            assert {t.try_number for t in airflow.list_task_instances(dag, run.run_id)} == {3}
    assert odoo_orders(day) == before
    assert store(day, "SELECT * FROM ops.entity ORDER BY 1, 2, 3") == entities


def secrets_of(day) -> set[str]:
    files = [path for path in day.layout.secrets.iterdir() if path.is_file()]
    return {path.read_text().strip() for path in files if len(path.read_text().strip()) >= 8}


def texts_where_nothing_private_may_be(day) -> dict[str, str]:
    """Logs, XCom, audit trail, cases, receipts, verdicts: by name."""
    found = {str(path): path.read_text(errors="replace") for path in day.layout.log.rglob("*") if path.is_file()}
    logs = day.layout.airflow / "logs"
    found |= {str(path): path.read_text(errors="replace") for path in logs.rglob("*.log")}
    with psycopg.connect(day.endpoints.airflow_dsn) as conn:
        found["xcom"] = str(conn.execute("SELECT key, value FROM xcom").fetchall())
        found["assets"] = str(conn.execute("SELECT extra FROM asset_event").fetchall())
    for table in ("audit_entry", "case_file", "case_event", "outbox", "gate_run", "entity", "revision", "batch"):
        found[table] = str(store(day, f"SELECT t::text FROM ops.{table} AS t"))
    return found


def test_no_secret_and_no_personal_datum_reached_a_log_an_xcom_the_trail_or_a_case(day):
    secrets, texts = secrets_of(day), texts_where_nothing_private_may_be(day)
    assert len(secrets) > 10
    assert len(texts) > 20
    for name, text in texts.items():
        assert not MAILS.search(text), f"an address of a buyer in {name}"
        assert not [secret for secret in secrets if secret in text], f"a secret in {name}"


def test_the_search_for_leaks_finds_one_that_is_planted(day):
    planted = day.layout.log / "planted.log"
    planted.write_text("mail to someone@example.com")
    try:
        texts = texts_where_nothing_private_may_be(day)
        assert any(MAILS.search(text) for text in texts.values())
    finally:
        planted.unlink()


def test_personal_data_did_arrive_where_it_belongs(day):
    """The negative control of the search above: the buyers' addresses exist, encrypted here and plain in Odoo."""
    assert store(day, "SELECT count(*) FROM ops.vault_item")[0][0] > 40


def test_the_test_button_of_both_connection_types_works(day):
    admin = day.endpoints.logins[0]
    login = {"username": admin.user, "password": admin.password}
    token = httpx.post(f"{day.endpoints.airflow_url}/auth/token", json=login).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    extra = {"tls": False, "environment": "demo"}
    odoo = {
        "connection_id": "try_odoo", "conn_type": "odoo", "host": "127.0.0.1", "port": day.endpoints.odoo.port,
        "schema": "demo", "login": "integration", "password": day.endpoints.odoo.token, "extra": json.dumps(extra),
    }  # fmt: skip
    shop = day.endpoints.shops["shopify_uk"]
    shopify = {
        "connection_id": "try_shop", "conn_type": "shopify", "host": "127.0.0.1", "port": shop.port,
        "password": shop.token, "extra": json.dumps({**extra, "api_version": "2026-10"}),
    }  # fmt: skip
    for body in (odoo, shopify):
        url = f"{day.endpoints.airflow_url}/api/v2/connections/test"
        good = httpx.post(url, json=body, headers=headers, timeout=60).json()
        assert good["status"] is True, good
        bad = httpx.post(url, json={**body, "password": "wrong-secret-value"}, headers=headers, timeout=60).json()
        assert bad["status"] is False
        assert "wrong-secret-value" not in bad["message"]
