"""Airflow's connections in the shape the settings ask for. Which exist and what they mean is in `settings.py`.

Asking blocks. A task may ask anywhere. A trigger must ask from a thread of its own, never in its event loop: Airflow
then carries the question to the loop and back (measured on Airflow 3.3.2). The clients of the far sides are not here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, Literal, cast

import psycopg
from airflow.sdk import BaseHook, Connection
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowSecretsBackendAccessDenied
from pydantic import SecretStr

from retail_ops.contracts.errors import AuthorisationError, ConfigurationError, TransientError
from retail_ops.settings import STORE_CONNECTIONS, ConnectionFacts
from retail_ops.transport.hosts import is_loopback

# The store holds no transaction open across a remote call, so whatever lasts this long is stuck.
SESSION: Final = "-c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
CONNECT_TIMEOUT_S: Final = 10
# Keys of `extra` that are ours; the driver refuses options that it does not know.
OWN_EXTRAS: Final = frozenset({"environment"})
SENSITIVE_KEY: Final = re.compile(r"secret|token|password|passphrase|passwd|api_?key|private_key", re.IGNORECASE)


class AirflowConnections:
    """Hands out connections by id and remembers their secrets, so that a text can be cleaned of them."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    def get(self, conn_id: str) -> ConnectionFacts:
        """Return what is known of a connection; absent text is empty, absent extra fields are not there.

        Raises:
            ConfigurationError: Names the connection that is not defined or whose extra is no JSON object.
            AuthorisationError: This process may not read the connection.
        """
        connection = self._ask(conn_id)
        return ConnectionFacts(
            conn_id=conn_id,
            conn_type=connection.conn_type or "",
            host=connection.host or "",
            port=connection.port,
            login=connection.login or "",
            password=SecretStr(connection.password or ""),
            schema=connection.schema or "",
            extra=_extra(connection),
        )

    def store(self, role: Literal["worker", "gate"]) -> psycopg.Connection[Any]:
        """Return a fresh connection to the store under a role; the caller closes it.

        Raises:
            ConfigurationError: Names the connection that is not defined.
            AuthorisationError: The store refuses the role's credentials.
            TransientError: The store is away.
        """
        from airflow.providers.postgres.hooks.postgres import PostgresHook  # noqa: PLC0415 - DAG files load this module

        conn_id = STORE_CONNECTIONS[role]
        hook = PostgresHook(connection=_for_driver(self._ask(conn_id)), options=SESSION)
        try:
            return cast("psycopg.Connection[Any]", hook.get_conn())
        except psycopg.OperationalError as error:
            # Source: measured on PostgreSQL 18: libpq gives no SQLSTATE for a refused log-in, only this text.
            if "authentication failed" in str(error):
                raise AuthorisationError(f"connection {conn_id}: the store refuses the credentials") from error
            raise TransientError(f"connection {conn_id}: the store does not answer") from error

    def redact(self, text: str) -> str:
        """Return `text` without any secret that this object handed out."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def _ask(self, conn_id: str) -> Connection:
        try:
            connection = BaseHook.get_connection(conn_id)
        except AirflowNotFoundException:
            raise ConfigurationError(f"connection {conn_id} is not defined in Airflow") from None
        except AirflowSecretsBackendAccessDenied:
            raise AuthorisationError(f"connection {conn_id}: Airflow does not let this process read it") from None
        self._secrets |= _secrets(connection)
        return connection


def _extra(connection: Connection) -> Mapping[str, object]:
    # `extra_dejson` also tells Airflow which values to mask; by itself it answers {} to broken JSON.
    extra: object = connection.extra_dejson
    if not isinstance(extra, dict) or (not extra and (connection.extra or "").strip() not in {"", "{}", "null"}):
        raise ConfigurationError(f"connection {connection.conn_id}: extra is no JSON object")
    return {key: value for key, value in extra.items() if value is not None}


def _secrets(connection: Connection) -> set[str]:
    named = {str(value) for key, value in _extra(connection).items() if SENSITIVE_KEY.search(key)}
    return (named | {connection.password or ""}) - {""}


def _for_driver(connection: Connection) -> Connection:
    local = is_loopback(connection.host or "")
    transport = {"sslmode": "prefer"} if local else {"sslmode": "verify-full", "sslrootcert": "system"}
    defaults = {"application_name": "retail_ops", "connect_timeout": CONNECT_TIMEOUT_S, **transport}
    given = {key: value for key, value in _extra(connection).items() if key not in OWN_EXTRAS}
    if not local and given.get("sslmode", "verify-full") != "verify-full":
        # Every weaker mode would send the password to whoever answers at that address.
        fault = f"extra.sslmode is {given['sslmode']!r}: a store on another host needs verify-full"
        raise ConfigurationError(f"connection {connection.conn_id}: {fault}")
    return Connection(
        conn_id=connection.conn_id,
        conn_type="postgres",
        host=connection.host,
        port=connection.port,
        login=connection.login,
        password=connection.password,
        schema=connection.schema,
        extra=json.dumps({**defaults, **given}),
    )
