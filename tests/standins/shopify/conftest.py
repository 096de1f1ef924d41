"""A shop on a real socket for each test, and the two ways to it: the Admin API and the control endpoint."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import requests

from standins.shopify.config import ShopConfig
from standins.shopify.server import ShopServer

SHARED = Path(__file__).resolve().parents[4] / "shared"
VAT = {"title": "VAT", "rate": "0.2"}
ORDER = "query($id: ID!) { order(id: $id) { %s } }"


@dataclass(frozen=True)
class Till:
    """A running shop as a test sees it."""

    url: str

    def control(self, method: str, path: str, body: Any = None, token: str = "ctl") -> requests.Response:
        headers = {"X-Control-Token": token}
        return requests.request(method, f"{self.url}/control/{path}", json=body, headers=headers, timeout=30)

    def place(self, **purchase: Any) -> str:
        answer = self.control("POST", "orders", purchase)
        assert answer.status_code == 201, answer.text
        return answer.json()["orders"][0]["id"]

    def change(self, gid: str, action: str, **body: Any) -> requests.Response:
        answer = self.control("POST", f"orders/{gid.rsplit('/', 1)[1]}/{action}", body)
        assert answer.status_code == 200, answer.text
        return answer

    def post(self, query: str, variables: Any = None, **more: Any) -> requests.Response:
        headers = {"X-Shopify-Access-Token": more.get("token", "tok")}
        path = f"/admin/api/{more.get('version', '2026-10')}/graphql.json"
        body = json.dumps({"query": query, "variables": variables})
        return requests.post(self.url + path, data=body, headers=headers, timeout=30)

    def ask(self, query: str, variables: Any = None) -> Any:
        answer = self.post(query, variables)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def order(self, gid: str, fields: str) -> Any:
        answer = self.ask(ORDER % fields, {"id": gid})
        assert "errors" not in answer, answer["errors"]
        return answer["data"]["order"]


@pytest.fixture
def base_config(tmp_path: Path) -> ShopConfig:
    return ShopConfig(
        name="uk",
        state=tmp_path / "shop.sqlite",
        token="tok",
        control_token="ctl",
        presentment=("GBP", "EUR", "JPY", "KWD"),
        search_lag_s=0.0,
        latency_factor=0.0,
    )


@pytest.fixture
def open_shop(base_config: ShopConfig) -> Iterator[Callable[..., Till]]:
    """Opens shops that differ from the base in the given settings; closes them whatever happens."""
    with ExitStack() as stack:
        yield lambda **changes: Till(stack.enter_context(ShopServer(replace(base_config, **changes))).url)


@pytest.fixture
def shop(open_shop: Callable[..., Till]) -> Till:
    return open_shop()


@pytest.fixture
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the reference material is not beside the checkout")
    return SHARED


@pytest.fixture
def mug() -> dict[str, Any]:
    return {"sku": "MUG", "title": "Mug", "units": 3, "unit_price": "3.33", "taxes": [VAT]}


@pytest.fixture
def pen() -> dict[str, Any]:
    return {"sku": "PEN", "title": "Pen", "units": 1, "unit_price": "10.00", "taxes": [VAT]}
