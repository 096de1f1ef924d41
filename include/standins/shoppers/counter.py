"""The till: places and changes orders at a shop's control endpoint. NOT here: what is bought."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import requests
from urllib3.exceptions import MaxRetryError

JsonObject = dict[str, Any]
_TIMEOUT_S = (5.0, 120.0)
_OPENS_WITHIN_S = 60.0


class ShopRefusedError(RuntimeError):
    """The shop did not take what a shopper did."""


@dataclass(frozen=True, slots=True)
class Premises:
    """What a shopper sees of a shop."""

    url: str
    name: str
    currency: str
    presentment: tuple[str, ...]
    taxes_included: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """A placed order: its global id, the number in it, and its name."""

    gid: str
    number: str
    name: str


class Counter:
    """One shop's till; use as a context manager."""

    def __init__(self, url: str, control_token: str) -> None:
        self._url = url.rstrip("/")
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers["X-Control-Token"] = control_token

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def premises(self) -> Premises:
        """Look around the shop."""
        shop = self._call("GET", "shop")
        return Premises(
            url=self._url,
            name=shop["name"],
            currency=shop["currency"],
            presentment=tuple(shop["presentment"]),
            taxes_included=shop["taxes_included"],
        )

    def place(self, purchases: Sequence[JsonObject]) -> list[Receipt]:
        """Place orders, all or none.

        Idempotent: no; a lost answer leaves it open whether they were placed.
        """
        placed = self._call("POST", "orders", {"orders": list(purchases)})["orders"]
        return [Receipt(gid=item["id"], number=item["number"], name=item["name"]) for item in placed]

    def change(self, number: str, action: str, body: JsonObject) -> None:
        """Edit, pay, cancel, re-address or touch an order."""
        self._call("POST", f"orders/{number}/{action}", body)

    def _ask(self, method: str, path: str, body: JsonObject | None) -> requests.Response:
        """Ask once the shop is open: one that is being started again refuses the connection, and has done nothing."""
        deadline = time.monotonic() + _OPENS_WITHIN_S
        while True:
            try:
                return self._http.request(method, f"{self._url}/control/{path}", json=body, timeout=_TIMEOUT_S)
            except requests.ConnectionError as error:
                refused = isinstance(error.args[0] if error.args else None, MaxRetryError)
                if not refused or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _call(self, method: str, path: str, body: JsonObject | None = None) -> JsonObject:
        answer = self._ask(method, path, body)
        if not answer.ok:
            message = f"{method} {path}: HTTP {answer.status_code}: {answer.text[:400]}"
            raise ShopRefusedError(message)
        result: JsonObject = answer.json()
        return result
