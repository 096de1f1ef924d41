"""Windows, pages, moving orders and set-up, against the stand-in shop and against servers that misbehave by script."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.shopify.conftest import MovedClock, Shop, config_of
from channels.shopify.payloads import Json, KeyedDigests, bag, differences, line, order, payment, rich_order
from channels.shopify.servers import MemoryLimiter, Reply, ScriptedServer, answer
from retail_ops.channels.shopify.adapter import ShopifyOrders
from retail_ops.contracts.errors import AuthorisationError, ConfigurationError, MappingError, TransientError
from retail_ops.ports.channel import OrderChannel, RawMessage, Window

T0 = datetime(2026, 3, 1, tzinfo=UTC)
DAY = Window(T0, T0 + timedelta(days=1))


def fetched(channel: ShopifyOrders, window: Window) -> list[RawMessage]:
    return [message for page in channel.fetch_orders(window) for message in page]


def recent(shop: Shop, **reach: float) -> Window:
    now = datetime.now(tz=UTC)
    return Window(now - timedelta(minutes=5), now + timedelta(minutes=5))


def basket(units: int = 1, **changes: Any) -> Json:
    lines = [{"title": "Mug", "units": units, "unit_price": "12.00", "sku": "MUG", "taxes": [VAT]}]
    return {"lines": lines, "payments": [{}], "email": "ada@example.com"} | changes


VAT = {"title": "VAT", "rate": "0.2"}


# --- the stand-in shop ----------------------------------------------------------------------------------------------


@pytest.fixture
def own_shop(start_shop: Callable[..., Shop]) -> Shop:
    """A shop without orders of other tests."""
    return start_shop()


def test_the_adapter_is_an_order_channel(shop: Shop) -> None:
    channel: OrderChannel = shop.orders()
    assert channel.account == "shopify_uk"
    assert channel.capabilities.visibility_lag == timedelta(seconds=120)
    assert channel.capabilities.overlap == timedelta(minutes=10)


def test_orders_of_a_window_are_read_mapped_and_tie(own_shop: Shop) -> None:
    ids = own_shop.place(basket(1), basket(2, tip="1.50"), basket(3, presentment_currency="EUR", shop_rate="0.85"))
    channel = own_shop.orders()
    messages = fetched(channel, recent(own_shop))
    assert sorted(str(message.external_id) for message in messages) == sorted(ids)
    for message in messages:
        result = channel.to_order(message.body, KeyedDigests()).order
        assert differences(result) == []
        assert message.source_at == result.updated_at


def test_a_page_and_a_single_read_give_the_same_bytes(own_shop: Shop) -> None:
    (external_id,) = own_shop.place(basket(2, note="Ring twice", tip="2.00"))
    channel = own_shop.orders()
    (paged,) = fetched(channel, recent(own_shop))
    single = channel.fetch_order(external_id)
    assert single == paged


def test_the_last_of_exactly_full_pages_is_read_and_no_empty_page_follows(own_shop: Shop) -> None:
    own_shop.place(*(basket() for _ in range(6)))
    pages = [len(page) for page in own_shop.orders(page_size=3).fetch_orders(recent(own_shop))]
    assert pages == [3, 3]
    assert len(fetched(own_shop.orders(page_size=4), recent(own_shop))) == 6


def test_an_order_of_a_thousand_lines_comes_whole(own_shop: Shop) -> None:
    lines = [
        {"title": f"Part {n}", "units": 1, "unit_price": "0.99", "sku": f"P-{n}", "taxes": [VAT]} for n in range(1000)
    ]
    own_shop.place(basket() | {"lines": lines})
    channel = own_shop.orders()
    (message,) = fetched(channel, recent(own_shop))
    result = channel.to_order(message.body, KeyedDigests()).order
    assert [one.sku for one in result.lines] == [f"P-{n}" for n in range(1000)]
    assert differences(result) == []


def test_many_payments_come_whole(own_shop: Shop) -> None:
    own_shop.place(basket() | {"payments": [{"status": "FAILURE", "amount": "1.00"}] * 30 + [{}]})
    channel = own_shop.orders()
    (message,) = fetched(channel, recent(own_shop))
    assert len(channel.to_order(message.body, KeyedDigests()).order.payments) == 31


def test_an_edited_and_a_cancelled_order_tie(own_shop: Shop) -> None:
    discount = {"kind": "code", "title": "TEN", "scope": "order", "percentage": "10"}
    ship = {"title": "Post", "price": "4.95", "taxes": [VAT]}
    edited, cancelled = own_shop.place(
        basket(3, discounts=[discount], shipping=[ship]), basket(2, discounts=[discount], shipping=[ship])
    )
    own_shop.control(f"orders/{edited.rpartition('/')[2]}/edit", {"units": [{"line": 0, "current_units": 2}]})
    own_shop.control(f"orders/{cancelled.rpartition('/')[2]}/cancel", {"refund": True})
    channel = own_shop.orders()
    results = {}
    for external_id in (edited, cancelled):
        message = channel.fetch_order(external_id)
        assert message is not None
        results[external_id] = channel.to_order(message.body, KeyedDigests()).order
    assert [differences(result) for result in results.values()] == [[], []]
    assert results[edited].lines[0].current_units == 2
    assert results[cancelled].cancelled_at is not None
    assert results[cancelled].totals.total.presentment.minor == 0


def test_the_newest_change_is_seen_for_three_points(own_shop: Shop) -> None:
    channel = own_shop.orders()
    start = datetime.now(tz=UTC) - timedelta(minutes=1)
    assert channel.newest_change(start) is None
    own_shop.place(basket())
    first = channel.newest_change(start)
    assert first is not None
    assert channel.newest_change(start) == first
    assert channel.newest_change(start + timedelta(minutes=5)) is None
    (second,) = own_shop.place(basket())
    own_shop.control(f"orders/{second.rpartition('/')[2]}/cancel", {"refund": True})
    assert channel.newest_change(start) != first
    assert max(own_shop.limiter.taken) <= 3


def test_an_unknown_order_is_none(shop: Shop) -> None:
    channel = shop.orders()
    assert channel.fetch_order("gid://shopify/Order/999999999") is None
    assert channel.fetch_order("not an id of Shopify") is None


def test_a_corrupted_order_is_delivered_for_the_case_and_the_rest_go_on(own_shop: Shop) -> None:
    patch = {"path": "lineItems.nodes.0.originalUnitPriceSet.presentmentMoney.amount", "action": "set", "value": "abc"}
    bad, good = own_shop.place(basket(1, raw_patch=[patch]), basket(2))
    channel = own_shop.orders()
    messages = {message.external_id: message for message in fetched(channel, recent(own_shop))}
    with pytest.raises(MappingError) as caught:
        channel.to_order(messages[bad].body, KeyedDigests())
    assert caught.value.field == "lineItems.nodes[0].originalUnitPriceSet.presentmentMoney.amount"
    assert differences(channel.to_order(messages[good].body, KeyedDigests()).order) == []


def test_plain_facts_match_the_shops_own_listing(own_shop: Shop) -> None:
    own_shop.place(basket(1, test=True), basket(2, tip="1.00"))
    facts = {fact.external_id: fact for fact in own_shop.orders(page_size=1).list_orders(recent(own_shop))}
    for row in own_shop.control("orders", method="GET")["orders"]:
        fact = facts.pop(row["id"])
        assert (fact.number, fact.test, fact.cancelled) == (row["name"], row["test"], row["cancelled"])
        assert f"{fact.total.presentment.to_decimal():f}" == row["current_total"]["presentment"]
    assert facts == {}


def test_unreadable_facts_are_left_out_and_logged(own_shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    patch = {"path": "currentTotalPriceSet.shopMoney.amount", "action": "set", "value": "ada@example.com"}
    own_shop.place(basket(1, raw_patch=[patch]), basket(2))
    with caplog.at_level(logging.WARNING):
        assert len(list(own_shop.orders().list_orders(recent(own_shop)))) == 1
    assert "left out" in caplog.text
    assert "ada@" not in caplog.text


def test_a_fitting_shop_passes_the_check(shop: Shop) -> None:
    shop.orders().check()


def test_everything_that_is_wrong_is_named_in_one_message(start_shop: Callable[..., Shop]) -> None:
    shop = start_shop("--scopes", "read_orders", "--deny-protected", "--currency", "USD")
    shop.place(basket())
    with pytest.raises(ConfigurationError) as caught:
        shop.orders(environment="production", presentment_currencies=("GBP", "EUR")).check()
    text = str(caught.value)
    for named in ("shop_currency is GBP", "USD", "JPY", "read_customers", "production", "orders.nodes[0].email"):
        assert named in text


def test_a_missing_orders_scope_is_named(start_shop: Callable[..., Shop]) -> None:
    with pytest.raises(ConfigurationError, match="read_orders"):
        start_shop("--scopes", "read_customers").orders().check()


def test_a_refused_token_stops_the_lane(shop: Shop) -> None:
    shop.control("faults", {"fault": "expired_token"})
    with pytest.raises(AuthorisationError):
        shop.orders().check()


def test_history_beyond_sixty_days_needs_its_scope(start_shop: Callable[..., Shop]) -> None:
    old = Window(datetime.now(tz=UTC) - timedelta(days=61), datetime.now(tz=UTC))
    closed = start_shop("--scopes", "read_orders,read_customers").orders()
    with pytest.raises(ConfigurationError, match="read_all_orders"):
        fetched(closed, old)
    assert fetched(closed, Window(old.start + timedelta(days=2), old.end)) == []


def test_history_is_open_with_its_scope(own_shop: Shop) -> None:
    now = datetime.now(tz=UTC)
    assert fetched(own_shop.orders(), Window(now - timedelta(days=400), now)) == []


def test_an_order_behind_the_index_is_read_by_id(start_shop: Callable[..., Shop]) -> None:
    lagging = start_shop("--search-lag", "3600")
    (external_id,) = lagging.place(basket())
    channel = lagging.orders()
    assert fetched(channel, recent(lagging)) == []
    assert channel.fetch_order(external_id) is not None


# --- servers by script ----------------------------------------------------------------------------------------------


def scripted(server: ScriptedServer, **changes: Any) -> ShopifyOrders:
    limiter = MemoryLimiter(20_000, 1_000)
    clock = MovedClock()
    clock.offset = T0 - datetime.now(tz=UTC)
    return ShopifyOrders(config_of(server.port, **changes), limiter=limiter, clock=clock, sleep=limiter.sleep)


def connection(*rows: Json, cursor: str | None = None) -> Json:
    return {"nodes": list(rows), "pageInfo": {"hasNextPage": cursor is not None, "endCursor": cursor}}


def cut_order(*, updated: str = "2026-03-01T12:00:00Z", lines: int = 1) -> Json:
    rows = [line(number, 100) for number in range(1, lines + 1)]
    return order(rows, total=100, updatedAt=updated) | {"lineItems": connection(*rows, cursor="next")}


def further(number: int, *, updated: str = "2026-03-01T12:00:00Z", cursor: str | None = None) -> Reply:
    part = {
        "id": "gid://shopify/Order/1001",
        "updatedAt": updated,
        "lineItems": connection(line(number), cursor=cursor),
    }
    return answer({"order": part})


def test_a_window_is_bounded_on_both_sides_and_sorted_by_the_same_key() -> None:
    with ScriptedServer(answer({"orders": connection()})) as server:
        window = Window(T0 + timedelta(microseconds=5), T0 + timedelta(minutes=1, microseconds=5))
        assert fetched(scripted(server), window) == []
        assert b"sortKey: UPDATED_AT" in server.requests[0][1]
        assert server.variables()[0]["query"] == (
            "updated_at:>='2026-03-01T00:00:00Z' AND updated_at:<'2026-03-01T00:01:01Z'"
        )


def test_an_empty_window_asks_nothing() -> None:
    with ScriptedServer() as server:
        assert fetched(scripted(server), Window(T0, T0)) == []
        assert server.requests == []


def test_an_order_that_moves_while_its_lines_are_read_is_read_again() -> None:
    later = "2026-03-01T12:00:09Z"
    replies = (
        answer({"orders": connection(cut_order())}),
        answer({"order": cut_order()}),
        further(2, updated=later),
        answer({"order": cut_order(updated=later)}),
        further(2, updated=later, cursor="more"),
        further(3, updated=later),
    )
    with ScriptedServer(*replies) as server:
        (message,) = fetched(scripted(server), DAY)
    body = json.loads(message.body)
    assert body["updatedAt"] == later
    assert [row["id"][-1] for row in body["lineItems"]["nodes"]] == ["1", "2", "3"]
    assert body["lineItems"]["pageInfo"] == {"hasNextPage": False}


def test_an_order_that_never_stands_still_is_left_for_later() -> None:
    def respond(request: Json) -> Reply:
        if request["operationName"] == "OneOrder":
            return answer({"order": cut_order()})
        return further(2, updated="2026-03-01T12:34:56Z")

    with ScriptedServer(respond=respond) as server, pytest.raises(TransientError, match="keeps changing"):
        scripted(server).fetch_order("gid://shopify/Order/1001")


def test_an_order_deleted_between_page_and_lines_is_left_out() -> None:
    with ScriptedServer(answer({"orders": connection(cut_order())}), answer({"order": None})) as server:
        assert fetched(scripted(server), DAY) == []


def test_the_window_is_split_where_the_pagination_ends() -> None:
    """No cursor leads past 25,000 orders: reading goes on from the last moment that was seen."""
    total, size = 25_300, 200
    moments = [T0 + timedelta(seconds=number) for number in range(total)]

    def respond(request: Json) -> Reply:
        variables = request["variables"]
        start = datetime.fromisoformat(variables["query"].split("'")[1])
        first = (start - T0) // timedelta(seconds=1)
        place = first + int(variables["after"] or 0)
        assert int(variables["after"] or 0) + size <= 25_000
        rows = [fact_row(number, moments[number]) for number in range(place, min(place + size, total))]
        more = place + size < total
        return answer({"orders": connection(*rows, cursor=str(place - first + size) if more else None)})

    with ScriptedServer(respond=respond) as server:
        facts = list(scripted(server).list_orders(Window(T0, T0 + timedelta(days=2))))
    assert len({fact.external_id for fact in facts}) == total
    assert len(facts) == total + 1


def fact_row(number: int, moment: datetime) -> Json:
    nothing = {"paymentSet": bag(0), "refundSet": bag(0)}
    return {
        "id": f"gid://shopify/Order/{number}",
        "name": f"#{number}",
        "test": False,
        "cancelledAt": None,
        "updatedAt": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "currencyCode": "GBP",
        "presentmentCurrencyCode": "EUR",
        "currentTotalPriceSet": bag(100),
        "totalCashRoundingAdjustment": nothing,
    }


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"orders": None},
        {"orders": {"nodes": [None], "pageInfo": {"hasNextPage": False}}},
        {"orders": {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": "x"}}},
        {"orders": {"nodes": [{"id": "1"}], "pageInfo": {"hasNextPage": True, "endCursor": None}}},
    ],
    ids=["nothing", "null", "null row", "empty page with a next", "no cursor"],
)
def test_an_answer_of_another_shape_is_tried_again_later(data: Json) -> None:
    with ScriptedServer(answer(data)) as server, pytest.raises(TransientError):
        fetched(scripted(server), DAY)


def test_an_order_without_readable_id_or_version_still_reaches_the_inbox() -> None:
    strange = order(total=1) | {"id": None, "updatedAt": "soon"}
    with ScriptedServer(answer({"orders": connection(strange)})) as server:
        (message,) = fetched(scripted(server), DAY)
    assert (message.external_id, message.source_at) == (None, None)


def test_bodies_are_canonical_and_free_of_floats_and_cursors() -> None:
    shuffled = dict(reversed(list(rich_order().items())))
    shuffled["lineItems"] = shuffled["lineItems"] | {"pageInfo": {"hasNextPage": False, "endCursor": "abc"}}
    shuffled["lineItems"]["nodes"][0]["taxLines"][0]["rate"] = 0.2
    with ScriptedServer(
        answer({"orders": connection(shuffled)}), answer({"orders": connection(rich_order())})
    ) as server:
        channel = scripted(server)
        first, second = fetched(channel, DAY), fetched(channel, DAY)
    assert first == second
    assert not any(isinstance(value, float) for value in leaves(json.loads(first[0].body)))


def leaves(value: Any) -> Iterator[Any]:
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield part
        yield from leaves(part)


def test_a_shop_that_is_another_one_is_named() -> None:
    """On this machine the domain is not compared, so the comparison itself is asked."""
    from retail_ops.channels.shopify.preflight import find_differences

    shop = {
        "myshopifyDomain": "other.myshopify.com",
        "currencyCode": "GBP",
        "enabledPresentmentCurrencies": ["GBP"],
        "plan": {"partnerDevelopment": True},
    }
    scopes = {"accessScopes": [{"handle": "write_orders"}, {"handle": "read_customers"}]}
    real = {"host": "mine.myshopify.com", "port": None, "tls": True}
    wrong = find_differences(
        {"shop": shop, "currentAppInstallation": scopes}, config_of(1, environment="production", **real)
    )
    right = find_differences(
        {"shop": shop | {"myshopifyDomain": "mine.myshopify.com"}, "currentAppInstallation": scopes},
        config_of(1, environment="sandbox", **real),
    )
    assert len(wrong) == 2
    assert "other.myshopify.com" in wrong[0]
    assert "development store" in wrong[1]
    assert right == ()


def test_a_full_page_of_payments_is_read_again_by_id() -> None:
    page_row = order(total=100, transactions=[payment(number) for number in range(20)])
    whole = order(total=100, transactions=[payment(number) for number in range(21)])
    with ScriptedServer(answer({"orders": connection(page_row)}), answer({"order": whole})) as server:
        (message,) = fetched(scripted(server), DAY)
    assert len(json.loads(message.body)["transactions"]) == 21
