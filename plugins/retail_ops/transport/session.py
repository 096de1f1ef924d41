"""One pooled HTTP session with time-outs, and the translation of its failures. No retries here: the caller decides."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from retail_ops.contracts.errors import AmbiguousError, ConfigurationError, RetailOpsError, TransientError

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 60.0
POOL_SIZE = 16


class HttpSession:
    """Keeps connections alive, ignores proxies and netrc of the environment, follows no redirect, verifies TLS.

    Safe to share between threads: nothing but the pool is kept from call to call, cookies are dropped.
    """

    def __init__(self, *, connect_s: float = CONNECT_TIMEOUT_S, read_s: float = READ_TIMEOUT_S) -> None:
        self._timeout = (connect_s, read_s)
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = True
        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=POOL_SIZE, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def post(self, url: str, body: bytes, *, headers: Mapping[str, str], write: bool) -> requests.Response:
        """Send `body` once and return the whole answer, whatever its status.

        Args:
            url: Absolute.
            body: Sent as it is.
            headers: Sent beside the session's own.
            write: Whether the call may change something over there.

        Raises:
            TransientError: Nothing was sent; or the answer of a read is missing or cut.
            AmbiguousError: The answer of a write is missing or cut.
            ConfigurationError: The certificate is not trusted, or URL or headers cannot be sent.
        """
        try:
            answer = self._session.post(
                url, data=body, headers=dict(headers), timeout=self._timeout, allow_redirects=False
            )
        except requests.RequestException as error:
            # `from None`: the message of requests may quote a header's value.
            raise _translated(error, write=write) from None
        self._session.cookies.clear()
        return answer

    def close(self) -> None:
        """Close every pooled connection. Idempotent."""
        self._session.close()


def _translated(error: requests.RequestException, *, write: bool) -> RetailOpsError:
    kind = type(error).__name__
    causes = tuple(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return ConfigurationError("the certificate of the far side is not trusted")
    if any(isinstance(cause, NewConnectionError | ConnectTimeoutError) for cause in causes):
        return TransientError(f"no connection ({kind}); nothing was sent")
    if isinstance(error, requests.exceptions.InvalidHeader | requests.exceptions.InvalidURL):
        return ConfigurationError(
            f"the request cannot be sent ({kind}): check host and credential for stray characters"
        )
    if write:
        return AmbiguousError(f"the answer to a write is missing ({kind})")
    return TransientError(f"the answer is missing or cut ({kind})")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and everything it wraps.

    Not its `__context__`: that would reach into an older failure which the caller happens to be handling.
    """
    todo: list[BaseException] = [error]
    seen: set[int] = set()
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = [*one.args, one.__cause__, one.reason if isinstance(one, MaxRetryError) else None]
        todo.extend(part for part in inner if isinstance(part, BaseException))
