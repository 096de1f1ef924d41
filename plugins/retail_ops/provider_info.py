"""Tells Airflow about the connection types `odoo` and `shopify`. Read at every start: it imports nothing.

Airflow masks a value by the NAME of its key, so secrets are `password` here and keys that say token or secret.
"""

from __future__ import annotations

from typing import Any, Final

ENVIRONMENT: Final[dict[str, Any]] = {
    "label": "Environment",
    "description": "What this system is; it must be what the deployment and its store are.",
    "schema": {"type": ["string", "null"], "enum": ["demo", "sandbox", "production"]},
}
TLS: Final[dict[str, Any]] = {
    "label": "TLS",
    "description": "Off for a local stand-in only.",
    "schema": {"type": ["boolean", "null"], "default": True},
}
ODOO: Final[dict[str, Any]] = {
    "connection-type": "odoo",
    "hook-class-name": "retail_ops.orchestration.hooks.odoo.OdooHook",
    "hook-name": "Odoo",
    "conn-fields": {"tls": TLS, "environment": ENVIRONMENT},
    "ui-field-behaviour": {
        "hidden-fields": ["extra"],
        "relabeling": {"schema": "Database", "login": "User", "password": "API key"},
        "placeholders": {
            "host": "erp.example.com",
            "port": "443",
            "schema": "name of the database",
            "login": "integration@example.com",
            "password": "API key of that user",
        },
    },
}
SHOPIFY: Final[dict[str, Any]] = {
    "connection-type": "shopify",
    "hook-class-name": "retail_ops.orchestration.hooks.shopify.ShopifyHook",
    "hook-name": "Shopify",
    "conn-fields": {
        "api_version": {
            "label": "API version",
            "description": "The version that every answer must confirm, e.g. 2026-10.",
            "schema": {"type": ["string", "null"], "default": "2026-10", "pattern": r"^\d{4}-(01|04|07|10)$"},
        },
        "tls": TLS,
        "environment": ENVIRONMENT,
    },
    "ui-field-behaviour": {
        "hidden-fields": ["login", "schema", "extra"],
        "relabeling": {"host": "Shop domain", "password": "Admin API access token"},
        "placeholders": {
            "host": "my-shop.myshopify.com",
            "port": "443",
            "password": "Admin API access token of the app",
        },
    },
}


def get_provider_info() -> dict[str, Any]:
    """Return what Airflow reads through the entry point `apache_airflow_provider`."""
    return {
        "package-name": "retail-ops",
        "name": "Retail Ops",
        "description": "Governed integration of Odoo with Shopify and marketplaces.",
        "integrations": [
            {"integration-name": "Odoo", "external-doc-url": "https://www.odoo.com/documentation/18.0/"},
            {"integration-name": "Shopify", "external-doc-url": "https://shopify.dev/docs/api/admin-graphql"},
        ],
        "hooks": [
            {"integration-name": "Odoo", "python-modules": ["retail_ops.orchestration.hooks.odoo"]},
            {"integration-name": "Shopify", "python-modules": ["retail_ops.orchestration.hooks.shopify"]},
        ],
        "connection-types": [ODOO, SHOPIFY],
    }
