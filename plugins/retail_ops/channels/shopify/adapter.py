"""One Shopify account as the order flow sees it. Not here: mapping (`mapper`), waiting and errors (`client`)."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from retail_ops.channels.shopify import mapper
from retail_ops.channels.shopify.charges import read_total
from retail_ops.channels.shopify.client import ShopifyClient
from retail_ops.channels.shopify.config import ShopifyConfig
from retail_ops.channels.shopify.documents import Document, load_document
from retail_ops.channels.shopify.messages import Row, is_cut, lacks_lines, take_connection, to_message, version_of
from retail_ops.channels.shopify.money import read_currencies
from retail_ops.channels.shopify.preflight import HISTORY_SCOPE, find_differences, read_scopes
from retail_ops.channels.shopify.reading import Node
from retail_ops.contracts.errors import ConfigurationError, MappingError, TransientError
from retail_ops.ports.channel import Capabilities, MappedOrder, OrderFact, Pseudonyms, RawMessage, Window
from retail_ops.ports.clock import Clock
from retail_ops.ports.limits import RateLimiter

log = logging.getLogger(__name__)

# Source: shopify.dev, "Pagination": no cursor leads past the 25,000th object of a query.
_PAGINATION_CEILING = 25_000
# Source: shopify.dev, "Orders permissions": older orders need read_all_orders.
_OPEN_HISTORY = timedelta(days=60)
_ATTEMPTS_ON_A_MOVING_ORDER = 5
_ORDER_ID = re.compile(r"gid://shopify/Order/[0-9]+")


class ShopifyOrders:
    """Reads the orders of one shop. Safe to share between threads."""

    def __init__(
        self,
        config: ShopifyConfig,
        *,
        limiter: RateLimiter,
        clock: Clock,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.account = config.account
        self.capabilities = Capabilities(
            visibility_lag=timedelta(seconds=config.visibility_lag_s),
            overlap=timedelta(seconds=config.overlap_s),
            page_size=config.page_size,
        )
        self._config = config
        self._clock = clock
        self._client = ShopifyClient(config, limiter, sleep=sleep)
        self._history_granted = False

    def check(self) -> None:
        """Prove that the shop is what the account's file says and that the app may read orders and their buyers.

        Raises:
            ConfigurationError: Names everything that differs, in one message.
            AuthorisationError: The token is refused.
        """
        data = self._client.run(load_document("shop"), {})
        problems = list(self._differences(data))
        try:
            self._client.run(load_document("protected_data"), {})
        except ConfigurationError as error:
            problems.append(str(error))
        if problems:
            raise ConfigurationError(f"{self.account}: {'; '.join(problems)}")

    def newest_change(self, since: datetime) -> str | None:
        """Return a signature of the newest change at or after `since`, None when there is none; costs 3 points."""
        data = self._client.run(load_document("orders_changed"), {"query": _since(since)})
        orders = data.get("orders")
        nodes = orders.get("nodes") if isinstance(orders, dict) else None
        if not isinstance(nodes, list):
            raise TransientError(f"{self.account}: the answer holds no readable orders")
        return f"{nodes[0].get('id')}@{nodes[0].get('updatedAt')}" if nodes and isinstance(nodes[0], dict) else None

    def fetch_orders(self, window: Window) -> Iterator[Sequence[RawMessage]]:
        """Yield the pages of all orders updated inside `window`, complete with all their lines.

        An order that moves while it is read is yielded in its newer version.

        Raises:
            ConfigurationError: The window reaches back further than the app may read.
            RetailOpsError: As `ShopifyClient.run` says.
        """
        for rows in self._pages(load_document("orders_page"), window):
            messages = [message for row in rows if (message := self._message(row)) is not None]
            if messages:
                yield messages

    def fetch_order(self, external_id: str) -> RawMessage | None:
        """Return one order by id, past the search index; None when the shop does not know it."""
        if _ORDER_ID.fullmatch(external_id) is None:
            return None
        row = self._complete(external_id)
        return None if row is None else to_message(row)

    def list_orders(self, window: Window) -> Iterator[OrderFact]:
        """Yield the plain facts of all orders updated inside `window`.

        An order whose facts cannot be read is left out and logged: it is a case of its own since it was staged.
        """
        for rows in self._pages(load_document("order_facts"), window):
            for row in rows:
                try:
                    fact = _fact(Node(row, ""))
                except MappingError as error:
                    context = {"account": self.account, "external_id": row.get("id"), "field": error.field}
                    log.warning("order left out of the comparison: %s", error.code, extra=context)
                    continue
                if window.start <= fact.updated_at < window.end:
                    yield fact

    def to_order(self, body: bytes, pseudonyms: Pseudonyms) -> MappedOrder:
        """Map one message; pure.

        Raises:
            MappingError: Names the field that does not fit.
        """
        return mapper.to_order(body, account=self.account, site=self._config.site, pseudonyms=pseudonyms)

    def close(self) -> None:
        """Close the pooled connections. Idempotent."""
        self._client.close()

    def _differences(self, data: Mapping[str, object]) -> tuple[str, ...]:
        try:
            return find_differences(data, self._config)
        except MappingError as error:
            return (f"the shop's answer is not the API's: {error}",)

    def _pages(self, document: Document, window: Window) -> Iterator[list[Row]]:
        """Yield the rows of a window, page by page, restarting where the pagination ends."""
        if window.start >= window.end:
            return
        self._require_history(window.start)
        start: datetime | None = window.start
        while start is not None:
            start = yield from self._stretch(document, Window(start, window.end))

    def _stretch(self, document: Document, window: Window) -> Generator[list[Row], None, datetime | None]:
        """Yield pages up to the pagination's ceiling; return where to go on, None at the end."""
        variables: dict[str, object] = {"query": _within(window), "first": self._config.page_size, "after": None}
        last: datetime | None = None
        for _ in range(_PAGINATION_CEILING // self._config.page_size):
            rows, cursor = take_connection(self._client.run(document, variables), "orders")
            if rows:
                yield rows
            if cursor is None:
                return None
            variables["after"] = cursor
            last = version_of(rows[-1])
        if last is None or last <= window.start:
            raise TransientError(f"{self.account}: over {_PAGINATION_CEILING} orders were updated in one moment")
        return last

    def _message(self, row: Row) -> RawMessage | None:
        external_id = row.get("id")
        if not is_cut(row) or not isinstance(external_id, str):
            return to_message(row)
        message = self.fetch_order(external_id)
        if message is None:
            log.info(
                "order deleted while its page was read", extra={"account": self.account, "external_id": external_id}
            )
        return message

    def _complete(self, external_id: str) -> Row | None:
        """Return an order with all its lines, all of the same version; None when the shop does not know it."""
        for _ in range(_ATTEMPTS_ON_A_MOVING_ORDER):
            row = self._order(load_document("order"), {"id": external_id})
            if row is None:
                return None
            if self._append_lines(row, external_id):
                return row
        raise TransientError(f"{self.account}: {external_id} keeps changing while its lines are read")

    def _append_lines(self, row: Row, external_id: str) -> bool:
        """Add the further lines to `row`; return False when the order changed in between."""
        if not lacks_lines(row):
            return True
        lines, cursor = take_connection(row, "lineItems")
        while cursor is not None:
            part = self._order(load_document("order_lines"), {"id": external_id, "after": cursor})
            if part is None or part.get("updatedAt") != row.get("updatedAt"):
                return False
            further, cursor = take_connection(part, "lineItems")
            lines.extend(further)
        row["lineItems"] = {"nodes": lines, "pageInfo": {"hasNextPage": False}}
        return True

    def _order(self, document: Document, variables: dict[str, object]) -> Row | None:
        order = self._client.run(document, variables).get("order")
        if order is not None and not isinstance(order, dict):
            raise TransientError(f"{self.account}: the answer holds no readable order")
        return order

    def _require_history(self, start: datetime) -> None:
        if self._history_granted or self._clock.now() - start <= _OPEN_HISTORY:
            return
        data = self._client.run(load_document("shop"), {})
        if HISTORY_SCOPE not in read_scopes(data):
            days = _OPEN_HISTORY.days
            raise ConfigurationError(f"{self.account}: orders older than {days} days need the scope {HISTORY_SCOPE}")
        self._history_granted = True


def _fact(node: Node) -> OrderFact:
    return OrderFact(
        external_id=node.text("id"),
        number=node.text("name"),
        test=node.flag("test"),
        cancelled=node.optional_moment("cancelledAt") is not None,
        updated_at=node.moment("updatedAt"),
        total=read_total(node, read_currencies(node)),
    )


def _since(moment: datetime) -> str:
    # The index holds whole seconds; a fraction would skip what was updated within it.
    return f"updated_at:>='{_stamp(moment.replace(microsecond=0))}'"


def _within(window: Window) -> str:
    whole = window.end.replace(microsecond=0)
    end = whole if whole == window.end else whole + timedelta(seconds=1)
    return f"{_since(window.start)} AND updated_at:<'{_stamp(end)}'"


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
