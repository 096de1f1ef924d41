"""Three shops on real sockets for the shoppers to visit."""

import json
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
import requests

from standins.shopify.config import ShopConfig
from standins.shopify.server import ShopServer


@dataclass(frozen=True)
class Street:
    """Shops by name, and how to name them on a command line."""

    urls: dict[str, str]
    token_file: str

    def options(self, *names):
        return [part for name in names for part in ("--shop", self.urls[name], "--control-token-file", self.token_file)]

    def listing(self, name):
        headers = {"X-Control-Token": "ctl"}
        return requests.get(f"{self.urls[name]}/control/orders", headers=headers, timeout=60).json()["orders"]

    def ask(self, name, query, variables=None):
        headers = {"X-Shopify-Access-Token": "tok"}
        url = f"{self.urls[name]}/admin/api/2026-10/graphql.json"
        body = json.dumps({"query": query, "variables": variables})
        return requests.post(url, data=body, headers=headers, timeout=60).json()


@pytest.fixture
def street(tmp_path):
    token_file = tmp_path / "control"
    token_file.write_text("ctl")
    uk = {"name": "uk", "currency": "GBP", "presentment": ("GBP", "EUR", "JPY")}
    twin = {**uk, "name": "twin"}
    us = {"name": "us", "currency": "USD", "presentment": ("USD", "EUR", "JPY"), "taxes_included": False}
    with ExitStack() as stack:
        urls = {}
        for settings in (uk, twin, us):
            config = ShopConfig(
                state=tmp_path / f"{settings['name']}.sqlite", token="tok", control_token="ctl", plan="plus",
                search_lag_s=0.0, latency_factor=0.0, **settings,
            )  # fmt: skip
            urls[settings["name"]] = stack.enter_context(ShopServer(config)).url
        yield Street(urls, str(token_file))
