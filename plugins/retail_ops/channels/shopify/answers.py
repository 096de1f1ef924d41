"""What an answer of Shopify means: every status, error code and user error becomes one class of the error tree.

Not here: sending and waiting (`client`).

Source: Shopify Admin API 2026-10, "Response and status codes", "GraphQL error codes"; THROTTLED comes as HTTP 200.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import requests

from retail_ops.contracts.errors import (
    AmbiguousError,
    AuthorisationError,
    ConfigurationError,
    DataError,
    RejectedError,
    RetailOpsError,
    ThrottledError,
    TransientError,
)

_TRANSIENT = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"})
_DOCUMENT = frozenset(
    {
        "MAX_COST_EXCEEDED",
        "undefinedField",
        "argumentNotAccepted",
        "missingRequiredArguments",
        "selectionMismatch",
        "variableMismatch",
    }
)
_STATUS_DELAY_S = 2.0


@dataclass(frozen=True, slots=True)
class Throttle:
    """What the server says of the bucket, in points."""

    capacity: float
    rate_per_s: float
    available: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What one call asked for and really took; `actual` is None when it was throttled."""

    requested: float
    actual: float | None
    throttle: Throttle


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer with status 200, not yet judged; fractional numbers are kept as their text."""

    content: Mapping[str, object]
    cost: Cost | None

    @property
    def errors(self) -> Sequence[Mapping[str, object]]:
        """The top-level errors; a bare string becomes one error."""
        errors = self.content.get("errors")
        if isinstance(errors, str):
            return ({"message": errors},)
        if isinstance(errors, list):
            return tuple(error if isinstance(error, dict) else {"message": "unreadable error"} for error in errors)
        return ({"message": "unreadable errors"},) if errors else ()

    @property
    def throttled(self) -> bool:
        """Whether the bucket was empty: nothing was done."""
        return any(_code(error) == "THROTTLED" for error in self.errors)


def read_answer(response: requests.Response, *, account: str, version: str, write: bool) -> Answer:
    """Judge status and headers and read the JSON.

    Raises:
        AuthorisationError: 401, 403.
        ConfigurationError: 404, a redirect, another refused status, or another API version than asked.
        ThrottledError: 429.
        TransientError: 5xx or no JSON, of a query. AmbiguousError: the same of a mutation.
    """
    _judge_status(response, account, write=write)
    served = response.headers.get("X-Shopify-API-Version")
    if served is not None and served != version:
        raise ConfigurationError(f"{account}: asked for API version {version}, served {served}")
    try:
        # Fractions stay text: a float would lose digits, and the message is stored as it came.
        content = json.loads(response.content, parse_float=str, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise _gone(f"{account}: the answer is no JSON", write=write) from None
    if not isinstance(content, dict):
        raise _gone(f"{account}: the answer is no JSON object", write=write)
    return Answer(content=content, cost=_cost(content))


def take_data(answer: Answer, *, account: str, write: bool) -> Mapping[str, object]:
    """Return `data`, provided that nothing in it is missing or refused.

    Raises:
        ConfigurationError: Access to a field is denied, or the document does not fit the API; names the field.
        TransientError: The server failed; of a mutation AmbiguousError.
        RejectedError: A user error of a mutation.
        DataError: Any other error of the API.
    """
    if answer.errors:
        _raise_errors(answer.errors, account, write=write)
    data = answer.content.get("data")
    if not isinstance(data, dict):
        raise _gone(f"{account}: the answer has neither data nor errors", write=write)
    for error in _user_errors(data):
        raise error
    if _ignored_search(answer.content):
        # Shopify leaves an unknown term out and answers all the rest: the window would not be one.
        raise ConfigurationError(f"{account}: the API ignored a part of the search query")
    return data


def _judge_status(response: requests.Response, account: str, *, write: bool) -> None:
    status = response.status_code
    request = response.headers.get("X-Request-Id", "unknown")
    where = f"{account}: HTTP {status} (request {request})"
    if status == requests.codes.ok:
        return
    if status in {401, 403}:
        raise AuthorisationError(f"{where}: the access token is refused")
    if status == requests.codes.too_many_requests:
        raise ThrottledError(where, _retry_after(response))
    if status >= requests.codes.server_error or status == requests.codes.request_timeout:
        raise _gone(where, write=write)
    if status == requests.codes.not_found:
        raise ConfigurationError(f"{where}: no such shop or API version")
    raise ConfigurationError(f"{where}: not expected of this endpoint; redirects are not followed")


def _retry_after(response: requests.Response) -> float:
    try:
        return max(0.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return _STATUS_DELAY_S


def _raise_errors(errors: Sequence[Mapping[str, object]], account: str, *, write: bool) -> NoReturn:
    codes = {_code(error) for error in errors}
    denied = sorted({_path(error) or "(query)" for error in errors if _code(error) == "ACCESS_DENIED"})
    if denied:
        raise ConfigurationError(f"{account}: access is denied to {', '.join(denied)}: grant the app's scopes and data")
    if codes & _TRANSIENT:
        raise _gone(f"{account}: the API failed ({', '.join(sorted(codes & _TRANSIENT))})", write=write)
    if codes & _DOCUMENT:
        raise ConfigurationError(f"{account}: the API refuses the query document ({', '.join(sorted(codes))})")
    first = errors[0]
    # The message is the vendor's free text and may quote the message's content, so it is not repeated.
    raise DataError("api_error", _path(first), f"{account}: {len(errors)} error(s), code {_code(first)}")


def _user_errors(data: Mapping[str, object]) -> Iterator[RejectedError]:
    for root, value in data.items():
        if not isinstance(value, dict):
            continue
        for key, entries in value.items():
            if key.lower().endswith("usererrors") and isinstance(entries, list):
                yield from (_rejected(root, entry) for entry in entries if isinstance(entry, dict))


def _ignored_search(content: Mapping[str, object]) -> bool:
    extensions = content.get("extensions")
    searches = extensions.get("search") if isinstance(extensions, dict) else None
    return isinstance(searches, list) and any(isinstance(one, dict) and one.get("warnings") for one in searches)


def _rejected(root: str, error: Mapping[str, object]) -> RejectedError:
    path = error.get("field")
    field = ".".join(str(part) for part in path) if isinstance(path, list) else ""
    code = error.get("code")
    return RejectedError(code.lower() if isinstance(code, str) else "user_error", field, f"{root} was refused")


def _code(error: Mapping[str, object]) -> str:
    extensions = error.get("extensions")
    code = extensions.get("code") if isinstance(extensions, dict) else None
    return code if isinstance(code, str) else "none"


def _path(error: Mapping[str, object]) -> str:
    path = error.get("path")
    if not isinstance(path, list):
        return ""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.lstrip(".")


def _cost(content: Mapping[str, object]) -> Cost | None:
    extensions = content.get("extensions")
    cost = extensions.get("cost") if isinstance(extensions, dict) else None
    status = cost.get("throttleStatus") if isinstance(cost, dict) else None
    if not isinstance(cost, dict) or not isinstance(status, dict):
        return None
    try:
        throttle = Throttle(
            capacity=float(status["maximumAvailable"]),
            rate_per_s=float(status["restoreRate"]),
            available=float(status["currentlyAvailable"]),
        )
        actual = cost.get("actualQueryCost")
        return Cost(
            requested=float(cost["requestedQueryCost"]),
            actual=None if actual is None else float(actual),
            throttle=throttle,
        )
    except (KeyError, TypeError, ValueError):
        return None


def _gone(message: str, *, write: bool) -> RetailOpsError:
    return AmbiguousError(f"{message}; the outcome is unknown") if write else TransientError(message)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
