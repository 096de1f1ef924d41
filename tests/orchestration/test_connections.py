"""Connections come from Airflow in the settings' shape, the store through Airflow's Postgres hook."""

from __future__ import annotations

import psycopg
import pytest

from retail_ops.contracts.errors import AuthorisationError, ConfigurationError, TransientError
from retail_ops.local.ports import choose_port
from retail_ops.orchestration.connections import AirflowConnections

SECRET = "shpat_0123456789abcdef"


def test_a_connection_arrives_in_the_settings_shape(define):
    define(
        "shopify_uk", conn_type="shopify", host="127.0.0.1", port=8443, password=SECRET, extra={"tls": False, "x": None}
    )
    facts = AirflowConnections().get("shopify_uk")
    assert (facts.conn_id, facts.conn_type, facts.host, facts.port) == ("shopify_uk", "shopify", "127.0.0.1", 8443)
    assert (facts.login, facts.schema, facts.extra) == ("", "", {"tls": False})
    assert facts.password.get_secret_value() == SECRET
    assert SECRET not in repr(facts)


def test_a_missing_connection_is_named():
    with pytest.raises(ConfigurationError, match="connection no_such_shop is not defined"):
        AirflowConnections().get("no_such_shop")


@pytest.mark.parametrize("extra", ["{not json", "[1]", '"text"'])
def test_an_extra_that_is_no_object_is_named_instead_of_ignored(define, extra):
    define("shopify_uk", conn_type="shopify", extra=extra)
    with pytest.raises(ConfigurationError, match="connection shopify_uk: extra is no JSON object"):
        AirflowConnections().get("shopify_uk")


def test_what_was_handed_out_can_be_taken_out_of_a_text(define):
    define("shopify_uk", conn_type="shopify", password="abc", extra={"client_secret": "abcdef-long", "site": "GB"})
    connections = AirflowConnections()
    text = "abcdef-long and abc in GB"
    assert connections.redact(text) == text
    connections.get("shopify_uk")
    assert connections.redact(text) == "*** and *** in GB"


def store_of(define, port: int, **changes: object) -> None:
    define(
        "retail_ops_store",
        **{
            "conn_type": "postgres",
            "host": "127.0.0.1",
            "port": port,
            "schema": "postgres",
            "login": "postgres",
            "password": SECRET,
            "extra": {"environment": "demo"},
            **changes,
        },
    )


def test_the_store_is_a_fresh_psycopg_connection_with_limits(define, postgres):
    store_of(define, postgres)
    connections = AirflowConnections()
    with connections.store("worker") as one, connections.store("worker") as other:
        assert isinstance(one, psycopg.Connection)
        assert one is not other
        settings = {
            name: one.execute(f"SHOW {name}").fetchone()[0]
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "application_name")
        }
    assert settings == {
        "statement_timeout": "30s",
        "lock_timeout": "10s",
        "idle_in_transaction_session_timeout": "1min",
        "application_name": "retail_ops",
    }


def test_the_stores_roles_have_connections_of_their_own(define, postgres):
    store_of(define, postgres)
    with pytest.raises(ConfigurationError, match="retail_ops_store_gate"):
        AirflowConnections().store("gate")


def test_a_store_that_is_away_may_be_retried(define):
    store_of(define, choose_port())
    with pytest.raises(TransientError, match="connection retail_ops_store: the store does not answer"):
        AirflowConnections().store("worker")


def test_a_store_that_refuses_the_role_is_not_retried(define, postgres):
    store_of(define, postgres, password="wrong-password")
    with pytest.raises(AuthorisationError, match="refuses the credentials") as refused:
        AirflowConnections().store("worker")
    assert "wrong-password" not in str(refused.value)


def test_a_store_elsewhere_is_reached_with_a_verified_certificate_only(define, monkeypatch):
    seen = {}
    monkeypatch.setattr(psycopg.Connection, "connect", lambda **options: seen.update(options) or _refuse())
    store_of(define, 5432, host="store.example.com", extra={"environment": "production"})
    with pytest.raises(TransientError):
        AirflowConnections().store("worker")
    assert (seen["sslmode"], seen["sslrootcert"]) == ("verify-full", "system")
    assert "environment" not in seen


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require", "verify-ca"])
def test_a_store_elsewhere_is_never_called_without_checked_tls(define, mode):
    store_of(define, 5432, host="store.example.com", extra={"sslmode": mode})
    with pytest.raises(ConfigurationError, match="needs verify-full"):
        AirflowConnections().store("worker")


def _refuse() -> None:
    raise psycopg.OperationalError("connection refused")
