"""Settings: what is missing or wrong is named, nothing goes out in the clear, and environments never mix."""

from __future__ import annotations

import json

import psycopg
import pytest

from retail_ops.bootstrap import keyring, order_lane
from retail_ops.contracts.errors import AuthorisationError, ConfigurationError, TransientError
from retail_ops.settings import (
    STORE_CONNECTIONS,
    EnvironmentConnections,
    Settings,
    flag,
    load_settings,
    require_environment,
)
from store.making import Clock, Store
from support.postgres import PASSWORD
from support.processes import CHECKOUT

NAME = "AIRFLOW_CONN_SOME"


def connections(**value: object) -> EnvironmentConnections:
    return EnvironmentConnections({NAME: json.dumps(value)})


def store_at(database, role: str = "worker", **more: object) -> EnvironmentConnections:
    value = {
        "host": "127.0.0.1",
        "port": database.port,
        "schema": database.name,
        "login": f"retail_ops_{role}",
        "password": PASSWORD,
        **more,
    }
    return EnvironmentConnections({f"AIRFLOW_CONN_{STORE_CONNECTIONS[role].upper()}": json.dumps(value)})


# ---------------------------------------------------------------- the process


def test_the_environment_has_no_default():
    with pytest.raises(ConfigurationError, match="RETAIL_OPS_ENVIRONMENT is ''"):
        load_settings({})


@pytest.mark.parametrize("name", ["prod", "Production", "demo "])
def test_an_environment_that_is_none_is_refused(name):
    with pytest.raises(ConfigurationError, match="demo, sandbox or production"):
        load_settings({"RETAIL_OPS_ENVIRONMENT": name})


def test_the_root_is_the_checkout_unless_another_one_is_named(tmp_path):
    assert load_settings({"RETAIL_OPS_ENVIRONMENT": "sandbox"}) == Settings(CHECKOUT, "sandbox")
    with pytest.raises(ConfigurationError, match="RETAIL_OPS_ROOT names no checkout"):
        load_settings({"RETAIL_OPS_ENVIRONMENT": "demo", "RETAIL_OPS_ROOT": str(tmp_path)})
    (tmp_path / "include" / "governance").mkdir(parents=True)
    assert load_settings({"RETAIL_OPS_ENVIRONMENT": "demo", "RETAIL_OPS_ROOT": str(tmp_path)}).root == tmp_path


def test_every_folder_that_the_settings_name_is_there():
    settings = Settings(CHECKOUT, "demo")
    for folder in (settings.governance, settings.expectations, settings.queries, settings.migrations):
        assert any(folder.iterdir())


# ---------------------------------------------------------------- connections


def test_a_connection_is_what_its_variable_says():
    facts = connections(
        conn_type="odoo", host="h", port="5433", login="l", password="p", schema="s", extra='{"tls": false}'
    ).get("some")  # fmt: skip
    assert (facts.conn_id, facts.conn_type, facts.host, facts.port, facts.login, facts.schema) == (
        "some",
        "odoo",
        "h",
        5433,
        "l",
        "s",
    )
    assert facts.password.get_secret_value() == "p"
    assert facts.extra == {"tls": False}


def test_what_is_not_said_is_empty():
    facts = connections().get("some")
    assert (facts.host, facts.port, facts.login, facts.password.get_secret_value(), facts.extra) == (
        "",
        None,
        "",
        "",
        {},
    )


def test_a_password_shows_in_no_text():
    facts = connections(password="very-secret", extra={"environment": "demo"}).get("some")
    assert "very-secret" not in f"{facts} {facts!r}"


@pytest.mark.parametrize("text", [None, ""])
def test_a_missing_variable_is_named(text):
    given = {} if text is None else {NAME: text}
    with pytest.raises(ConfigurationError, match=f"connection some is not defined: {NAME} is not set"):
        EnvironmentConnections(given).get("some")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("postgres://u:very-secret@h/d", "no JSON"),
        ("[1]", "no JSON object"),
        ('{"port": "https", "password": "very-secret"}', "port is 'https'"),
        ('{"port": -1}', "port is -1"),
        ('{"extra": "{very-secret"}', "extra is no JSON"),
        ('{"extra": "[1]"}', "extra is no JSON object"),
        ('{"extra": [1]}', "extra is no JSON object"),
    ],
)
def test_a_wrong_variable_is_named_without_its_secrets(text, named):
    with pytest.raises(ConfigurationError, match=named) as refused:
        EnvironmentConnections({NAME: text}).get("some")
    assert NAME in str(refused.value)
    assert "very-secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("value", "wanted"), [(True, True), ("true", True), (" False ", False), (False, False), ("", True), (None, True)]
)
def test_a_flag_may_be_a_text_as_airflows_form_stores_it(value, wanted):
    extra = {} if value is None else {"tls": value}
    assert flag(connections(extra=extra).get("some"), "tls", default=True) is wanted


