"""The hook of the connection type `shopify`. The order flow does not use it: its adapter is `channels/shopify/`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from airflow.sdk import BaseHook
from typing_extensions import override

from retail_ops.contracts.errors import ConfigurationError
from retail_ops.orchestration.connections import AirflowConnections
from retail_ops.orchestration.hooks.fields import attempt, require
from retail_ops.settings import flag, load_settings

if TYPE_CHECKING:
    from retail_ops.channels.shopify.client import ShopifyClient
    from retail_ops.channels.shopify.documents import Document

# Asked for before the server has said what the operation really costs; it corrects this after the first call.
FIRST_COST: Final = 50


class ReportedBucket:
    """The rate limit as the server last reported it, for one process.

    The lanes share their bucket through the store. A hook has no store; the server refuses what the two take together
    too much, and the client waits.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._level: tuple[float, float, float, float] | None = None

    def acquire(self, account: str, operation: str, cost: float) -> float:  # noqa: ARG002 - the port's signature
        """Take `cost` points, or return the seconds until they are there. Free until the server reports."""
        if self._level is None:
            return 0.0
        capacity, rate_per_s, available, at_s = self._level
        now_s = self._now_s()
        available = min(capacity, available + rate_per_s * (now_s - at_s))
        lack = min(cost, capacity) - available
        if lack > 0 and rate_per_s > 0:
            return lack / rate_per_s
        self._level = (capacity, rate_per_s, available - cost, now_s)
        return 0.0

    def adopt(self, account: str, operation: str, *, capacity: float, rate_per_s: float, available: float) -> None:  # noqa: ARG002 - the port's signature
        """Take over what the server reports."""
        self._level = (capacity, rate_per_s, available, self._now_s())


class ShopifyHook(BaseHook):
    """Sends GraphQL to one shop with the token of a connection.

    Args:
        shopify_conn_id: Id of the connection: shop domain (host), Admin API access token (password); `api_version`,
            `tls` and `environment` in the extra fields.
    """

    conn_name_attr = "shopify_conn_id"
    default_conn_name = "shopify"
    conn_type = "shopify"
    hook_name = "Shopify"

    def __init__(self, shopify_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.shopify_conn_id = shopify_conn_id
        self._connections = AirflowConnections()
        self._client: ShopifyClient | None = None

    @override
    def get_conn(self) -> ShopifyClient:
        """Return the client, one a hook; the caller closes it when done.

        Raises:
            ConfigurationError: Names the connection or what is wrong with its fields.
        """
        if self._client is None:
            self._client = self._build()
        return self._client

    def execute(self, document: str, variables: Mapping[str, object] | None = None) -> Mapping[str, Any]:
        """Send one named operation and return its complete `data`.

        Args:
            document: GraphQL with exactly one operation, which has a name.
            variables: JSON values; no floats.

        Raises:
            ConfigurationError: The document is not as said, or the API refuses it.
            RetailOpsError: The class says what to do; `AmbiguousError` after a mutation means look up first.
        """
        return self.get_conn().run(read_document(document), variables or {})

    def test_connection(self) -> tuple[bool, str]:
        """Ask the shop who it is; return success and what answered, or what is wrong."""
        return attempt(self._connections, self._ask)

    def _ask(self) -> str:
        from retail_ops.channels.shopify.documents import load_document  # noqa: PLC0415 - see `_build`

        data = cast("Mapping[str, Any]", self.get_conn().run(load_document("shop"), {}))
        shop = data["shop"]
        scopes = sorted(scope["handle"] for scope in data["currentAppInstallation"]["accessScopes"])
        return f"{shop['myshopifyDomain']} answers in {shop['currencyCode']}; scopes: {', '.join(scopes) or 'none'}"

    def _build(self) -> ShopifyClient:
        # DAG files import this module at every parse; the vendor's library is for the tasks only.
        from retail_ops.channels.shopify.client import ShopifyClient  # noqa: PLC0415
        from retail_ops.channels.shopify.config import ShopifyConfig  # noqa: PLC0415

        facts = self._connections.get(self.shopify_conn_id)
        require(facts, {"host": "Shop domain", "password": "Admin API access token"})
        config = ShopifyConfig(
            account=facts.conn_id,
            site="",
            host=facts.host,
            port=facts.port,
            tls=flag(facts, "tls", default=True),
            token=facts.password,
            api_version=str(facts.extra.get("api_version") or ""),
            shop_currency="",
            environment=load_settings().environment,
        )
        return ShopifyClient(config, ReportedBucket())


def read_document(text: str) -> Document:
    """Return GraphQL text as a document that a client sends.

    Raises:
        ConfigurationError: It is no GraphQL, or not exactly one operation with a name.
    """
    from graphql import GraphQLSyntaxError, OperationDefinitionNode, OperationType, parse  # noqa: PLC0415 - see `_build`

    from retail_ops.channels.shopify.documents import Document  # noqa: PLC0415

    try:
        definitions = parse(text).definitions
    except GraphQLSyntaxError as error:
        raise ConfigurationError(f"the document is no GraphQL: {error.message}") from None
    operations = [node for node in definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) != 1 or operations[0].name is None:
        raise ConfigurationError("the document must have exactly one operation, with a name")
    write = operations[0].operation is not OperationType.QUERY
    return Document(name=operations[0].name.value, text=text, cost=FIRST_COST, write=write)
