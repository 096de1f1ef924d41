"""What a failed call means: Odoo's and the network's errors become errors of this project.

    read or write   AccessError, AccessDenied, HTTP 401 and 403   AuthorisationError
                    unknown field, model, method or database      ConfigurationError
                    UserError, ValidationError, other faults      RejectedError
                    serialisation failure, deadlock               ConflictError (rolled back)
                    refused connection, unknown host              TransientError (nothing was sent)
                    HTTP 429                                      ThrottledError
    read            time-out, cut or malformed answer, 5xx        TransientError
    write           the same                                      AmbiguousError: the server may have finished

Not here: retries. Messages of Odoo may quote customers, so only their plain lower-case words are kept.

Source: measured on Odoo 18 through odoorpc 0.10.1; errors carry `data.name`.
"""

from __future__ import annotations

import errno
import http.client
import re
import socket
import ssl
import urllib.error
from collections.abc import Mapping
from dataclasses import dataclass

from odoorpc.error import RPCError

from retail_ops.contracts.errors import (
    AmbiguousError,
    AuthorisationError,
    ConfigurationError,
    RejectedError,
    RetailOpsError,
    ThrottledError,
    TransientError,
)

CONFLICT_TEXT = "could not serialize access"
# Everything that odoorpc lets through when the far side or the network misbehaves; an answer that is no JSON-RPC
# surfaces as ValueError, KeyError, TypeError or AttributeError while odoorpc takes it apart.
CALL_FAULTS = (RPCError, OSError, http.client.HTTPException, ValueError, KeyError, TypeError, AttributeError)

_NEVER_SENT = (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH)
_AUTHORISATION = frozenset({"odoo.exceptions.AccessError", "odoo.exceptions.AccessDenied"})
_CONFLICTS = frozenset(
    f"psycopg2.errors.{name}" for name in ("SerializationFailure", "DeadlockDetected", "LockNotAvailable")
)
_MISSING = re.compile(
    r"Invalid field (?:name )?\S+|Object \S+ doesn't exist|The method '\S+' does not exist|External ID not found|"
    r"connection to server at .{0,80}database \S+ does not exist",
    re.DOTALL,
)
# Capitalised words may be names; these begin Odoo's own sentences.
_HIDDEN = re.compile(
    r"\"[^\"]*\"|'[^']*'|\[[^\]]*\]|\([^)]*\)|<[^>]*>|\S*[@\d]\S*|"
    r"\b(?!(?:You|The|No|It|Some|Once|This|Missing|Unknown|Contacts|Record|Private|Found)\b)[^\W\d_a-z]\w*"
)
_TEXT_LENGTH = 160


class ConflictError(TransientError):
    """Odoo rolled back because another transaction changed the same rows: the same call may succeed at once."""


@dataclass(frozen=True, slots=True)
class CallName:
    """One call as errors and logs name it; `writes` decides what an unknown outcome means."""

    model: str
    method: str
    writes: bool

    def describe(self, cause: str, text: str = "") -> str:
        """Return `model.method: cause (text)`."""
        return f"{self.model}.{self.method}: {cause}{f' ({text})' if text else ''}"


def redact(message: str) -> str:
    """Return the first line of a message of Odoo without quoted, bracketed, numeric and capitalised words."""
    lines = message.strip().splitlines() or [""]
    return _HIDDEN.sub("…", lines[0])[:_TEXT_LENGTH]


def translate(error: Exception, call: CallName) -> RetailOpsError:
    """Return what `error`, raised by `call`, means; the caller raises it from `error`."""
    if isinstance(error, RPCError):
        return _of_odoo(error, call)
    if isinstance(error, urllib.error.HTTPError):
        return _of_status(error, call)
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return ConfigurationError(call.describe("the server's certificate is not trusted"))
    cause = type(reason).__name__
    if isinstance(reason, socket.gaierror) or (isinstance(reason, OSError) and reason.errno in _NEVER_SENT):
        return TransientError(call.describe(f"nothing was sent: {cause}"))
    return _unknown(cause, call)


def _of_odoo(error: RPCError, call: CallName) -> RetailOpsError:
    info = error.info if isinstance(error.info, Mapping) else {}
    data = info.get("data")
    name = str(data.get("name", "")) if isinstance(data, Mapping) else ""
    message = str(error)
    if name in _AUTHORISATION:
        return AuthorisationError(call.describe(name, redact(message)))
    if missing := _MISSING.match(message):
        return ConfigurationError(call.describe(name, missing.group()[:_TEXT_LENGTH]))
    if name in _CONFLICTS or CONFLICT_TEXT in message:
        return ConflictError(call.describe(name))
    if name.startswith(("odoo.exceptions.", "builtins.")):
        return RejectedError("odoo_refused", "", call.describe(name, redact(message)))
    return _unknown(name or "fault without a name", call)


def _of_status(error: urllib.error.HTTPError, call: CallName) -> RetailOpsError:
    cause = f"HTTP {error.code}"
    if error.code in {401, 403}:
        return AuthorisationError(call.describe(cause))
    if error.code == http.client.TOO_MANY_REQUESTS:
        wait = error.headers.get("Retry-After", "")
        return ThrottledError(call.describe(cause), float(wait) if wait.isdigit() else 5.0)
    if error.code < http.client.INTERNAL_SERVER_ERROR:
        return ConfigurationError(call.describe(cause))
    return _unknown(cause, call)


def _unknown(cause: str, call: CallName) -> RetailOpsError:
    if call.writes:
        return AmbiguousError(call.describe(f"outcome unknown: {cause}"))
    return TransientError(call.describe(cause))
