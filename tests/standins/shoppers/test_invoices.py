"""Each row of the invoice file is an order's or is set aside with a reason, and the sums are the file's."""

import csv
import gzip
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from standins.shoppers.__main__ import main
from standins.shoppers.invoices import read_invoices
from standins.shoppers.replay import COUNTRY_CODES, account, to_purchase

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
DAY = "2010-12-01 08:26:00"
UK = "United Kingdom"
ROWS = [
    ("536365", "85123A", "WHITE HEART ", "6", DAY, "2.55", "17850.0", UK),
    ("536365", "85123A", "WHITE HEART ", "6", DAY, "2.55", "17850.0", UK),
    ("536365", "POST", "POSTAGE", "2", DAY, "18.0", "17850.0", UK),
    ("536366", "gift_0001_20", "Voucher", "1", "2010-12-01 09:00:00", "17.02", "", "EIRE"),
    ("536366", "M", "Manual", "1", "2010-12-01 09:00:00", "5.0", "", "EIRE"),
    ("536366", "BANK CHARGES", "Bank", "1", "2010-12-01 09:00:00", "15.0", "", "EIRE"),
    ("536366", "S", "SAMPLES", "1", "2010-12-01 09:00:00", "3.0", "", "EIRE"),
    ("536367", "PADS", "PADS", "1", "2010-12-01 10:00:00", "0.001", "1.0", "Unspecified"),
    ("536367", "22138", "BAKING SET", "3", "2010-12-01 10:01:00", "4.95", "1.0", "Unspecified"),
    ("536367", "22139", "", "1", "2010-12-01 10:01:00", "0.0", "1.0", "Unspecified"),
    ("536368", "22138", "lost", "-4", "2010-12-01 11:00:00", "0.0", "", UK),
    ("536369", "DOT", "DOTCOM POSTAGE", "1", "2010-12-01 12:00:00", "9.99", "", UK),
    ("C536370", "22138", "BAKING SET", "-1", "2010-12-01 13:00:00", "4.95", "1.0", UK),
    ("A536371", "B", "Adjust bad debt", "1", "2010-12-01 14:00:00", "-11062.06", "", UK),
    ("536372", "22138", "BAKING SET", "1", "2010-12-02 08:00:00", "4.95", "2.0", "France"),
]


def write(path, rows):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    return path


@pytest.fixture(params=["rows.csv", "rows.csv.gz"])
def file(tmp_path, request):
    return write(tmp_path / request.param, ROWS)


def test_every_row_is_counted_once_and_the_sums_are_the_files(file):
    _, accounts = account(read_invoices(file, None, None))
    report = accounts.report()
    assert report["read"] == {"rows": 15, "amount": str(sum(int(row[3]) * Decimal(row[5]) for row in ROWS))}
    assert report["set_aside_by_reason"] == {
        "bad_debt_adjustment": {"rows": 1, "amount": "-11062.06"},
        "cancellation": {"rows": 1, "amount": "-4.95"},
        "fee": {"rows": 1, "amount": "15.0"},
        "manual": {"rows": 1, "amount": "5.0"},
        "sample": {"rows": 1, "amount": "3.0"},
        "shipping_without_goods": {"rows": 1, "amount": "9.99"},
        "sub_minor_price": {"rows": 1, "amount": "0.001"},
        "write_off": {"rows": 1, "amount": "0.0"},
        "zero_price": {"rows": 1, "amount": "0.0"},
    }
    assert {part: item["rows"] for part, item in report["replayed_by_part"].items()} == {
        "line": 4,
        "gift_card_line": 1,
        "shipping_line": 1,
    }
    assert report["replayed"]["rows"] + report["set_aside"]["rows"] == 15
    parts = Decimal(report["replayed"]["amount"]) + Decimal(report["set_aside"]["amount"])
    assert parts == Decimal(report["read"]["amount"])
    assert (report["orders"], report["guest_orders"]) == (4, 1)
    assert report["orders_without_country"] == {"Unspecified": 1}


