"""Airflow connections of the local runtime, as `AIRFLOW_CONN_<ID>` variables with JSON values.

NOT here: connections of a deployment; those are made by its operator.
"""

from __future__ import annotations

import json

from retail_ops.local.endpoints import STORE_DATABASE, STORE_OWNER, Endpoints, Service
from retail_ops.local.ports import LOOPBACK

ENVIRONMENT = "demo"
SHOPIFY_API_VERSION = "2026-10"
ODOO_DATABASE, ODOO_LOGIN = "demo", "integration"
STORE_CONNECTIONS = {"retail_ops_store": "retail_ops_worker", "retail_ops_store_gate": "retail_ops_gate"}
OWNER_CONNECTION = "retail_ops_store_owner"


def connections(endpoints: Endpoints) -> dict[str, str]:
    """Return the variables that hand every connection to Airflow.

    Args:
        endpoints: The running runtime.

    Returns:
        JSON by variable name, e.g. `AIRFLOW_CONN_RETAIL_OPS_STORE`; the values carry secrets.
    """
    values: dict[str, dict[str, object]] = {
        identifier: _store(endpoints, role) for identifier, role in STORE_CONNECTIONS.items()
    }
    values["retail_ops_vault"] = vault_connection(endpoints.vault_key, endpoints.vault_digest_secret)
    values["odoo"] = _odoo(endpoints.odoo)
    values |= {account: _shop(service) for account, service in endpoints.shops.items()}
    return {f"AIRFLOW_CONN_{identifier.upper()}": json.dumps(value) for identifier, value in values.items()}


def owner_connection(endpoints: Endpoints) -> dict[str, str]:
    """Return the variable of the store's owner, for migrations only: Airflow never gets it."""
    return {f"AIRFLOW_CONN_{OWNER_CONNECTION.upper()}": json.dumps(_store(endpoints, STORE_OWNER))}


def vault_connection(key: str, digest_secret: str) -> dict[str, object]:
    """Return the connection that carries the vault's keys.

    Args:
        key: Fernet key that wraps the keys of persons and messages.
        digest_secret: Key of the pseudonyms.
    """
    return {"conn_type": "generic", "password": key, "extra": {"digest_secret": digest_secret}}


def _store(endpoints: Endpoints, role: str) -> dict[str, object]:
    return {
        "conn_type": "postgres",
        "host": LOOPBACK,
        "port": endpoints.postgres_port,
        "schema": STORE_DATABASE,
        "login": role,
        "password": endpoints.store_logins[role],
    }


def _odoo(service: Service) -> dict[str, object]:
    return {
        "conn_type": "odoo",
        "host": LOOPBACK,
        "port": service.port,
        "schema": ODOO_DATABASE,
        "login": ODOO_LOGIN,
        "password": service.token,
        "extra": {"tls": False, "environment": ENVIRONMENT},
    }


def _shop(service: Service) -> dict[str, object]:
    return {
        "conn_type": "shopify",
        "host": LOOPBACK,
        "port": service.port,
        "password": service.token,
        "extra": {"tls": False, "api_version": SHOPIFY_API_VERSION, "environment": ENVIRONMENT},
    }
