"""The search syntax, the index that lags, the sort keys and the pages."""

from datetime import UTC, datetime, timedelta

import pytest

from standins.shopify.config import Clock
from standins.shopify.paging import Cursor, read_cursor
from standins.shopify.search import Condition, SearchRefusedError, parse_search

NAMES = (
    "query($q: String, $n: Int = 50, $a: String, $s: OrderSortKeys = UPDATED_AT, $r: Boolean = false) "
    "{ orders(first: $n, after: $a, query: $q, sortKey: $s, reverse: $r) "
    "{ pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor } nodes { name updatedAt } } }"
)


def names(shop, **variables):
    answer = shop.ask(NAMES, variables)
    assert "errors" not in answer, answer["errors"]
    return [node["name"] for node in answer["data"]["orders"]["nodes"]]


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("query", "conditions"),
    [
        (None, []),
        ("  ", []),
        ("status:any", []),
        ("updated_at:>='2026-11-23T10:00:00Z'", [Condition("updated_at", ">=", "2026-11-23T10:00:00Z")]),
        ('updated_at:<"2026-11-23T12:00:00+02:00"', [Condition("updated_at", "<", "2026-11-23T10:00:00Z")]),
        ("created_at:2026-11-23T10:00:00Z", [Condition("created_at", "=", "2026-11-23T10:00:00Z")]),
        ("created_at:>2026-11-23", [Condition("created_at", ">", "2026-11-23T00:00:00Z")]),
        ("test:false AND name:#1001", [Condition("test", "=", 0), Condition("bare_name", "=", "1001")]),
        ("name:'#1001' id:>=42", [Condition("bare_name", "=", "1001"), Condition("number", ">=", 42)]),
        ("status:cancelled", [Condition("status", "=", "cancelled")]),
    ],
)
def test_served_terms_are_understood_quoted_or_not(query, conditions):
    parsed = parse_search(query)
    assert list(parsed.conditions) == conditions
    assert parsed.warnings == ()


@pytest.mark.parametrize(
    "query",
    [
        "updated_at:>x OR test:true",
        "name:a OR name:b",
        "(test:true)",
        "NOT test:true",
        "-test:true",
        "mug",
        "financial_status:paid",
        "tag:x",
        "test:maybe",
        "test:>true",
        "status:lost",
        "id:abc",
        "updated_at:yesterday",
        "updated_at:>'2026-11-23",
    ],
)
def test_forms_that_are_not_served_are_refused(query):
    with pytest.raises(SearchRefusedError):
        parse_search(query)


def test_a_refused_search_is_an_error_not_a_wrong_list(shop, mug):
    shop.place(lines=[mug])
    answer = shop.ask(NAMES, {"q": "financial_status:paid"})
    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_a_term_shopify_does_not_know_is_ignored_with_a_warning(shop, mug):
    shop.place(lines=[mug])
    answer = shop.ask(NAMES, {"q": "colour:red AND test:false"})
    assert [node["name"] for node in answer["data"]["orders"]["nodes"]] == ["#1001"]
    (entry,) = answer["extensions"]["search"]
    assert entry["path"] == ["orders"]
    assert entry["warnings"] == [
        {"field": "colour", "message": "Invalid search field for this query.", "code": "invalid_field"}
    ]
    assert "search" not in shop.ask(NAMES, {"q": "test:false"})["extensions"]


def test_terms_narrow_the_list(shop, mug):
    first = shop.place(lines=[mug])
    shop.place(lines=[mug], test=True)
    third = shop.place(lines=[mug], name="EU-7")
    shop.change(third, "cancel")
    assert names(shop, q="test:true") == ["#1002"]
    assert names(shop, q="name:1001") == names(shop, q="name:'#1001'") == ["#1001"]
    assert names(shop, q="name:EU-7") == ["EU-7"]
    assert names(shop, q=f"id:{first.rsplit('/', 1)[1]}") == ["#1001"]
    assert names(shop, q="status:open", s="ID") == ["#1001", "#1002"]
    assert names(shop, q="status:cancelled") == ["EU-7"]
    assert len(names(shop, q="status:any")) == 3


def test_a_half_open_window_takes_each_order_once(open_shop, mug):
    now = datetime.now(tz=UTC).replace(microsecond=0)
    for hours in (3, 2, 1):
        open_shop(clock=Clock(-hours * 3600.0)).place(lines=[mug])
    shop = open_shop()
    edge = shop.ask(NAMES, {})["data"]["orders"]["nodes"][1]["updatedAt"]
    early, late = stamp(now - timedelta(hours=4)), stamp(now + timedelta(hours=1))
    before = names(shop, q=f"updated_at:>='{early}' AND updated_at:<'{edge}'")
    after = names(shop, q=f"updated_at:>='{edge}' AND updated_at:<'{late}'")
    assert before == ["#1001"]
    assert after == ["#1002", "#1003"]
    assert names(shop, q=f"updated_at:>'{edge}'") == ["#1003"]


def test_the_index_lags_and_the_order_itself_does_not(open_shop, mug):
    shop = open_shop(search_lag_s=3600.0)
    gid = shop.place(lines=[mug])
    assert names(shop) == []
    assert shop.ask("{ ordersCount { count precision } }")["data"]["ordersCount"]["count"] == 0
    assert shop.order(gid, "name")["name"] == "#1001"
    assert names(open_shop(search_lag_s=0.0)) == ["#1001"]


