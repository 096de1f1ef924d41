"""The ways in which a component is asked for its health.

NOT here: what happens when the answer is no (`supervisor`).
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from datetime import datetime

import httpx
import psycopg

from retail_ops.local.ports import LOOPBACK

TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Alive:
    """Healthy while its process lives."""

    def is_healthy(self, *, since: datetime) -> bool:  # noqa: ARG002 - the port's signature
        """Return True: the supervisor asks only while the process lives."""
        return True


@dataclass(frozen=True)
class TcpHealth:
    """Healthy once a connection is accepted.

    Attributes:
        port: Loopback port.
    """

    port: int

    def is_healthy(self, *, since: datetime) -> bool:  # noqa: ARG002 - the port's signature
        """Connect and hang up."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=TIMEOUT_S):
                return True
        except OSError:
            return False


@dataclass(frozen=True)
class PostgresHealth:
    """Healthy once a statement runs.

    Attributes:
        dsn: Connection string with password.
    """

    dsn: str = field(repr=False)

    def is_healthy(self, *, since: datetime) -> bool:  # noqa: ARG002 - the port's signature
        """Log in and run one statement."""
        try:
            with psycopg.connect(self.dsn, connect_timeout=int(TIMEOUT_S)) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


@dataclass(frozen=True)
class HttpHealth:
    """Healthy once a URL answers below 400.

    Attributes:
        url: Address that needs no log-in.
    """

    url: str

    def is_healthy(self, *, since: datetime) -> bool:  # noqa: ARG002 - the port's signature
        """Ask the URL; a proxy of the caller is not used for loopback."""
        try:
            return not httpx.get(self.url, timeout=TIMEOUT_S, trust_env=False).is_error
        except httpx.HTTPError:
            return False


@dataclass(frozen=True)
class AirflowHealth:
    """Health of an Airflow job without a port of its own, as the api-server sees its heartbeat.

    Attributes:
        url: The api-server's `/api/v2/monitor/health`.
        job: Key in its answer: scheduler, triggerer or dag_processor.
    """

    url: str
    job: str

    def is_healthy(self, *, since: datetime) -> bool:
        """Ask for the job; a heartbeat from before `since` is the predecessor's, which looks healthy for 30 s."""
        try:
            answer = httpx.get(self.url, timeout=TIMEOUT_S, trust_env=False).raise_for_status().json()
        except (httpx.HTTPError, ValueError):
            return False
        state = answer.get(self.job) or {}
        beat = state.get(f"latest_{self.job}_heartbeat")
        return state.get("status") == "healthy" and beat is not None and datetime.fromisoformat(beat) >= since
