"""The hooks against real servers: log-in, calls, and a Test button that names what is wrong without a secret."""

from __future__ import annotations

import pytest
from airflow.models import Connection

from retail_ops.contracts.errors import AuthorisationError, ConfigurationError, RejectedError, TransientError
from retail_ops.local.ports import choose_port
from retail_ops.orchestration.hooks.odoo import OdooHook
from retail_ops.orchestration.hooks.shopify import FIRST_COST, ReportedBucket, ShopifyHook, read_document

TOKEN = "shpat_0123456789abcdef"
WRONG = "wrong-0123456789"
SHOP_NAME = "query Name { shop { name } }"


@pytest.fixture
def define_odoo(define):
    def one(port: int, **changes: object) -> None:
        values = {"conn_type": "odoo", "host": "127.0.0.1", "port": port, "schema": "demo", "login": "integration"}
        define("odoo", **{**values, "password": TOKEN, "extra": {"tls": False, "environment": "demo"}, **changes})

    return one


@pytest.fixture
def define_shop(define):
    def one(port: int, **changes: object) -> None:
        extra = {"tls": "false", "environment": "demo", "api_version": "2026-10"}
        values = {"conn_type": "shopify", "host": "127.0.0.1", "port": port, "password": TOKEN}
        define("shopify", **{**values, **changes, "extra": {**extra, **changes.get("extra", {})}})

    return one


def button(conn_type: str) -> tuple[bool, str]:
    """Do what Airflow's API does for the Test button."""
    return Connection(conn_id=conn_type, conn_type=conn_type).test_connection()  # noqa: AIR311 - what the API calls


def test_the_odoo_button_logs_in_and_says_as_whom(define_odoo, odoo):
    define_odoo(odoo)
    ok, text = button("odoo")
    assert ok, text
    assert text.startswith("logged in to database demo as integration; companies: ")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"password": WRONG}, "AuthorisationError: Odoo refuses the log-in of 'integration'"),
        ({"schema": "other"}, "common.login"),
        ({"schema": "", "login": ""}, "ConfigurationError: connection odoo: Database, User missing"),
        ({"host": "erp.example.com"}, "TLS is required"),
        ({"extra": {"tls": "perhaps", "environment": "demo"}}, "true or false is needed"),
        ({"extra": {"tls": False, "environment": "sandbox"}}, "'sandbox', this deployment is 'demo'"),
        ({"extra": {"tls": False}}, "extra.environment is None"),
    ],
)
def test_the_odoo_button_names_what_is_wrong(define_odoo, odoo, changes, named):
    define_odoo(odoo, **changes)
    ok, text = button("odoo")
    assert not ok
    assert named in text
    assert TOKEN not in text
    assert WRONG not in text


def test_the_odoo_button_tells_a_server_that_is_away(define_odoo):
    define_odoo(choose_port())
    ok, text = button("odoo")
    assert (ok, text.startswith("TransientError")) == (False, True)


def test_the_odoo_hook_calls_methods_with_named_arguments(define_odoo, odoo):
    define_odoo(odoo)
    hook = OdooHook()
    (company, *_) = hook.call("res.company", "search_read", [], writes=False, fields=["name"], limit=1)
    assert set(company) == {"id", "name"}
    assert hook.get_conn() is hook.get_conn()


def test_the_odoo_hook_raises_the_projects_errors(define_odoo, odoo):
    define_odoo(odoo)
    with pytest.raises((ConfigurationError, RejectedError)):
        OdooHook().call("no.such.model", "read", [1], writes=False)
    define_odoo(odoo, password=WRONG)
    with pytest.raises(AuthorisationError):
        OdooHook().call("res.company", "search_read", [], writes=False)


def test_the_shopify_button_says_which_shop_answers(define_shop, shop):
    define_shop(shop)
    ok, text = button("shopify")
    assert ok, text
    assert "answers in GBP; scopes: " in text
    assert "read_orders" in text


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"password": WRONG}, "AuthorisationError"),
        ({"password": ""}, "ConfigurationError: connection shopify: Admin API access token missing"),
        ({"host": "my-shop.example.com"}, "a Shopify host is <shop>.myshopify.com"),
        ({"extra": {"api_version": "2024-01"}}, "api_version '2024-01'"),
        ({"extra": {"environment": "production"}}, "'production', this deployment is 'demo'"),
    ],
)
def test_the_shopify_button_names_what_is_wrong(define_shop, shop, changes, named):
    define_shop(shop, **changes)
    ok, text = button("shopify")
    assert not ok
    assert named in text
    assert TOKEN not in text
    assert WRONG not in text


def test_the_shopify_hook_executes_a_document(define_shop, shop):
    define_shop(shop)
    assert ShopifyHook().execute(SHOP_NAME) == {"shop": {"name": "Hook Test"}}


def test_the_shopify_hook_raises_the_projects_errors(define_shop, shop):
    define_shop(shop)
    with pytest.raises(ConfigurationError):
        ShopifyHook().execute("query Wrong { shop { noSuchField } }")
    define_shop(choose_port())
    with pytest.raises(TransientError):
        ShopifyHook().execute(SHOP_NAME)


def test_a_stranger_among_the_errors_gives_its_kind_only(define_shop, monkeypatch):
    define_shop(1)
    monkeypatch.setattr(ShopifyHook, "get_conn", lambda self: {}[TOKEN])
    assert button("shopify") == (False, "KeyError; the server's log has the rest")


@pytest.mark.parametrize(
    ("text", "name", "write"),
    [(SHOP_NAME, "Name", False), ("mutation Tag { tagsAdd(id: 1) { node { id } } }", "Tag", True)],
)
def test_a_document_tells_its_name_and_whether_it_writes(text, name, write):
    document = read_document(text)
    assert (document.name, document.write, document.cost) == (name, write, FIRST_COST)


@pytest.mark.parametrize(
    "text", ["{ shop { name } }", "query A { a } query B { b }", "fragment F on Shop { id }", "no {"]
)
def test_a_document_without_exactly_one_named_operation_is_refused(text):
    with pytest.raises(ConfigurationError):
        read_document(text)


def test_the_hooks_bucket_follows_what_the_server_reports():
    now = [0.0]
    bucket = ReportedBucket(lambda: now[0])
    assert bucket.acquire("shop", "graphql", 5000) == 0
    bucket.adopt("shop", "graphql", capacity=1000, rate_per_s=50, available=100)
    assert bucket.acquire("shop", "graphql", 80) == 0
    assert bucket.acquire("shop", "graphql", 70) == pytest.approx(1.0)
    now[0] = 1.0
    assert bucket.acquire("shop", "graphql", 70) == 0
    now[0] = 100.0
    assert bucket.acquire("shop", "graphql", 5000) == 0
