"""Compares a shop with what the account's file says of it. Not here: the calls (`adapter`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from retail_ops.channels.shopify.config import ShopifyConfig
from retail_ops.channels.shopify.reading import Node
from retail_ops.transport.hosts import is_loopback

HISTORY_SCOPE = "read_all_orders"
_SCOPES = frozenset({"read_orders", "read_customers"})


def read_scopes(data: Mapping[str, object]) -> frozenset[str]:
    """Return the granted scopes; a write scope grants its read scope too.

    Args:
        data: Answer of the document `shop`.
    """
    nodes = Node(data, "").child("currentAppInstallation").children("accessScopes")
    handles = {node.text("handle") for node in nodes}
    implied = {f"read_{handle.removeprefix('write_')}" for handle in handles if handle.startswith("write_")}
    return frozenset(handles | implied)


def find_differences(data: Mapping[str, object], config: ShopifyConfig) -> tuple[str, ...]:
    """Return everything in which the shop differs from `config`, one sentence each; empty when all fits.

    Args:
        data: Answer of the document `shop`.
        config: What the account's file says.
    """
    shop = Node(data, "").child("shop")
    missing = sorted(_SCOPES - read_scopes(data))
    return (
        *_identity(shop, config),
        *_currencies(shop, config),
        *_environment(shop, config),
        *([f"the app lacks the scopes {', '.join(missing)}"] if missing else []),
    )


def _identity(shop: Node, config: ShopifyConfig) -> Iterator[str]:
    domain = shop.text("myshopifyDomain")
    # A shop on this machine has a domain that leads elsewhere.
    if not is_loopback(config.host) and domain != config.host:
        yield f"the host is {config.host}, the shop calls itself {domain}"


def _currencies(shop: Node, config: ShopifyConfig) -> Iterator[str]:
    currency = shop.text("currencyCode")
    if currency != config.shop_currency:
        yield f"shop_currency is {config.shop_currency}, the shop books in {currency}"
    enabled = shop.fields.get("enabledPresentmentCurrencies")
    known = {config.shop_currency, *config.presentment_currencies}
    if config.presentment_currencies and isinstance(enabled, list):
        unknown = sorted({str(code) for code in enabled} - known)
        if unknown:
            yield f"presentment_currencies lacks {', '.join(unknown)}, which the shop offers"


def _environment(shop: Node, config: ShopifyConfig) -> Iterator[str]:
    local = is_loopback(config.host)
    development = shop.child("plan").flag("partnerDevelopment")
    if config.environment == "demo" and not local:
        yield f"environment is demo, {config.host} is a shop at Shopify"
    if config.environment == "sandbox" and not (local or development):
        yield "environment is sandbox, the shop is no development store"
    if config.environment == "production" and (local or development):
        yield f"environment is production, the shop is {'on this machine' if local else 'a development store'}"
