"""`check` names everything that the mapping promises and Odoo does not have, in one message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from erp.odoo.running import SEED, StandIn, mapping_of
from retail_ops.contracts.errors import ConfigurationError
from retail_ops.erp.odoo.directory import fetch_directory
from retail_ops.erp.odoo.orders import OdooOrders


def complaint(standin: StandIn, **changes: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        OdooOrders(standin.client(), mapping_of(**changes)).check()
    return str(caught.value)


def rule(**changes: Any) -> dict[str, Any]:
    values = {"title": "VAT", "rate": "0.2", "included": True, "odoo": "UK VAT 20% incl"}
    return {"owner": "finance-team", "rules": [values | changes]}


def test_a_complete_mapping_passes(standin: StandIn) -> None:
    OdooOrders(standin.client(), mapping_of()).check()


def test_the_directory_knows_what_documents_need(standin: StandIn) -> None:
    directory, _ = fetch_directory(standin.client(), mapping_of())
    assert set(directory.pricelists) == {"GBP", "EUR", "JPY", "USD", "KWD"}
    assert len(directory.products) == 8
    assert directory.countries["GB"]
    assert directory.states["US", "CA"]
    assert ("DE", "CA") not in directory.states
    assert directory.rounding == "round_per_line"


def test_everything_that_is_missing_is_named_together(standin: StandIn) -> None:
    text = complaint(
        standin,
        warehouse="W9",
        guest_partner="Nobody",
        pricelists={"GBP": "Shopify GBP", "USD": "No list"},
        order_fields={"x_channel": "a", "x_nothing": "b"},
        products={"shipping": "RO-SHIPPING", "discount": "NO-DISC", "rounding": "TS-001"},
        taxes=rule(odoo="No tax"),
    )
    for word in ("'W9'", "'Nobody'", "'No list'", "'x_nothing'", "'NO-DISC'", "'TS-001' is no service", "'No tax'"):
        assert word in text


def test_an_unknown_company_is_named(standin: StandIn) -> None:
    assert "'Nowhere Ltd' is missing" in complaint(standin, company="Nowhere Ltd")


@pytest.mark.parametrize("change", [{"rate": "0.19"}, {"included": False}, {"odoo": "US CA 7.25%"}])
def test_a_tax_of_another_rate_or_kind_is_no_match(standin: StandIn, change: dict[str, Any]) -> None:
    assert "tax " in complaint(standin, taxes=rule(**change))


def test_a_price_list_in_another_currency_is_no_match(standin: StandIn) -> None:
    assert "price list in EUR 'Shopify GBP' is missing" in complaint(standin, pricelists={"EUR": "Shopify GBP"})


@pytest.fixture
def franc_without_cents(standin: StandIn) -> Iterator[None]:
    standin.control("POST", "seed", {"currencies": [{"name": "CHF", "rounding": "1"}]})
    standin.control("POST", "seed", {"pricelists": [{"name": "Shopify CHF", "currency": "CHF"}]})
    yield
    standin.control("POST", "seed", {"currencies": [{"name": "CHF", "rounding": "0.01"}]})


@pytest.mark.usefixtures("franc_without_cents")
def test_a_currency_that_odoo_rounds_otherwise_is_named(standin: StandIn) -> None:
    assert "currency 'CHF' must be active with 2" in complaint(standin, pricelists={"CHF": "Shopify CHF"})


@pytest.fixture
def global_rounding(standin: StandIn) -> Iterator[None]:
    standin.control("POST", "seed", {"company": {**SEED["company"], "tax_rounding": "round_globally"}})
    yield
    standin.control("POST", "seed", {"company": SEED["company"]})


@pytest.mark.usefixtures("global_rounding")
def test_the_companys_rounding_method_is_read(standin: StandIn) -> None:
    directory, _ = fetch_directory(standin.client(), mapping_of())
    assert directory.rounding == "round_globally"
