"""The server behind the wire: credentials, the two services, one transaction a call, retries, workers.

Source: measured on Odoo 18: a conflict is retried five times by the server, except inside `load()`, where it
becomes a message.  Not here: HTTP (see `http_server`), injected faults (see `faults`).
"""

import inspect
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from standins.odoo import loading, setup
from standins.odoo.access import Access
from standins.odoo.env import Env
from standins.odoo.errors import (
    AccessDeniedError,
    AccessError,
    DatabaseMissingError,
    OdooAttributeError,
    OdooTypeError,
    RefusedError,
    SerializationFailureError,
    UnnamedError,
    UserError,
)
from standins.odoo.registry import Registry
from standins.odoo.store import Store
from standins.odoo.values import Value

_VERSION = {
    "server_version": "18.0",
    "server_version_info": [18, 0, 0, "final", 0, ""],
    "server_serie": "18.0",
    "protocol_version": 1,
}
_TRIES = 5
_FLOOR_MS = 12.0
_LOGIN_MS = 340.0
_BACKOFF_S = 0.002
_LANGUAGES = {"en_US", False, None}
Result = TypeVar("Result")


@dataclass(frozen=True)
class Settings:
    """What the server is started with; `passwords` maps logins to their passwords."""

    database: str
    passwords: Mapping[str, str]
    workers: int = 2
    latency: float = 1.0


@dataclass(frozen=True)
class Call:
    """One `execute_kw`: model, method and arguments, the context apart."""

    model: str
    method: str
    args: Sequence[Value]
    kwargs: Mapping[str, Value]
    context: Mapping[str, Value]


class Service:
    """A database and the services over it."""

    def __init__(self, store: Store, registry: Registry, settings: Settings) -> None:
        self.store = store
        self.registry = registry
        self.settings = settings
        self._workers = threading.BoundedSemaphore(settings.workers)
        self.as_admin(setup.install)
        self.reload_fields()

    def reload_fields(self) -> None:
        """Take over the manual fields as they are stored now."""
        rows = self.as_admin(lambda env: [env.row("ir.model.fields", i) for i in env.tx.all_ids("ir.model.fields")])
        self.registry.set_manual_fields(rows)

    def as_admin(self, work: Callable[[Env], Result]) -> Result:
        """Run a piece of work as the administrator in its own transaction, without cost, retried on conflict.

        Args:
            work: What to do.

        Returns:
            What it returned.

        Raises:
            OdooError: When it fails; nothing is changed then.
        """
        while True:
            try:
                return self._once(work, setup.ADMIN, {}, Access.everything(), 0.0)
            except SerializationFailureError:
                time.sleep(_BACKOFF_S)

    # Services.

    def dispatch(self, service: str, method: str, args: Sequence[Value]) -> Value:
        """Answer one JSON-RPC request.

        Args:
            service: ``common`` or ``object``.
            method: The service's method.
            args: Its arguments.

        Returns:
            The result.

        Raises:
            OdooError: What the client gets as a fault.
        """
        with self._workers:
            if service == "common":
                return self._common(method, args)
            if service == "object" and method in {"execute", "execute_kw"}:
                return self._object(method, args)
            if service == "db":
                raise AccessDeniedError
            raise UnnamedError(f"Method not found: {method}")

    def _common(self, method: str, args: Sequence[Value]) -> Value:
        if method == "version":
            return _VERSION
        if method not in {"login", "authenticate"}:
            raise UnnamedError(f"Method not found: {method}")
        database, login, password = args[:3]
        self._check_database(database)
        time.sleep(_LOGIN_MS / 1000 * self.settings.latency)
        if not password or self.settings.passwords.get(str(login)) != password:
            return False
        return self.as_admin(lambda env: env.model("res.users").find([["login", "=", login]])[0])

    def _check_database(self, database: Value) -> None:
        if database != self.settings.database:
            raise DatabaseMissingError(f'connection to server failed: FATAL:  database "{database}" does not exist\n')

    def _object(self, method: str, args: Sequence[Value]) -> Value:
        try:
            database, uid, password, model, name, *rest = args
        except ValueError as error:
            raise OdooTypeError(str(error)) from error
        self._check_database(database)
        login = self._check_password(uid, password)
        if method == "execute":
            call = Call(model, name, rest, {}, {})
        else:
            kwargs = dict(rest[1]) if len(rest) > 1 and rest[1] else {}
            context = kwargs.pop("context", None) or {}
            call = Call(model, name, rest[0] if rest else [], kwargs, context)
        return self._call(int(uid), login, call)

    def _check_password(self, uid: Value, password: Value) -> str:
        row = self.as_admin(lambda env: env.tx.get("res.users", uid) if isinstance(uid, int) else None)
        if row is None or not password or self.settings.passwords.get(row["login"]) != password:
            raise AccessDeniedError
        return str(row["login"])

    # Calls.

    def _call(self, uid: int, login: str, call: Call) -> Value:
        access = Access.everything() if login == "admin" else Access.of(login)
        for attempt in range(1, _TRIES + 1):
            try:
                return self._once(lambda env: _invoke(env, call), uid, call.context, access, self.settings.latency)
            except SerializationFailureError as failure:
                if call.method == "load":
                    answer = partial(_lose, call, failure)
                    return self._once(answer, uid, call.context, access, 0.0)
                if attempt == _TRIES:
                    raise
                time.sleep(random.uniform(0, 2**attempt) * (_BACKOFF_S + self.settings.latency / 2))  # noqa: S311
        raise AssertionError("unreachable")

    def _once(
        self,
        work: Callable[[Env], Result],
        uid: int,
        context: Mapping[str, Value],
        access: Access,
        latency: float,
    ) -> Result:
        """Run work in one transaction; its cost is slept before the commit, where conflicts can still happen."""
        started = time.monotonic()
        transaction = self.store.begin()
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        env = Env(transaction, self.registry, uid, now, context, access, _FLOOR_MS)
        try:
            result = work(env)
            env.flush()
        except BaseException:
            _sleep(env, started, latency)
            transaction.rollback()
            raise
        _sleep(env, started, latency)
        transaction.commit()
        return result


def _sleep(env: Env, started: float, latency: float) -> None:
    left = env.cost_ms / 1000 * latency - (time.monotonic() - started)
    if left > 0:
        time.sleep(left)


def _invoke(env: Env, call: Call) -> Value:
    _check_context(env, call.context)
    model = env.model(call.model)
    if call.method.startswith("_"):
        raise AccessError(f"Private methods (such as '{call.model}.{call.method}') cannot be called remotely.")
    if call.method not in model.public:
        raise OdooAttributeError(f"The method '{call.model}.{call.method}' does not exist")
    method = getattr(model, call.method)
    try:
        inspect.signature(method).bind(*call.args, **call.kwargs)
    except TypeError as error:
        raise OdooTypeError(f"{type(model).__name__}.{call.method}() {error}") from error
    return method(*call.args, **call.kwargs)


def _lose(call: Call, failure: SerializationFailureError, env: Env) -> Value:
    columns, data = inspect.signature(env.model(call.model).load).bind(*call.args, **call.kwargs).args
    return loading.lost_race(env.model(call.model), columns, data, failure)


def _check_context(env: Env, context: Mapping[str, Value]) -> None:
    companies = context.get("allowed_company_ids")
    if companies and any(env.tx.get("res.company", company) is None for company in companies):
        raise AccessError("Access to unauthorized or invalid companies.")
    if context.get("lang") not in _LANGUAGES:
        raise UserError(f"Invalid language code: {context['lang']}")
    for key in context:
        if key.startswith("default_"):
            raise RefusedError(f"the context key {key!r}")
