"""Which hosts may be called, and how. Not here: certificates, which the session always verifies."""

from __future__ import annotations

import ipaddress
import re

from retail_ops.contracts.errors import ConfigurationError

SHOPIFY_HOST = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")


def is_loopback(host: str) -> bool:
    """Return whether `host` is this machine: `localhost` or a loopback address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_tls(host: str, *, tls: bool) -> None:
    """Refuse a plain connection to anything but this machine.

    Raises:
        ConfigurationError: Names the host.
    """
    if not tls and not is_loopback(host):
        raise ConfigurationError(f"host {host!r}: TLS is required for every host but this machine")


def check_shopify_host(host: str, *, tls: bool) -> None:
    """Refuse a host that is neither a shop of Shopify nor this machine.

    The access token is sent to this host: a wrong one gives it away.

    Raises:
        ConfigurationError: Names the host.
    """
    if not is_loopback(host) and SHOPIFY_HOST.fullmatch(host) is None:
        raise ConfigurationError(f"host {host!r}: a Shopify host is <shop>.myshopify.com, in lower case")
    check_tls(host, tls=tls)


def base_url(host: str, port: int | None, *, tls: bool) -> str:
    """Return `https://host[:port]`, or `http` for a plain connection to this machine."""
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{'https' if tls else 'http'}://{shown}{f':{port}' if port else ''}"
