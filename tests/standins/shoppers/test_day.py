"""A trading day places every kind it promises, the same one for the same seed, and reports it."""

import json
import random
import re
from decimal import Decimal

import pytest

from standins.shoppers.__main__ import main
from standins.shoppers.baskets import Shopper
from standins.shoppers.catalogue import SERVICES, CatalogueError, build_catalogue, read_goods, write_catalogue
from standins.shoppers.counter import Counter, Premises, ShopRefusedError
from standins.shoppers.day import DayPlan, plan_visits
from standins.shoppers.occasions import MANY_LINES, OCCASIONS
from standins.shoppers.rounding_gap import rounding_gap

PAGE = "{ orders(first: 50, after: %s) { pageInfo { hasNextPage endCursor } nodes { "
PROMISED = {
    "guest", "currency_gbp", "currency_eur", "currency_jpy", "currency_usd", "line_discount", "order_discount",
    "gift_card_sold", "gift_card_used", "tip", "duties", "test_order", "same_variant_twice", "unknown_sku",
    "deleted_product", "high_risk", "captured_later", "failed_payment", "edited", "cancelled", "b2b",
    "no_customer_no_address", "unmapped_tax", "rounded_by_order", "many_lines", "malformed",
}  # fmt: skip


@pytest.fixture
def range_file(tmp_path):
    path = tmp_path / "catalogue.json"
    main(["catalogue", "--seed", "7", "--products", "60", "--out", str(path)])
    return path


def run_day(street, range_file, tmp_path, *, orders=90):
    report = tmp_path / "report.json"
    main([
        "day", *street.options("uk", "us"), "--seed", "7", "--orders", str(orders), "--seconds", "1",
        "--catalogue", str(range_file), "--report", str(report),
    ])  # fmt: skip
    return json.loads(report.read_text())


def test_the_catalogue_holds_goods_with_stock_and_the_services(range_file, tmp_path):
    products = json.loads(range_file.read_text())["products"]
    goods = [item for item in products if item["is_storable"]]
    assert len(goods) == len({item["sku"] for item in products if item["is_storable"]}) == 60
    assert all(item["stock"]["WH"] > 0 and Decimal(item["list_price"]) > 0 for item in goods)
    services = {item["sku"] for item in products if item["type"] == "service"}
    assert services == {sku for sku, _ in SERVICES}
    assert build_catalogue(7, 60) == json.loads(range_file.read_text())
    assert build_catalogue(8, 60) != build_catalogue(7, 60)
    write_catalogue(tmp_path / "empty.json", build_catalogue(7, 0))
    with pytest.raises(CatalogueError):
        read_goods(tmp_path / "empty.json")


def test_a_day_places_every_kind_and_reports_it(street, range_file, tmp_path):
    report = run_day(street, range_file, tmp_path)
    assert report["placed"] == 90 == sum(report["by_kind"].values())
    assert set(report["by_kind"]) >= PROMISED
    listed = {row["id"]: row for name in ("uk", "us") for row in street.listing(name)}
    assert {entry["id"] for entry in report["orders"]} == set(listed)
    by_kind = {}
    for entry in report["orders"]:
        by_kind.setdefault(entry["kind"], []).append(listed[entry["id"]])
    assert all(row["test"] for row in by_kind["test_order"])
    assert all(row["cancelled"] for row in by_kind["cancelled"])
    assert all(row["edited"] for row in by_kind["edited"])
    assert all(row["corrupted"] for row in by_kind["malformed"])
    assert all(row["line_count"] == MANY_LINES >= 60 for row in by_kind["many_lines"])
    assert {row["financial_status"] for row in by_kind["captured_later"]} == {"PAID"}
    assert {row["financial_status"] for row in by_kind["failed_payment"]} == {"PENDING"}
    assert {row["presentment_currency"] for row in by_kind["currency_jpy"]} == {"JPY"}
    assert {row["presentment_currency"] for row in listed.values()} == {"GBP", "EUR", "JPY", "USD"}
    assert not any(row["test"] or row["corrupted"] for row in by_kind["ordinary"])