@pytest.mark.parametrize("value", ["yes", 1, "0"])
def test_a_flag_that_is_none_is_named(value):
    with pytest.raises(ConfigurationError, match=r"connection some: extra\.tls is"):
        flag(connections(extra={"tls": value}).get("some"), "tls", default=True)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({}, "no vault key"),
        ({"password": "x"}, "not a Fernet key"),
        ({"password": "A" * 43 + "=", "extra": {"digest_secret": "short"}}, "digest_secret"),
    ],
)
def test_a_vault_that_cannot_work_is_named(value, named):
    with pytest.raises(ConfigurationError, match=named):
        keyring(EnvironmentConnections({"AIRFLOW_CONN_RETAIL_OPS_VAULT": json.dumps(value)}))


# ---------------------------------------------------------------- the store


@pytest.mark.parametrize("role", sorted(STORE_CONNECTIONS))
def test_each_role_of_the_store_has_a_connection_of_its_own(database, role):
    with store_at(database, role).store(role) as conn:
        assert conn.execute("SELECT current_user").fetchone() == (f"retail_ops_{role}",)


def test_a_missing_store_connection_is_named():
    with pytest.raises(ConfigurationError, match="retail_ops_store_gate"):
        EnvironmentConnections({}).store("gate")


def test_a_refused_log_in_is_no_matter_of_trying_again(database):
    with pytest.raises(AuthorisationError, match="retail_ops_store: the store refuses"):
        store_at(database, password="wrong").store("worker")


def test_a_store_that_is_away_is(server):
    gone = server.fresh()
    server.drop(gone)
    with pytest.raises(TransientError, match="retail_ops_store: the store does not answer"):
        store_at(gone).store("worker")


def test_a_store_on_another_host_is_never_spoken_to_in_the_clear(database):
    # 0.0.0.0 reaches this machine, but it is no loopback address: the same server, asked as a foreign one.
    plain = {"host": "0.0.0.0", "port": database.port, "user": "retail_ops_worker", "password": PASSWORD}
    with psycopg.connect(dbname=database.name, sslmode="prefer", **plain) as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(TransientError) as refused:
        store_at(database, host="0.0.0.0").store("worker")
    assert "SSL" in str(refused.value.__cause__)


# ---------------------------------------------------------------- environments


def test_a_connection_of_another_environment_is_refused():
    facts = connections(extra={"environment": "production"}).get("some")
    require_environment(facts, "production")
    with pytest.raises(
        ConfigurationError, match=r"connection some: extra\.environment is 'production', this deployment is 'demo'"
    ):
        require_environment(facts, "demo")


def test_a_connection_that_names_no_environment_is_refused():
    with pytest.raises(ConfigurationError, match="is None"):
        require_environment(connections().get("some"), "demo")


@pytest.mark.parametrize("part", ["unit", "erp", "channel"])
def test_a_deployment_works_with_no_store_erp_or_channel_of_another_environment(database, part):
    Store(database).open.close()  # installed as demo
    store = json.loads(store_at(database)._variables["AIRFLOW_CONN_RETAIL_OPS_STORE"])
    far = {"host": "127.0.0.1", "port": 1, "extra": {"environment": "demo", "tls": False}}
    given = {"retail_ops_store": store, "odoo": far, "shopify_uk": far}
    found = EnvironmentConnections({f"AIRFLOW_CONN_{name.upper()}": json.dumps(value) for name, value in given.items()})
    sandbox, demo = Settings(CHECKOUT, "sandbox"), Settings(CHECKOUT, "demo")
    with (
        order_lane("shopify_uk", found, run="test", settings=sandbox, clock=Clock()) as lane,
        pytest.raises(ConfigurationError, match="'demo', this deployment is 'sandbox'"),
    ):
        getattr(lane, part)
    with order_lane("shopify_uk", found, run="test", settings=demo, clock=Clock()) as lane:
        assert lane.unit.conn.info.dbname == database.name
