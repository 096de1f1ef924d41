"""Channel, store and ERP side by side: what ties, what is explained, and what is a difference."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flows.fakes import UK
from retail_ops.contracts.money import Money, MoneyPair
from retail_ops.flows.orders.verify import Report, StoreFact, compare, money_lines
from retail_ops.ports.channel import OrderFact
from retail_ops.ports.erp import ErpOrderFact

NOW = datetime(2026, 11, 20, tzinfo=UTC)
LATER = datetime(2026, 11, 21, tzinfo=UTC)
VAT = ("VAT", "0.2", False)


def pair(minor: int) -> MoneyPair:
    return MoneyPair(shop=Money(minor=2 * minor, currency="GBP"), presentment=Money(minor=minor, currency="EUR"))


def listed(minor: int = 1000, **changes: Any) -> OrderFact:
    values = {
        "external_id": "1",
        "number": "#1",
        "test": False,
        "cancelled": False,
        "updated_at": NOW,
        "total": pair(minor),
    }
    return OrderFact(**(values | changes))


def kept(state: str = "released", **changes: Any) -> StoreFact:
    values = {
        "external_id": "1",
        "number": "#1",
        "state": state,
        "reason": "why",
        "reference": "7",
        "published": None,
        "open_case": False,
    }
    return StoreFact(**(values | changes))


def document(minor: int = 1000, state: str = "confirmed", **changes: Any) -> ErpOrderFact:
    total = Money(minor=minor, currency="EUR")
    return ErpOrderFact(
        **({"external_id": "1", "reference": "7", "number": "S1", "state": state, "total": total} | changes)
    )


def report(
    channel: list[OrderFact], store: list[StoreFact], erp: list[ErpOrderFact], currency: str = "presentment"
) -> Report:
    return compare("shopify_uk", channel, store, erp, document_currency=currency, now=LATER, read_up_to=LATER)


@pytest.mark.parametrize(
    ("channel", "store", "erp", "kinds"),
    [
        ([listed()], [kept()], [document()], []),
        ([listed()], [], [], ["lost"]),
        ([listed()], [kept()], [document(), document(number="S2")], ["doubled"]),
        ([listed()], [kept()], [document(1001)], ["unequal"]),
        ([listed()], [kept(open_case=True)], [document(1001)], []),
        ([], [], [document()], ["stray"]),
        ([], [kept()], [document()], []),
        ([listed()], [kept("staged")], [], ["unexplained"]),
        ([listed()], [kept("quarantined", open_case=True)], [], []),
        ([listed()], [kept("ignored")], [], []),
        ([listed(cancelled=True)], [kept("cancelled")], [], []),
        ([listed(cancelled=True)], [kept("cancelled")], [document(state="cancelled")], []),
        ([listed()], [kept("cancelled")], [document(state="cancelled")], []),
        ([listed()], [kept("released")], [document(state="cancelled")], ["unequal"]),
        ([listed()], [kept("cancelled")], [document()], ["unequal"]),
        ([listed(cancelled=True)], [kept("released")], [document()], ["unequal"]),
        ([listed(cancelled=True)], [kept("conflict", open_case=True)], [document()], []),
        ([listed()], [kept("conflict", open_case=True)], [document(state="cancelled")], []),
    ],
)
def test_every_way_in_which_three_listings_can_differ(channel, store, erp, kinds):
    found = report(channel, store, erp)
    assert [difference.kind for difference in found.differences] == kinds
    assert found.clean is (kinds == [])


def test_the_sums_of_both_sides_are_kept_by_currency():
    found = report(
        [listed(), listed(500, external_id="2")],
        [kept(), kept(external_id="2")],
        [document(), document(500, external_id="2")],
    )
    assert found.channel == found.erp == {"EUR": (2, 1500)}
    assert list(money_lines(found.erp)) == ["2 orders, 15.00 EUR"]


def test_documents_may_be_in_the_shops_currency():
    erp = document(total=Money(minor=2000, currency="GBP"))
    assert report([listed()], [kept()], [erp], "shop").clean
    assert not report([listed()], [kept()], [erp]).clean


def test_a_total_in_another_currency_is_unequal():
    found = report([listed()], [kept()], [document(total=Money(minor=1000, currency="USD"))])
    assert [difference.kind for difference in found.differences] == ["unequal"]


def test_tax_that_the_channel_pays_itself_is_no_difference():
    line = UK.line("a", 1000, 1, UK.tax(VAT, 200, liable="channel"))
    published = UK.order("1", (line,))
    fact = listed(total=published.totals.total)
    erp = document(total=Money(minor=1000, currency="GBP"))
    assert fact.total.presentment.minor == 1200
    assert report([fact], [kept(published=published)], [erp]).clean
    assert not report([fact], [kept()], [erp]).clean


def test_each_side_is_summed_by_itself_so_that_a_missing_document_shows_in_the_money():
    found = report([listed(), listed(external_id="2", number="#2")], [kept(), kept(external_id="2")], [document()])
    assert (found.channel, found.erp) == ({"EUR": (2, 2000)}, {"EUR": (1, 1000)})


def test_an_open_case_explains_a_document_that_is_behind_and_nothing_else():
    published = UK.order("1", (UK.line("a", 1000, 1),))
    same = listed(total=published.totals.total, updated_at=published.updated_at)
    behind = listed(total=published.totals.total, updated_at=LATER - timedelta(hours=1))
    wrong = document(total=Money(minor=999, currency="GBP"))
    stored = kept(published=published, open_case=True)
    assert [d.kind for d in report([same], [stored], [wrong]).differences] == ["unequal"]
    assert [d.kind for d in report([behind], [stored], [wrong]).explained] == ["unequal"]


def test_what_is_on_its_way_is_no_difference_and_what_lies_too_long_is_stuck():
    young = kept("staged", due_since=LATER - timedelta(minutes=1))
    old = kept("staged", due_since=LATER - timedelta(hours=1))
    unread = listed(updated_at=LATER)
    assert report([listed()], [young], []).accounted == {"on its way": 1}
    assert report([unread], [], []).accounted == {"on its way": 1}
    assert {d.kind for d in report([listed()], [old], []).differences} == {"stuck", "unexplained"}
