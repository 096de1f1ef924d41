"""One user's HTTP session with Airflow: log-in, paging, errors translated into ours.

NOT here: what is asked (`airflow_api`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from retail_ops.contracts.errors import AuthorisationError, ConfigurationError, TransientError

TIMEOUT_S = 30.0
PAGE = 100


class AirflowAnswerError(ConfigurationError):
    """Airflow refuses a request.

    Attributes:
        status: HTTP status, 400 to 499.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class AirflowSession:
    """Requests in the name of one user."""

    def __init__(self, url: str, *, user: str, password: str) -> None:
        """Prepare; the log-in happens at the first request.

        Args:
            url: Base address without a trailing slash.
            user: UI user.
            password: That user's.
        """
        self._credentials = {"username": user, "password": password}
        self._token: str | None = None
        # A proxy of the caller is not used for loopback.
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT_S, trust_env=False)

    def close(self) -> None:
        """Close the connections.

        Idempotent: closing twice is fine.
        """
        self._http.close()

    def pages(self, path: str, key: str, query: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Yield every entry of a list, page by page.

        Args:
            path: From the root.
            key: Name of the list in the answer.
            query: Further parameters.
        """
        offset = 0
        while True:
            answer = self.request("GET", path, params={**(query or {}), "limit": PAGE, "offset": offset})
            yield from answer[key]
            offset += PAGE
            if offset >= answer["total_entries"]:
                return

    def request(self, method: str, path: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's options
        """Send a request, logging in when there is no valid token.

        Args:
            method: HTTP method.
            path: From the root.
            options: `params` or `json`, as httpx takes them.

        Returns:
            The answer's JSON object.

        Raises:
            AuthorisationError: The log-in is wrong, or the user may not do this.
            AirflowAnswerError: Airflow refuses the request.
            TransientError: Airflow does not answer, or answers with a server error.
        """
        with _translated(path):
            response = self._http.request(method, path, headers=self._authorise(), **options)
            if response.status_code == httpx.codes.UNAUTHORIZED:
                self._token = None  # tokens live for a day
                response = self._http.request(method, path, headers=self._authorise(), **options)
            answer: dict[str, Any] = response.raise_for_status().json()
        return answer

    def _authorise(self) -> dict[str, str]:
        if self._token is None:
            response = self._http.post("/auth/token", json=self._credentials)
            self._token = str(response.raise_for_status().json()["access_token"])
        return {"Authorization": f"Bearer {self._token}"}


@contextmanager
def _translated(path: str) -> Iterator[None]:
    try:
        yield
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        message = f"Airflow answered {status} to {path}: {error.response.text[:300]}"
        if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            raise AuthorisationError(message) from error
        if error.response.is_server_error:
            raise TransientError(message) from error
        raise AirflowAnswerError(status, message) from error
    except httpx.TransportError as error:
        raise TransientError(f"Airflow does not answer {path}: {error}") from error
