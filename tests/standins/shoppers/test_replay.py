"""Invoices placed at real shops arrive with the file's money, to the penny."""

import csv
import json
from decimal import Decimal

from standins.shoppers.__main__ import main

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")


def invoice(number):
    at, customer = f"2010-12-01 08:{number % 60:02d}:00", f"{17000 + number}.0"
    return [
        (
            str(number),
            f"S{number}",
            "THING",
            str(number % 7 + 1),
            at,
            f"{number % 90}.{number % 100:02d}",
            customer,
            "France",
        ),
        (str(number), "POST", "POSTAGE", "1", at, "18.0", customer, "France"),
    ]


def test_the_shops_hold_what_the_file_says_and_the_catalogue_covers_it(street, tmp_path):
    numbers = range(536_300, 536_360)
    rows = [row for number in numbers for row in invoice(number)]
    path, report, goods = tmp_path / "rows.csv", tmp_path / "report.json", tmp_path / "catalogue.json"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    main([
        "dataset", "--csv", str(path), "--days", "1", "--from", "2010-12-01", *street.options("uk"), "--seconds", "0.2",
        "--catalogue-out", str(goods), "--report", str(report),
    ])  # fmt: skip
    told = json.loads(report.read_text())
    listing = street.listing("uk")
    assert [row["name"] for row in listing] == [str(number) for number in numbers]
    assert [entry["id"] for entry in told["placed"]] == [row["id"] for row in listing]
    total = sum(Decimal(row["total"]["presentment"]) for row in listing)
    assert total == Decimal(told["replayed"]["amount"]) == sum(int(row[3]) * Decimal(row[5]) for row in rows)
    assert {row["financial_status"] for row in listing} == {"PAID"}
    assert {row["current_tax"]["presentment"] for row in listing} == {"0.00"}
    stock = {item["sku"]: item["stock"].get("WH") for item in json.loads(goods.read_text())["products"]}
    assert all(stock[row[1]] == int(row[3]) for row in rows if row[1] != "POST")


def test_several_shops_take_turns(street, tmp_path):
    rows = [row for number in range(536_300, 536_304) for row in invoice(number)]
    path, report = tmp_path / "rows.csv", tmp_path / "report.json"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    both = street.options("uk", "twin")
    main(["dataset", "--csv", str(path), *both, "--catalogue-out", str(tmp_path / "c"), "--report", str(report)])
    assert [row["name"] for row in street.listing("uk")] == ["536300", "536302"]
    assert [row["name"] for row in street.listing("twin")] == ["536301", "536303"]