def test_a_lost_row_would_show(file):
    groups = read_invoices(file, None, None)
    _, whole = account(groups)
    _, short = account([groups[0][1:], *groups[1:]])
    assert whole.report()["read"] != short.report()["read"]


def test_days_are_london_days_of_an_invoices_first_row(file):
    numbers = [rows[0].invoice for rows in read_invoices(file, None, 1)]
    assert "536372" not in numbers
    assert len(numbers) == 7
    assert [rows[0].invoice for rows in read_invoices(file, date(2010, 12, 2), 5)] == ["536372"]
    assert read_invoices(file, date(2011, 1, 1), 1) == []


def test_an_invoice_becomes_an_order_with_its_repeats_its_parcels_and_its_time(file):
    invoices, _ = account(read_invoices(file, None, None))
    purchase = to_purchase(invoices[0])
    assert purchase["name"] == "536365"
    assert purchase["processed_at"] == "2010-12-01T08:26:00+00:00"
    assert [(item["sku"], item["units"], item["unit_price"]) for item in purchase["lines"]] == [
        ("85123A", 6, "2.55")
    ] * 2
    assert purchase["shipping"] == [{"title": "POSTAGE", "code": "POST", "price": "36.0"}]
    assert (purchase["taxes_included"], "taxes" in purchase["lines"][0]) == (True, False)
    assert purchase["shipping_address"]["country_code"] == "GB"


def test_summer_invoices_carry_the_summer_offset(tmp_path):
    row = ("560000", "22138", "BAKING SET", "1", "2011-07-14 10:00:00", "4.95", "", UK)
    invoices, _ = account(read_invoices(write(tmp_path / "rows.csv", [row]), None, None))
    assert to_purchase(invoices[0])["processed_at"] == "2011-07-14T10:00:00+01:00"


def test_guests_have_no_customer_and_customers_no_real_name_or_mail(file):
    invoices, _ = account(read_invoices(file, None, None))
    by_number = {item.number: to_purchase(item) for item in invoices}
    assert by_number["536366"]["customer"] is None
    assert by_number["536366"]["lines"][0]["gift_card"]
    known = by_number["536365"]["customer"]
    assert known["key"] == "dataset-17850"
    assert "email" not in known
    assert known == to_purchase(invoices[0])["customer"]
    assert by_number["536367"]["shipping_address"] is None


def test_every_price_that_is_finer_than_a_penny_is_kept_out(file):
    invoices, _ = account(read_invoices(file, None, None))
    prices = [item["unit_price"] for invoice in invoices for item in to_purchase(invoice)["lines"]]
    assert all(Decimal(price) == Decimal(price).quantize(Decimal("0.01")) for price in prices)
    assert len(prices) == 5


@pytest.mark.shared
def test_the_whole_real_file_is_accounted_for(tmp_path):
    shared = Path(__file__).resolve().parents[4] / "shared"
    if not shared.is_dir():
        pytest.skip("the reference material is not beside the checkout")
    path = shared / "datasets/online_retail/online_retail.csv.gz"
    report_file = tmp_path / "report.json"
    main(
        [
            "dataset",
            "--csv",
            str(path),
            "--dry-run",
            "--catalogue-out",
            str(tmp_path / "c.json"),
            "--report",
            str(report_file),
        ]
    )
    report = json.loads(report_file.read_text())
    assert report["read"] == {"rows": 541_909, "amount": "9747747.934"}
    assert report["replayed"]["rows"] + report["set_aside"]["rows"] == 541_909
    assert Decimal(report["replayed"]["amount"]) + Decimal(report["set_aside"]["amount"]) == Decimal("9747747.934")
    reasons = report["set_aside_by_reason"]
    assert (reasons["cancellation"]["rows"], reasons["bad_debt_adjustment"]["rows"]) == (9_288, 3)
    assert reasons["write_off"]["rows"] == 1_336
    assert reasons["sub_minor_price"] == {"rows": 4, "amount": "0.004"}
    assert set(report["orders_without_country"]) == {"European Community", "Unspecified"}
    assert len(COUNTRY_CODES) == 36
    assert "placed" not in report