def test_the_uk_includes_vat_and_the_us_adds_state_and_city_tax(street, range_file, tmp_path):
    run_day(street, range_file, tmp_path)
    fields = PAGE + "taxesIncluded taxLines { title rate } } } }"
    titles = {}
    for name in ("uk", "us"):
        for order in walk(street, name, fields):
            assert order["taxesIncluded"] == (name == "uk")
            for tax in order["taxLines"]:
                titles.setdefault(name, set()).add((tax["title"], tax["rate"]))
    assert ("VAT", 0.2) in titles["uk"]
    assert ("Municipal lantern levy", 0.031) in titles["uk"] & titles["us"]
    assert {("New York State Tax", 0.04), ("New York City Tax", 0.045)} & titles["us"]
    assert ("VAT", 0.2) not in titles["us"]


def walk(street, name, query):
    after, nodes = "null", []
    while True:
        answer = street.ask(name, query % after)
        nodes += answer["data"]["orders"]["nodes"]
        if not answer["data"]["orders"]["pageInfo"]["hasNextPage"]:
            return nodes
        after = json.dumps(answer["data"]["orders"]["pageInfo"]["endCursor"])


def test_nobody_is_real(street, range_file, tmp_path):
    run_day(street, range_file, tmp_path)
    fields = PAGE + "email shippingAddress { phone } } } }"
    people = [order for name in ("uk", "us") for order in walk(street, name, fields)]
    mails = [order["email"] for order in people if order["email"]]
    phones = [order["shippingAddress"]["phone"] for order in people if order["shippingAddress"]]
    assert mails
    assert phones
    assert all(re.search(r"@example\.(com|net|org)$", mail) for mail in mails)
    assert all(re.match(r"^(\+44 7700 900\d{3}|\+1 \d{3} 555 01\d\d)$", phone) for phone in phones)


def test_the_same_seed_plans_the_same_day():
    def plan(seed):
        goods = read_from(build_catalogue(7, 30))
        shops = [Shopper(random.Random(f"{seed}"), premises(), goods)]
        visits = plan_visits(DayPlan(seed=seed, orders=60, seconds=10), shops)
        return [(visit, OCCASIONS[visit.kind](shops[visit.shop]).purchase) for visit in visits]

    assert plan(7) == plan(7)
    assert plan(7) != plan(8)


def premises(*, included=True):
    currency = "GBP" if included else "USD"
    return Premises("http://127.0.0.1:1", "x", currency, (currency, "EUR", "JPY"), included)


def read_from(catalogue):
    from standins.shoppers.catalogue import Product

    return [
        Product(item["sku"], item["name"], item["list_price"]) for item in catalogue["products"] if item["is_storable"]
    ]


@pytest.mark.parametrize("included", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_the_rounding_case_really_depends_on_where_it_is_rounded(included, seed):
    shopper = Shopper(random.Random(seed), premises(included=included), read_from(build_catalogue(7, 40)))
    purchase = OCCASIONS["rounded_by_order"](shopper).purchase
    assert abs(rounding_gap(purchase, included=included)) == 1
    one_line = {**purchase, "lines": purchase["lines"][:1]}
    assert rounding_gap(one_line, included=included) == 0


def test_ordinary_baskets_have_one_to_eight_lines_and_yen_no_decimals():
    shopper = Shopper(random.Random(3), premises(), read_from(build_catalogue(7, 40)))
    counts = {len(shopper.purchase()["lines"]) for _ in range(200)}
    assert counts == set(range(1, 9))
    yen = shopper.purchase(currency="JPY")
    assert all(item["unit_price"].isdecimal() for item in yen["lines"])


def test_a_refusing_shop_stops_the_shopper(street):
    with Counter(street.urls["uk"], "wrong") as counter, pytest.raises(ShopRefusedError):
        counter.premises()
    with Counter(street.urls["uk"], "ctl") as counter, pytest.raises(ShopRefusedError):
        counter.place([{"lines": []}])


def test_a_shop_needs_its_token(range_file, tmp_path):
    with pytest.raises(SystemExit):
        main(["day", "--shop", "http://127.0.0.1:1", "--catalogue", str(range_file), "--report", str(tmp_path / "r")])
    with pytest.raises(SystemExit):
        main(["dataset", "--csv", "x", "--catalogue-out", "c", "--report", "r"])
