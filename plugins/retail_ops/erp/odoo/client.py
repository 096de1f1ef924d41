"""The one way to call Odoo: `execute_kw` over JSON-RPC, with a time-out and an explicit context on every call.

Not here: what an error means (see `faults`), retries (see `loading`). Records are never browsed through `env`: that
costs a round trip for each record and attribute. Nothing is ever saved to odoorpc's session file: it would hold the
key in clear.

Source: odoorpc 0.10.1 and measured on Odoo 18: one ODOO object a thread, at DEBUG its logger prints API keys.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, cast

import odoorpc
from pydantic import SecretStr

from retail_ops.contracts.errors import AuthorisationError
from retail_ops.erp.odoo.faults import CALL_FAULTS, CallName, translate
from retail_ops.transport.hosts import check_tls

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
# What Odoo answers is taken on trust where it is read, and checked by what is done with it.
Answer: TypeAlias = Any
Row: TypeAlias = Mapping[str, Any]

READ_TIMEOUT_S = 30.0
# A batch of 50 takes seconds, but conflicts are retried for up to 10 s and the server finishes after a client gave up.
WRITE_TIMEOUT_S = 180.0

_odoorpc_logger = logging.getLogger("odoorpc")


@dataclass(frozen=True, slots=True)
class OdooConnection:
    """Where Odoo is and who we are there.

    Attributes:
        key: An API key of the integration user; it works as the password.
    """

    host: str
    port: int
    database: str
    login: str
    key: SecretStr
    tls: bool


class OdooClient:
    """Calls one Odoo database; safe to share between threads. Logs in once, on the first call."""

    def __init__(
        self,
        connection: OdooConnection,
        *,
        read_timeout_s: float = READ_TIMEOUT_S,
        write_timeout_s: float = WRITE_TIMEOUT_S,
    ) -> None:
        check_tls(connection.host, tls=connection.tls)
        self._connection = connection
        self._timeouts = (read_timeout_s, write_timeout_s)
        self._local = threading.local()
        self._lock = threading.Lock()
        self._user_id: int | None = None

    def call(
        self, call: CallName, args: Sequence[Json], options: Mapping[str, Json], context: Mapping[str, Json]
    ) -> Answer:
        """Call `call.method` of `call.model` and return its answer.

        Args:
            call: What to call, and whether it writes.
            args: Positional arguments, ids first where the method has them.
            options: Named arguments but the context.
            context: Sent as it is; nothing is added.

        Raises:
            RetailOpsError: See `faults`.
        """
        connection, named = self._connection, {**options, "context": dict(context)}
        key, user_id = connection.key.get_secret_value(), self._log_in()
        arguments: list[Json] = [connection.database, user_id, key, call.model, call.method, list(args), named]
        return self._post(call, "object", "execute_kw", arguments)

    def _log_in(self) -> int:
        with self._lock:
            if self._user_id is None:
                connection, call = self._connection, CallName("common", "login", writes=False)
                arguments: list[Json] = [connection.database, connection.login, connection.key.get_secret_value()]
                answer = self._post(call, "common", "login", arguments)
                if not isinstance(answer, int) or not answer:
                    raise AuthorisationError(f"Odoo refuses the log-in of {connection.login!r}")
                self._user_id = answer
            return self._user_id

    def _post(self, call: CallName, service: str, method: str, arguments: list[Json]) -> Answer:
        if _odoorpc_logger.level < logging.INFO:
            _odoorpc_logger.setLevel(logging.INFO)
        json.dumps(arguments, allow_nan=False)  # A value that cannot travel is our mistake, not a failed call.
        try:
            odoo = self._server(call)
            answer = odoo.json("/jsonrpc", {"service": service, "method": method, "args": arguments})
            if "result" not in answer:
                raise KeyError("result")
        except CALL_FAULTS as error:
            # The vendor's message may quote customers, so it does not travel in the chain of causes either.
            raise translate(error, call) from None
        return answer["result"]

    def _server(self, call: CallName) -> odoorpc.ODOO:
        odoo = getattr(self._local, "odoo", None)
        if odoo is None:
            protocol = "jsonrpc+ssl" if self._connection.tls else "jsonrpc"
            odoo = odoorpc.ODOO(self._connection.host, protocol, self._connection.port, version="18.0")
            self._local.odoo = odoo
        odoo.config["timeout"] = self._timeouts[call.writes]
        return odoo


class Caller(Protocol):
    """Calls in the name of one company. `fetch` only reads, `push` changes something."""

    def fetch(self, model: str, method: str, *args: Json, context: Mapping[str, Json] | None = None) -> Answer:
        """Call a method that changes nothing: a failure means that nothing happened."""
        ...

    def push(self, model: str, method: str, *args: Json, context: Mapping[str, Json] | None = None) -> Answer:
        """Call a method that writes: a failure may leave the outcome unknown.

        Raises:
            AmbiguousError: Look up before anything else.
        """
        ...


class CompanyCaller:
    """The context of one company around a client."""

    def __init__(self, client: OdooClient, *, company_id: int | None = None, lang: str = "en_US") -> None:
        self._client = client
        companies: dict[str, Json] = {} if company_id is None else {"allowed_company_ids": [company_id]}
        self._context: Mapping[str, Json] = {"lang": lang, "tz": "UTC", **companies}

    def fetch(self, model: str, method: str, *args: Json, context: Mapping[str, Json] | None = None) -> Answer:
        """Call a method that changes nothing."""
        return self._call(CallName(model, method, writes=False), args, context)

    def push(self, model: str, method: str, *args: Json, context: Mapping[str, Json] | None = None) -> Answer:
        """Call a method that writes."""
        return self._call(CallName(model, method, writes=True), args, context)

    def _call(self, call: CallName, args: Sequence[Json], context: Mapping[str, Json] | None) -> Answer:
        return self._client.call(call, args, {}, {**self._context, **(context or {})})


def search_read(caller: Caller, model: str, domain: Json, fields: Sequence[str]) -> list[Row]:
    """Return the records that match `domain`, references as `[id, name]`."""
    return cast("list[Row]", caller.fetch(model, "search_read", domain, list(fields)))


def read(caller: Caller, model: str, ids: Sequence[int], fields: Sequence[str]) -> list[Row]:
    """Return the records of `ids` that exist."""
    return cast("list[Row]", caller.fetch(model, "read", list(ids), list(fields)))
