"""What each failure means, for reads and for writes, and that customers never show up in it."""

from __future__ import annotations

import errno
import http.client
import json
import re
import socket
import ssl
import urllib.error
from email.message import Message
from typing import Any

import pytest
from odoorpc.error import RPCError

from retail_ops.contracts.errors import (
    AmbiguousError,
    AuthorisationError,
    ConfigurationError,
    RejectedError,
    ThrottledError,
    TransientError,
)
from retail_ops.erp.odoo.faults import CallName, ConflictError, redact, translate

READ, WRITE = CallName("sale.order", "read", writes=False), CallName("sale.order", "load", writes=True)


def rpc(name: str, message: str) -> RPCError:
    return RPCError(message, {"code": 200, "data": {"name": name, "message": message}})


def http_error(code: int, headers: dict[str, str] | None = None) -> urllib.error.HTTPError:
    message = Message()
    for name, value in (headers or {}).items():
        message[name] = value
    return urllib.error.HTTPError("http://127.0.0.1/jsonrpc", code, "", message, None)


SAME_FOR_BOTH: list[tuple[Exception, type[Exception]]] = [
    (rpc("odoo.exceptions.AccessError", "You are not allowed to access 'X'"), AuthorisationError),
    (rpc("odoo.exceptions.AccessDenied", "Access Denied"), AuthorisationError),
    (rpc("builtins.ValueError", "Invalid field 'nope' on model 'sale.order'"), ConfigurationError),
    (rpc("builtins.ValueError", "Invalid field name 'nosuch'"), ConfigurationError),
    (rpc("odoo.exceptions.UserError", "Object no.such.model doesn't exist"), ConfigurationError),
    (rpc("builtins.AttributeError", "The method 'sale.order.nope' does not exist"), ConfigurationError),
    (
        rpc(
            "psycopg2.OperationalError", 'connection to server at "x" failed: FATAL:  database "nodb" does not exist\n'
        ),
        ConfigurationError,
    ),
    (rpc("odoo.exceptions.UserError", "Some orders are not in a state requiring confirmation."), RejectedError),
    (rpc("odoo.exceptions.ValidationError", "The operation cannot be completed"), RejectedError),
    (rpc("odoo.exceptions.MissingError", "Record does not exist or has been deleted."), RejectedError),
    (rpc("builtins.TypeError", "not enough arguments for format string"), RejectedError),
    (rpc("psycopg2.errors.SerializationFailure", "could not serialize access due to concurrent update"), ConflictError),
    (rpc("psycopg2.errors.DeadlockDetected", "deadlock detected"), ConflictError),
    (urllib.error.URLError(ConnectionRefusedError(errno.ECONNREFUSED, "refused")), TransientError),
    (urllib.error.URLError(socket.gaierror(-2, "unknown")), TransientError),
    (urllib.error.URLError(ssl.SSLCertVerificationError("bad")), ConfigurationError),
    (http_error(401), AuthorisationError),
    (http_error(404), ConfigurationError),
    (http_error(429, {"Retry-After": "7"}), ThrottledError),
]
UNKNOWN_FOR_WRITES: list[Exception] = [
    TimeoutError("timed out"),
    urllib.error.URLError(TimeoutError("timed out")),
    ConnectionResetError(errno.ECONNRESET, "reset"),
    urllib.error.URLError(BrokenPipeError(errno.EPIPE, "broken")),
    http.client.RemoteDisconnected("closed"),
    http.client.IncompleteRead(b"{"),
    json.JSONDecodeError("bad", "<html>", 0),
    KeyError("result"),
    http_error(500),
    http_error(503),
    rpc("psycopg2.InterfaceError", "cursor already closed"),
    RPCError("no details", False),
]


def exactly(error: Exception, kind: type[Exception]) -> bool:
    return type(error) is kind


@pytest.mark.parametrize(("error", "kind"), SAME_FOR_BOTH)
@pytest.mark.parametrize("call", [READ, WRITE])
def test_a_known_failure_means_the_same_for_reads_and_writes(error: Exception, kind: type, call: CallName) -> None:
    assert exactly(translate(error, call), kind)


@pytest.mark.parametrize("error", UNKNOWN_FOR_WRITES)
def test_an_unknown_outcome_is_ambiguous_for_writes_and_transient_for_reads(error: Exception) -> None:
    assert exactly(translate(error, WRITE), AmbiguousError)
    assert exactly(translate(error, READ), TransientError)


def test_a_throttled_call_carries_the_servers_waiting_time() -> None:
    error = translate(http_error(429, {"Retry-After": "7"}), WRITE)
    assert isinstance(error, ThrottledError)
    assert error.retry_after_s == 7.0


@pytest.mark.parametrize(
    "message",
    [
        "The VAT number [DE123] for partner [ann lee] does not seem to be valid.",
        "No matching record found for name 'ann lee' in field 'Country'",
        "Ann Lee cannot be used here",
        "The address of Ann Lee <ann@example.com> is wrong",
        "bad mail ann@example.com or phone +441234",
        'new row violates constraint "x"\nDETAIL: ann lee, ann@example.com',
    ],
)
def test_no_personal_data_of_a_message_survives(message: str) -> None:
    words = set(re.findall(r"\w+", redact(message).casefold()))
    assert not words & {"ann", "lee", "de123", "441234", "example"}


def test_the_plain_words_of_a_message_survive() -> None:
    assert redact("Some orders are not in a state requiring confirmation.").startswith("Some orders are not in a state")


@pytest.mark.parametrize("call", [READ, WRITE])
def test_every_error_names_model_and_method(call: CallName) -> None:
    errors: list[Any] = [*(error for error, _ in SAME_FOR_BOTH), *UNKNOWN_FOR_WRITES]
    assert all(f"sale.order.{call.method}" in str(translate(error, call)) for error in errors)
