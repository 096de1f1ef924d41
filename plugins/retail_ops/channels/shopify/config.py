"""What one Shopify account needs to be read. Values come from settings; nothing is read from the environment here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import SecretStr

from retail_ops.contracts.errors import ConfigurationError
from retail_ops.transport.hosts import base_url, check_shopify_host

API_VERSION = "2026-10"
MAX_PAGE_SIZE = 200

Environment = Literal["demo", "sandbox", "production"]


@dataclass(frozen=True, slots=True)
class ShopifyConfig:
    """One shop as its account's file and connection describe it.

    Attributes:
        account: e.g. `shopify_uk`.
        site: Country or market inside the account, e.g. `GB`.
        host: `<shop>.myshopify.com`, or this machine.
        port: None for the scheme's own.
        tls: Off is accepted for this machine only.
        api_version: Must be the version that documents and mapper are written for.
        shop_currency: ISO 4217 code that the shop books in.
        presentment_currencies: What buyers may pay in; empty: not compared with the shop.
        visibility_lag_s: How long the search index may lag behind the truth.
        overlap_s: How far each window reaches back.
        page_size: Orders a page, 1 to 200; more would cost over 1,000 points.
        deadline_s: Longest wait for the rate limit inside one call.
    """

    account: str
    site: str
    host: str
    port: int | None
    tls: bool
    token: SecretStr
    api_version: str
    shop_currency: str
    environment: Environment
    presentment_currencies: tuple[str, ...] = ()
    visibility_lag_s: float = 120.0
    overlap_s: float = 600.0
    page_size: int = MAX_PAGE_SIZE
    deadline_s: float = 60.0

    def __post_init__(self) -> None:
        """Refuse a host, version or page size that could never work.

        Raises:
            ConfigurationError: Names the account and what is wrong.
        """
        check_shopify_host(self.host, tls=self.tls)
        if self.api_version != API_VERSION:
            # ShopifyAPI accepts any YYYY-MM, and Shopify answers an unknown one with another version.
            wanted = f"api_version {self.api_version!r}: documents and mapper are for {API_VERSION}"
            raise ConfigurationError(f"{self.account}: {wanted}")
        if not 1 <= self.page_size <= MAX_PAGE_SIZE:
            raise ConfigurationError(f"{self.account}: page_size {self.page_size} is not within 1..{MAX_PAGE_SIZE}")
        if not self.token.get_secret_value().strip():
            raise ConfigurationError(f"{self.account}: the access token is empty")

    @property
    def endpoint(self) -> str:
        """URL of the GraphQL endpoint."""
        return f"{base_url(self.host, self.port, tls=self.tls)}/admin/api/{self.api_version}/graphql.json"
