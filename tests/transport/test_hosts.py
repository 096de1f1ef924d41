from __future__ import annotations

import pytest

from retail_ops.contracts.errors import ConfigurationError
from retail_ops.transport.hosts import base_url, check_shopify_host, check_tls, is_loopback


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])
def test_this_machine_is_known(host: str) -> None:
    assert is_loopback(host)
    check_shopify_host(host, tls=False)


@pytest.mark.parametrize(
    "host", ["localhost.example.com", "127.0.0.1.example.com", "10.0.0.1", "0.0.0.0", "", "example.com"]
)
def test_others_are_not_this_machine(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(ConfigurationError):
        check_tls(host, tls=False)


@pytest.mark.parametrize("host", ["shop.myshopify.com", "my-shop-2.myshopify.com", "0.myshopify.com"])
def test_shops_are_accepted_with_tls_only(host: str) -> None:
    check_shopify_host(host, tls=True)
    with pytest.raises(ConfigurationError, match="TLS"):
        check_shopify_host(host, tls=False)


@pytest.mark.parametrize(
    "host",
    [
        "shop.myshopify.com.evil.example",
        "evil.example/shop.myshopify.com",
        "shop.myshopify.com\n",
        "a.b.myshopify.com",
        "-shop.myshopify.com",
        "Shop.myshopify.com",
        "myshopify.com",
        "user@shop.myshopify.com",
        "shop.myshopify.com:443",
        "",
    ],
)
def test_everything_else_is_refused(host: str) -> None:
    with pytest.raises(ConfigurationError):
        check_shopify_host(host, tls=True)


def test_urls_are_built_from_parts() -> None:
    assert base_url("shop.myshopify.com", None, tls=True) == "https://shop.myshopify.com"
    assert base_url("127.0.0.1", 8069, tls=False) == "http://127.0.0.1:8069"
    assert base_url("::1", 80, tls=False) == "http://[::1]:80"
