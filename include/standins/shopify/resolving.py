"""Field resolvers: every field comes from the order's tree.

Roots, connections and protected fields are told apart here.

NOT here: HTTP, cost, throttling (`graphql_api`).
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from graphql import GraphQLResolveInfo, is_non_null_type

from standins.shopify.config import API_VERSION, PLANS, PROTECTED_FIELDS, ShopConfig
from standins.shopify.identity import Identities
from standins.shopify.money_view import Tree
from standins.shopify.order_state import OrderState
from standins.shopify.order_store import Found, OrderStore, Slice
from standins.shopify.order_view import order_tree
from standins.shopify.paging import Cursor, check_depth, page, page_list, read_cursor, read_first
from standins.shopify.reckoning import reckon
from standins.shopify.refusals import access_denied, bad_request, internal_error
from standins.shopify.search import Condition, SearchRefusedError, parse_search

_OWN_ORDERS_DAYS = 60
_PAGED = frozenset({"lineItems", "discountApplications", "shippingLines"})
Path = tuple[str | int, ...]


@dataclass(slots=True)
class Call:
    """What one request gathers beside its data.

    Attributes:
        break_field: The next nullable field of an order answers an internal error (a drill).
        patches: Corruptions by the response path of the order they belong to.
        search: Warnings for `extensions.search`.
    """

    config: ShopConfig
    store: OrderStore
    break_field: bool = False
    patches: dict[Path, list[Tree]] = field(default_factory=dict)
    search: list[Tree] = field(default_factory=list)


def resolve_field(source: Tree, info: GraphQLResolveInfo[Call], **arguments: Any) -> Any:  # noqa: ANN401 -- any schema value
    """Answer one field; a field that the tree lacks is an error, never a silent null."""
    call: Call = info.context
    name, parent = info.field_name, info.parent_type.name
    if parent == "QueryRoot":
        return _root(call, info, arguments)
    if parent == "Order":
        _note_patches(source, info)
        if name in PROTECTED_FIELDS and call.config.deny_protected:
            raise access_denied(name, "access to protected customer data")
        if name in _PAGED:
            return _paged(source, name, arguments)
        if call.break_field and not is_non_null_type(info.return_type):
            call.break_field = False
            raise internal_error("00000000-0000-4000-8000-000000000001")
    if name in {"transactions", "taxLines"} and arguments.get("first") is not None:
        return source[name][: read_first(arguments["first"])]
    if name == "discountedTotalSet" and arguments.get("withCodeDiscounts"):
        return source["discountedTotalWithCodes"]
    return source[name]


def _note_patches(source: Tree, info: GraphQLResolveInfo[Call]) -> None:
    if source["__patches"] and info.path.prev is not None:
        info.context.patches[tuple(info.path.prev.as_list())] = source["__patches"]


def _paged(source: Tree, name: str, arguments: Tree) -> Tree:
    rows = source[name]
    if name == "shippingLines" and not arguments.get("includeRemovals"):
        rows = [row for row in rows if not row["isRemoved"]]
    return page_list(rows, arguments.get("first"), arguments.get("after"))


def _root(call: Call, info: GraphQLResolveInfo[Call], arguments: Tree) -> Any:  # noqa: ANN401 -- any root value
    match info.field_name:
        case "shop":
            return _shop(call.config)
        case "currentAppInstallation":
            scopes = [{"handle": scope} for scope in call.config.scopes]
            return {"id": "gid://shopify/AppInstallation/1", "accessScopes": scopes}
        case "publicApiVersions":
            return [{"handle": API_VERSION, "displayName": f"{API_VERSION} (Latest)", "supported": True}]
        case "order":
            _need_scope(call, info)
            return _order(call, arguments["id"])
        case "ordersCount":
            _need_scope(call, info)
            return _count(call, arguments)
        case "orders":
            _need_scope(call, info)
            return _orders(call, arguments)
        case _:
            pass
    message = f"no resolver for {info.field_name}"
    raise LookupError(message)


def _need_scope(call: Call, info: GraphQLResolveInfo[Call]) -> None:
    if "read_orders" not in call.config.scopes:
        raise access_denied(info.field_name, "`read_orders` access scope.")


def _shop(config: ShopConfig) -> Tree:
    offset = config.clock.now().astimezone(config.zone).utcoffset() or timedelta()
    return {
        "id": Identities(config.seed_text).gid("Shop", "shop"),
        "name": config.name,
        "myshopifyDomain": f"{re.sub(r'[^a-z0-9]+', '-', config.name.lower())}.example.com",
        "currencyCode": config.currency,
        "enabledPresentmentCurrencies": list(config.presentment),
        "ianaTimezone": config.timezone,
        "timezoneOffsetMinutes": int(offset.total_seconds() // 60),
        "taxesIncluded": config.taxes_included,
        "taxShipping": True,
        "plan": {
            "publicDisplayName": config.plan.title(),
            "shopifyPlus": config.plan == "plus",
            "partnerDevelopment": False,
        },
        "resourceLimits": {"maxProductVariants": 2048, "maxProductOptions": 3, "locationLimit": 200},
        "features": {"storefront": True},
    }


def _order(call: Call, gid: str) -> Tree | None:
    kind, _, digits = gid.rpartition("/")
    if kind != "gid://shopify/Order" or not digits.isdecimal():
        raise bad_request(f"Invalid global id '{gid}'")
    state = call.store.load(int(digits))
    return None if state is None or _too_old(call, state) else _tree(call, state)


def _too_old(call: Call, state: OrderState) -> bool:
    """Without `read_all_orders` an app sees the last 60 days only."""
    if "read_all_orders" in call.config.scopes:
        return False
    return state.created_at < call.config.clock.now() - timedelta(days=_OWN_ORDERS_DAYS)


def _tree(call: Call, state: OrderState) -> Tree:
    return order_tree(reckon(state), Identities(call.config.seed_text))


def _conditions(call: Call, query: str | None, path: str) -> list[Condition]:
    try:
        parsed = parse_search(query)
    except SearchRefusedError as error:
        raise bad_request(f"Invalid search query: {error}") from error
    if parsed.warnings:
        call.search.append({"path": [path], "query": query, "warnings": list(parsed.warnings)})
    conditions = list(parsed.conditions)
    if "read_all_orders" not in call.config.scopes:
        oldest = call.config.clock.now() - timedelta(days=_OWN_ORDERS_DAYS)
        conditions.append(Condition("created_at", ">=", oldest.strftime("%Y-%m-%dT%H:%M:%SZ")))
    return conditions


def _orders(call: Call, arguments: Tree) -> Tree:
    size = read_first(arguments.get("first"))
    cursor = read_cursor(arguments.get("after"))
    passed = cursor.passed if cursor else 0
    check_depth(passed, size)
    after = None
    if cursor is not None:
        if len(cursor.keys) != 3 or cursor.keys[0] != arguments["sortKey"]:  # noqa: PLR2004 -- sort, value, number
            raise bad_request("Invalid cursor for current pagination sort.")
        after = Found(sort_value=cursor.keys[1], number=cursor.keys[2])
    part = Slice(sort=arguments["sortKey"], reverse=arguments["reverse"], limit=size + 1, after=after)
    cutoff = call.config.clock.now() - timedelta(seconds=call.config.search_lag_s)
    hits = call.store.search(_conditions(call, arguments.get("query"), "orders"), cutoff, part)
    shown = hits[:size]
    rows = [_tree(call, state) for hit in shown if (state := call.store.load(hit.number)) is not None]
    cursors = [Cursor(passed + index + 1, (part.sort, hit.sort_value, hit.number)) for index, hit in enumerate(shown)]
    return page(rows, cursors, more=len(hits) > size, started=cursor is not None)


def _count(call: Call, arguments: Tree) -> Tree:
    cutoff = call.config.clock.now() - timedelta(seconds=call.config.search_lag_s)
    conditions = _conditions(call, arguments.get("query"), "ordersCount")
    limit = arguments.get("limit")
    most = int(limit) if limit is not None else 2**62
    found = call.store.count(conditions, cutoff, most + 1 if limit is not None else most)
    return {"count": min(found, most), "precision": "AT_LEAST" if found > most else "EXACT"}


def plan_limits(config: ShopConfig) -> tuple[int, int]:
    """Points a second and bucket size of the shop's plan."""
    return PLANS[config.plan]
