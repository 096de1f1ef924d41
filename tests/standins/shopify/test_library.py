"""ShopifyAPI works on the shop unchanged, and the documents of the order flow answer without an error."""

import gzip
import io
import json
import urllib.error
from contextlib import redirect_stdout

import pytest
import shopify
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    SelectionSetNode,
    Visitor,
    build_client_schema,
    get_operation_ast,
    parse,
    print_ast,
    visit,
)

from standins.shopify.cost import CostModel

LEFT_OUT = {"disputes", "paymentCollectionDetails", "refunds", "agreements", "metafields"}
WINDOW = {"query": "updated_at:>='2020-01-01T00:00:00Z' AND updated_at:<'2100-01-01T00:00:00Z'"}


@pytest.fixture
def library(shop):
    """The library keeps its site and token in a class: they are put back whatever happens."""
    shopify.ShopifyResource.set_site(f"{shop.url}/admin/api/2026-10")
    shopify.ShopifyResource.set_headers({"X-Shopify-Access-Token": "tok"})
    try:
        yield shopify.GraphQL()
    finally:
        shopify.ShopifyResource.set_headers({})
        shopify.ShopifyResource.set_site(None)


class _LeaveOut(Visitor):
    def enter_selection_set(self, node, *_):
        kept = [item for item in node.selections if not (isinstance(item, FieldNode) and item.name.value in LEFT_OUT)]
        return SelectionSetNode(selections=tuple(kept))


def document(shared, number):
    (path,) = (shared / "contracts/shopify/documents").glob(f"{number}_*.graphql")
    return print_ast(visit(parse(path.read_text()), _LeaveOut()))


def test_the_library_reads_an_order(library, shop, mug):
    gid = shop.place(lines=[mug])
    answer = json.loads(library.execute("query($id: ID!) { order(id: $id) { name } }", {"id": gid}))
    assert answer["data"] == {"order": {"name": "#1001"}}


def test_the_library_raises_on_a_bad_token(library):
    library.headers["X-Shopify-Access-Token"] = "wrong"
    with redirect_stdout(io.StringIO()), pytest.raises(urllib.error.HTTPError):
        library.execute("{ shop { name } }")


@pytest.mark.shared
def test_the_documents_answer_for_every_kind_of_order(library, shop, shared, full_day):
    for purchase in full_day:
        shop.place(**purchase)
    capabilities = json.loads(library.execute(document(shared, "00")))
    assert "errors" not in capabilities
    listing = json.loads(library.execute(document(shared, "01"), WINDOW))
    assert "errors" not in listing
    nodes = listing["data"]["orders"]["nodes"]
    assert len(nodes) == len(full_day)
    for node in nodes:
        money = json.loads(library.execute(document(shared, "02"), {"id": node["id"]}))
        assert "errors" not in money
        assert money["data"]["order"]["name"] == node["name"]
        page = json.loads(
            library.execute(
                document(shared, "04"), {"id": node["id"], "after": node["lineItems"]["pageInfo"]["endCursor"]}
            )
        )
        assert "errors" not in page
    count = json.loads(library.execute(document(shared, "06"), WINDOW))
    assert count["data"]["ordersCount"] == {"count": len(full_day), "precision": "EXACT"}


@pytest.mark.shared
def test_the_cost_model_gives_the_measured_points(shared):
    raw = json.loads(gzip.decompress((shared / "contracts/shopify/admin_2026-10.json.gz").read_bytes()))
    official = build_client_schema(raw.get("data", raw), assume_valid=True)
    text = next((shared / "contracts/shopify/documents").glob("02_*.graphql")).read_text()
    assert requested(official, text, {}) == 135
    # A public response: a product with 250 variants and their stock items is 25 points.
    variants = "{ product(id: 1) { variants(first: 250) { nodes { inventoryItem { id tracked } } } } }"
    assert requested(official, variants, {}) == 25


def requested(schema, text, variables):
    document = parse(text)
    fragments = {item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)}
    return CostModel(schema, fragments, variables).requested(get_operation_ast(document))


@pytest.fixture
def full_day(mug, pen):
    """One purchase that fills each part of the schema, and bare ones that leave it empty."""
    person = {
        "key": "p",
        "first_name": "Arda",
        "last_name": "Ashford",
        "email": "arda@example.com",
        "phone": "+447700900001",
    }
    address = {"country_code": "GB", "city": "Leeds", "first_name": "Arda"}
    duties = [{"amount": "1.00", "code": "691110", "origin": "JP", "taxes": [{"title": "VAT", "rate": "0.2"}]}]
    company = {"key": "c", "name": "Larch Ltd", "location_key": "l", "location_name": "North"}
    kinds = ("code", "automatic", "manual", "script")
    full = {
        "lines": [
            {
                **mug,
                "duties": duties,
                "group": {"key": "g", "title": "Set", "units": 1, "sku": "SET"},
                "attributes": {"a": "b"},
            },
            pen,
        ],
        "discounts": [{"kind": kind, "title": kind, "scope": "order", "percentage": "5"} for kind in kinds],
        "shipping": [{"title": "S", "price": "4.95", "taxes": [{"title": "VAT", "rate": "0.2"}]}],
        "fees": [{"name": "F", "amount": "1.00", "taxes": [{"title": "VAT", "rate": "0.2"}]}],
        "tip": "2.00",
        "presentment_currency": "EUR",
        "shop_rate": "0.85",
        "customer": person,
        "billing_address": address,
        "shipping_address": address,
        "company": company,
        "terms": {"name": "Net 30"},
        "risk": {"recommendation": "INVESTIGATE", "level": "MEDIUM", "facts": [{"description": "x"}]},
        "payments": [
            {"kind": "AUTHORIZATION"},
            {"kind": "CAPTURE", "parent": 0},
            {"kind": "REFUND", "amount": "1.00", "parent": 1},
        ],
    }
    bare = {"lines": [{**mug, "taxes": []}]}
    till = {
        **bare,
        "source": "pos",
        "retail_location": "High Street",
        "payments": [{"gateway": "cash", "rounding": "0.01"}],
    }
    return [full, bare, till, {**bare, "source": "shopify_draft_order"}]
