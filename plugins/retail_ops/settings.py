"""The only reader of environment and connections. Frozen values; what is missing is named at start.

Inside Airflow connections come from Airflow (`orchestration/connections.py`); elsewhere from the same
`AIRFLOW_CONN_<ID>` variables that Airflow itself reads, so that one description serves both.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, cast

import psycopg
from pydantic import SecretStr

from retail_ops.contracts.errors import AuthorisationError, ConfigurationError, TransientError
from retail_ops.transport.hosts import is_loopback

Environment = Literal["demo", "sandbox", "production"]
StoreRole = Literal["worker", "gate", "owner"]
STORE_CONNECTIONS: Mapping[StoreRole, str] = {
    "worker": "retail_ops_store",
    "gate": "retail_ops_store_gate",
    "owner": "retail_ops_store_owner",
}
VAULT_CONNECTION = "retail_ops_vault"
_CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the project's files are, and which environment this deployment is.

    Attributes:
        root: The checkout: holds `include/` and `expectations/`.
        environment: Must be the store's and every connection's.
    """

    root: Path
    environment: Environment

    @property
    def governance(self) -> Path:
        """The governance files."""
        return self.root / "include" / "governance"

    @property
    def expectations(self) -> Path:
        """The gates' suites."""
        return self.root / "expectations"

    @property
    def queries(self) -> Path:
        """The named statements."""
        return self.root / "include" / "sql" / "queries"

    @property
    def migrations(self) -> Path:
        """The schema's versions."""
        return self.root / "include" / "sql" / "migrations"


@dataclass(frozen=True, slots=True)
class ConnectionFacts:
    """One connection, as Airflow stores it; absent text is empty."""

    conn_id: str
    conn_type: str
    host: str
    port: int | None
    login: str
    password: SecretStr
    schema: str
    extra: Mapping[str, object]


class Connections(Protocol):
    """Hands out connections by id."""

    def get(self, conn_id: str) -> ConnectionFacts:
        """Return what is known of a connection.

        Raises:
            ConfigurationError: Names the connection that is missing.
        """
        ...

    def store(self, role: Literal["worker", "gate"]) -> psycopg.Connection[Any]:
        """Return a fresh connection to the store under a role; the caller closes it."""
        ...


def load_settings(variables: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of this process.

    Args:
        variables: Environment to read; the process's own when None.

    Raises:
        ConfigurationError: Names the variable that is missing or wrong.
    """
    given = os.environ if variables is None else variables  # noqa: TID251 - the one place that reads it
    environment = given.get("RETAIL_OPS_ENVIRONMENT", "")
    if environment not in {"demo", "sandbox", "production"}:
        raise ConfigurationError(f"RETAIL_OPS_ENVIRONMENT is {environment!r}: demo, sandbox or production is needed")
    root = Path(given.get("RETAIL_OPS_ROOT") or _CHECKOUT)
    if not (root / "include" / "governance").is_dir():
        raise ConfigurationError("RETAIL_OPS_ROOT names no checkout: include/governance is missing there")
    return Settings(root=root, environment=cast("Environment", environment))


class EnvironmentConnections:
    """Connections from `AIRFLOW_CONN_<ID>` variables with JSON values."""

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self._variables = os.environ if variables is None else variables  # noqa: TID251 - the one place that reads it

    def get(self, conn_id: str) -> ConnectionFacts:
        """Return what is known of a connection.

        Raises:
            ConfigurationError: The variable is missing or no JSON object, or its port or extra is wrong; names it.
        """
        name = f"AIRFLOW_CONN_{conn_id.upper()}"
        text = self._variables.get(name)
        if not text:
            raise ConfigurationError(f"connection {conn_id} is not defined: {name} is not set")
        try:
            value = json.loads(text)
        except json.JSONDecodeError as error:
            raise ConfigurationError(f"{name} is no JSON") from error
        if not isinstance(value, dict):
            raise ConfigurationError(f"{name} is no JSON object")
        return ConnectionFacts(
            conn_id=conn_id,
            conn_type=str(value.get("conn_type") or ""),
            host=str(value.get("host") or ""),
            port=_port(name, value.get("port")),
            login=str(value.get("login") or ""),
            password=SecretStr(str(value.get("password") or "")),
            schema=str(value.get("schema") or ""),
            extra=_extra(name, value.get("extra") or {}),
        )

    def store(self, role: StoreRole) -> psycopg.Connection[Any]:
        """Return a fresh connection to the store under a role; the caller closes it.

        Raises:
            ConfigurationError: The connection is not defined.
            AuthorisationError: The store refuses the role's credentials.
            TransientError: The store does not answer.
        """
        facts = self.get(STORE_CONNECTIONS[role])
        try:
            return psycopg.connect(
                host=facts.host,
                port=facts.port or 5432,
                user=facts.login,
                password=facts.password.get_secret_value(),
                dbname=facts.schema,
                sslmode="prefer" if is_loopback(facts.host) else "verify-full",
                sslrootcert=str(facts.extra.get("sslrootcert") or "system") if not is_loopback(facts.host) else None,
                connect_timeout=10,
                application_name="retail_ops",
            )
        except psycopg.OperationalError as error:
            # Source: measured on PostgreSQL 18: libpq gives no SQLSTATE for a refused log-in, only this text.
            if "authentication failed" in str(error):
                raise AuthorisationError(f"connection {facts.conn_id}: the store refuses the credentials") from error
            raise TransientError(f"connection {facts.conn_id}: the store does not answer") from error


def _port(name: str, value: object) -> int | None:
    if value is None:
        return None
    if not str(value).isdecimal():
        raise ConfigurationError(f"{name}: port is {value!r}: a number is needed")
    return int(str(value))


def _extra(name: str, value: object) -> Mapping[str, object]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError as error:
            raise ConfigurationError(f"{name}: extra is no JSON") from error
    if not isinstance(value, dict):
        raise ConfigurationError(f"{name}: extra is no JSON object")
    return value


def require_environment(facts: ConnectionFacts, environment: Environment) -> None:
    """Check that a connection belongs to this environment.

    Raises:
        ConfigurationError: Its extra names another one, or none.
    """
    named = facts.extra.get("environment")
    if named != environment:
        raise ConfigurationError(
            f"connection {facts.conn_id}: extra.environment is {named!r}, this deployment is {environment!r}"
        )


def flag(facts: ConnectionFacts, name: str, *, default: bool) -> bool:
    """Return a boolean of a connection's extra; Airflow's form stores text.

    Raises:
        ConfigurationError: It is neither true nor false.
    """
    value = facts.extra.get(name, default)
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text not in {"true", "false", ""}:
        raise ConfigurationError(f"connection {facts.conn_id}: extra.{name} is {value!r}: true or false is needed")
    return default if text == "" else text == "true"
