"""Writes the env files of `docker-compose.yaml`: `python -m retail_ops.local.compose_secrets`.

One file a kind of container, mode 600, so that none sees the secrets of another. Passwords are generated once.
NOT here: tokens of real systems; their owner adds them to `airflow.env`, and they are kept.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from retail_ops.local.connections import OWNER_CONNECTION, STORE_CONNECTIONS, vault_connection
from retail_ops.local.endpoints import (
    AIRFLOW_DATABASE,
    AIRFLOW_OWNER,
    STORE_DATABASE,
    STORE_OWNER,
    STORE_ROLES,
)
from retail_ops.local.layout import locate_layout
from retail_ops.local.ports import LOOPBACK
from retail_ops.local.postgres import SUPERUSER, build_dsn
from retail_ops.local.provision import Order
from retail_ops.local.secret_files import keep_secret, random_fernet_key, write_private

# The services share one network namespace: loopback, and a port each.
AIRFLOW_PORT, STORE_PORT, ODOO_PORT = 5432, 5433, 5434


def compose_environment(passwords: Path) -> dict[str, dict[str, str]]:
    """Return the variables by env file.

    Args:
        passwords: Directory where the generated ones are kept.

    Idempotent: kept passwords are returned unchanged.
    """
    airflow, odoo = keep_secret(passwords / "airflow_db"), keep_secret(passwords / "odoo_db")
    superuser = keep_secret(passwords / "store_superuser")
    logins = {role: keep_secret(passwords / role) for role in (STORE_OWNER, *STORE_ROLES)}
    order = Order(
        _dsn(SUPERUSER, superuser, STORE_PORT, "postgres"), {STORE_DATABASE: STORE_OWNER}, (STORE_OWNER,), logins
    )
    owner = _store_connections({OWNER_CONNECTION: STORE_OWNER}, logins)
    return {
        "airflow-db.env": {
            "POSTGRES_USER": AIRFLOW_OWNER, "POSTGRES_DB": AIRFLOW_DATABASE, "POSTGRES_PASSWORD": airflow,
        },
        "store-db.env": {"POSTGRES_PASSWORD": superuser},
        "odoo-db.env": {"POSTGRES_USER": "odoo", "POSTGRES_DB": "postgres", "POSTGRES_PASSWORD": odoo},
        "odoo.env": {"HOST": LOOPBACK, "PORT": str(ODOO_PORT), "USER": "odoo", "PASSWORD": odoo},
        "airflow-init.env": {**order.to_environment(), **owner},
        "airflow.env": {
            **_airflow(passwords, airflow), **_store_connections(STORE_CONNECTIONS, logins), **_vault(passwords),
        },
    }  # fmt: skip


def _airflow(passwords: Path, password: str) -> dict[str, str]:
    metadata = _dsn(AIRFLOW_OWNER, password, AIRFLOW_PORT, AIRFLOW_DATABASE)
    return {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata.replace("postgresql:", "postgresql+psycopg2:", 1),
        "AIRFLOW__CORE__FERNET_KEY": keep_secret(passwords / "fernet_key", random_fernet_key),
        "AIRFLOW__API__SECRET_KEY": keep_secret(passwords / "api_secret"),
        "AIRFLOW__API_AUTH__JWT_SECRET": keep_secret(passwords / "jwt_secret", random_fernet_key),
    }


def _store_connections(roles: Mapping[str, str], logins: Mapping[str, str]) -> dict[str, str]:
    return {
        f"AIRFLOW_CONN_{identifier.upper()}": json.dumps(
            {
                "conn_type": "postgres",
                "host": LOOPBACK,
                "port": STORE_PORT,
                "schema": STORE_DATABASE,
                "login": role,
                "password": logins[role],
            }
        )
        for identifier, role in roles.items()
    }


def _vault(passwords: Path) -> dict[str, str]:
    key = keep_secret(passwords / "vault_key", random_fernet_key)
    digest_secret = keep_secret(passwords / "vault_digest_secret", random_fernet_key)
    return {"AIRFLOW_CONN_RETAIL_OPS_VAULT": json.dumps(vault_connection(key, digest_secret))}


def _dsn(user: str, password: str, port: int, database: str) -> str:
    return build_dsn(port=port, user=user, password=password, database=database)


def write_env_files(folder: Path) -> list[Path]:
    """Write every env file, keeping variables that somebody added.

    Args:
        folder: Where they go, usually `var/compose`.

    Returns:
        The files.

    Idempotent: generated passwords and added variables stay as they are.
    """
    passwords = folder / "passwords"
    passwords.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = []
    for name, variables in compose_environment(passwords).items():
        file = folder / name
        # Single quotes: compose takes the value literally, without interpolation.
        lines = [f"{variable}='{value}'" for variable, value in variables.items()]
        added = [line for line in _lines(file) if line.partition("=")[0] not in variables]
        write_private(file, "\n".join([*lines, *added]) + "\n")
        files.append(file)
    return files


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


if __name__ == "__main__":
    for written in write_env_files(locate_layout().var / "compose"):
        sys.stdout.write(f"{written}\n")