def test_a_change_is_searched_by_its_old_state_until_the_index_has_it(open_shop, mug):
    old = open_shop(clock=Clock(-7200.0))
    gid = old.place(lines=[mug])
    placed_at = old.order(gid, "updatedAt")["updatedAt"]
    lagging = open_shop(search_lag_s=3600.0)
    lagging.change(gid, "touch")
    changed_at = lagging.order(gid, "updatedAt")["updatedAt"]
    assert changed_at > placed_at
    assert names(lagging, q=f"updated_at:>'{placed_at}'") == []
    (node,) = lagging.ask(NAMES, {"q": f"updated_at:'{placed_at}'"})["data"]["orders"]["nodes"]
    assert node["updatedAt"] == changed_at
    assert names(open_shop(), q=f"updated_at:>'{placed_at}'") == ["#1001"]


def test_sort_keys_and_reverse(open_shop, mug):
    first = open_shop(clock=Clock(-300.0)).place(lines=[mug])
    open_shop(clock=Clock(-200.0)).place(lines=[mug], processed_at="2010-12-01T08:26:00+00:00")
    shop = open_shop()
    shop.change(first, "touch")
    assert names(shop, s="UPDATED_AT") == ["#1002", "#1001"]
    assert names(shop, s="CREATED_AT") == names(shop, s="ID") == ["#1001", "#1002"]
    assert names(shop, s="PROCESSED_AT") == ["#1002", "#1001"]
    assert names(shop, s="CREATED_AT", r=True) == ["#1002", "#1001"]


def walk(shop, **variables):
    found, pages, after = [], 0, None
    while True:
        orders = shop.ask(NAMES, {**variables, "a": after})["data"]["orders"]
        found += [node["name"] for node in orders["nodes"]]
        pages += 1
        assert orders["pageInfo"]["hasPreviousPage"] == (after is not None)
        if not orders["pageInfo"]["hasNextPage"]:
            return found, pages
        assert orders["pageInfo"]["endCursor"] == orders["edges"][-1]["cursor"]
        after = orders["pageInfo"]["endCursor"]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("sort", ["UPDATED_AT", "CREATED_AT", "ID", "PROCESSED_AT"])
def test_pages_hold_every_order_once(shop, mug, sort, reverse):
    shop.control("POST", "orders", {"orders": [{"lines": [mug]} for _ in range(7)]})
    found, pages = walk(shop, n=3, s=sort, r=reverse)
    expected = [f"#{1001 + index}" for index in range(7)]
    assert found == (expected[::-1] if reverse else expected)
    assert pages == 3


def test_a_last_page_that_is_just_full_has_no_next(shop, mug):
    shop.control("POST", "orders", {"orders": [{"lines": [mug]} for _ in range(6)]})
    assert walk(shop, n=3)[1] == 2


def test_page_size_and_cursor_are_checked(shop, mug):
    shop.place(lines=[mug])
    cursor = shop.ask(NAMES, {})["data"]["orders"]["pageInfo"]["endCursor"]
    for variables in ({"n": 251}, {"n": None}, {"n": -1}, {"a": "bm90IG91cnM="}, {"a": cursor, "s": "ID"}):
        answer = shop.ask(NAMES, variables)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST", variables
    assert len(names(shop, n=250)) == 1


def test_pagination_ends_at_25000_objects(shop, mug):
    gid = shop.place(lines=[mug])
    far = Cursor(24_990, ("ID", 0, 0)).text()
    assert names(shop, n=10, a=far, s="ID") == ["#1001"]
    assert "25000" in shop.ask(NAMES, {"n": 11, "a": far, "s": "ID"})["errors"][0]["message"]
    deep = Cursor(24_999).text()
    text = f'{{ order(id: "{gid}") {{ lineItems(first: 2, after: "{deep}") {{ nodes {{ id }} }} }} }}'
    assert "25000" in shop.ask(text)["errors"][0]["message"]


def test_lines_are_paged_too(shop, mug):
    gid = shop.place(lines=[{**mug, "sku": f"S{index}"} for index in range(65)])
    page = "lineItems(first: 50%s) { pageInfo { hasNextPage endCursor } nodes { sku } }"
    first = shop.order(gid, page % "")["lineItems"]
    assert first["pageInfo"]["hasNextPage"]
    second = shop.order(gid, page % f', after: "{first["pageInfo"]["endCursor"]}"')["lineItems"]
    assert not second["pageInfo"]["hasNextPage"]
    assert [node["sku"] for node in first["nodes"] + second["nodes"]] == [f"S{index}" for index in range(65)]


def test_the_count_saturates_at_its_limit(shop, mug):
    shop.control("POST", "orders", {"orders": [{"lines": [mug]} for _ in range(5)]})
    count = "{ ordersCount(limit: %s) { count precision } }"
    assert shop.ask(count % 3)["data"]["ordersCount"] == {"count": 3, "precision": "AT_LEAST"}
    assert shop.ask(count % 5)["data"]["ordersCount"] == {"count": 5, "precision": "EXACT"}
    assert shop.ask(count % "null")["data"]["ordersCount"] == {"count": 5, "precision": "EXACT"}


def test_a_cursor_counts_all_the_pages_before_it(shop, mug):
    shop.control("POST", "orders", {"orders": [{"lines": [mug]} for _ in range(7)]})
    passed, after = [], None
    for _ in range(3):
        after = shop.ask(NAMES, {"n": 3, "a": after})["data"]["orders"]["pageInfo"]["endCursor"]
        passed.append(read_cursor(after).passed)
    assert passed == [3, 6, 7]
