"""Buyers are matched by digest, addresses by reference, and a country that Odoo lacks holds one order only."""

from __future__ import annotations

from typing import Any

import pytest

from erp.odoo.making import Maker, address, address_ref, buyer, digest, directory, personal
from retail_ops.contracts.order import Buyer
from retail_ops.erp.odoo.contacts import ADDRESS_COLUMNS, ContactPlan, plan_contacts
from retail_ops.ports.erp import OrderDocument, Problem

MAKER = Maker(account="shop")


def plan(person: Buyer, data: Any = None, **refs: Any) -> ContactPlan | Problem:
    return plan_contacts(OrderDocument(MAKER.order("1", (), buyer=person, **refs), data or personal()), directory())


def planned(person: Buyer, data: Any = None, **refs: Any) -> ContactPlan:
    found = plan(person, data, **refs)
    assert isinstance(found, ContactPlan), found
    return found


def cells(found: ContactPlan, name: str) -> dict[str, str]:
    return dict(zip(ADDRESS_COLUMNS[1:], found.addresses[name], strict=True))


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        (buyer("1", mail="m", customer="c", company="gid://1.5"), "shop/company/gid://1%2E5"),
        (buyer("1", mail="m", customer="c"), f"shop/mail/{digest('m')}"),
        (buyer("1", customer="c"), f"shop/customer/{digest('c')}"),
        (buyer("1"), f"shop/guest/{digest('subject 1')}"),
    ],
)
def test_the_strongest_identity_names_the_partner(person: Buyer, expected: str) -> None:
    found = planned(person, delivery=address_ref("d"))
    assert found.parent is not None
    assert found.parent.name == expected
    assert found.roles == {"delivery": f"{expected}/address/{digest('d')}"}


def test_an_order_without_buyer_and_address_belongs_to_the_guest_partner() -> None:
    assert planned(buyer("1")).parent is None


def test_one_address_in_both_roles_is_one_neutral_child() -> None:
    found = planned(buyer("1", mail="m"), billing=address_ref("x"), delivery=address_ref("x"))
    assert len(found.addresses) == 1
    assert found.roles["billing"] == found.roles["delivery"]
    assert cells(found, found.roles["billing"])["type"] == "other"


def test_two_addresses_are_an_invoice_and_a_delivery_child() -> None:
    found = planned(buyer("1", mail="m"), billing=address_ref("b"), delivery=address_ref("d"))
    assert {role: cells(found, name)["type"] for role, name in found.roles.items()} == {
        "billing": "invoice",
        "delivery": "delivery",
    }


def test_a_company_is_a_company_and_keeps_the_persons_mail_out() -> None:
    found = planned(buyer("1", company="7"), personal(company="ACME Ltd", name="Ann Lee"))
    assert found.parent is not None
    assert found.parent.rows == (("ACME Ltd", "", "", "1"),)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (personal(), "Ann Lee"),
        (personal(name=None, addresses={"delivery": address(name="Bob")}), "Bob"),
        (personal(name="  ", email="x@y.z"), "x@y.z"),
        (personal(name=None, email=None), "Customer"),
    ],
)
def test_a_partner_always_has_a_name(data: Any, name: str) -> None:
    found = planned(buyer("1", mail="m"), data)
    assert found.parent is not None
    assert found.parent.rows[0][0] == name


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (address(), "Ann Lee"),
        (address(company="ACME", name="Bob"), "ACME, Bob"),
        (address(company="Bob", name="Bob"), "Bob"),
        (address(name=None), "Ann Lee"),
    ],
)
def test_an_address_always_has_a_name(given: Any, name: str) -> None:
    found = planned(buyer("1", mail="m"), personal(addresses={"delivery": given}), delivery=address_ref("d"))
    assert cells(found, found.roles["delivery"])["name"] == name


@pytest.mark.parametrize(
    ("country", "region", "state", "street2"),
    [
        ("US", "CA", "13", "Flat 2"),
        ("US", "ZZ", "", "Flat 2, ZZ"),
        ("DE", "CA", "", "Flat 2, CA"),
        ("DE", None, "", "Flat 2"),
        (None, None, "", "Flat 2"),
    ],
)
def test_a_state_belongs_to_its_country_or_becomes_text(
    country: str | None, region: str | None, state: str, street2: str
) -> None:
    data = personal(addresses={"delivery": address(street2="Flat 2", country=country, region=None)})
    found = planned(buyer("1", mail="m"), data, delivery=address_ref("d", country, region))
    got = cells(found, found.roles["delivery"])
    assert (got["state_id/.id"], got["street2"]) == (state, street2)


@pytest.mark.parametrize("role", ["billing", "delivery"])
def test_a_country_that_odoo_does_not_know_is_a_problem_of_its_field(role: str) -> None:
    found = plan(buyer("1", mail="m"), **{role: address_ref("d", "XK")})
    assert isinstance(found, Problem)
    assert (found.code, found.field) == ("unknown_country", f"{role}.country")


def test_no_problem_carries_personal_data() -> None:
    found = plan(buyer("1", mail="m"), personal(), delivery=address_ref("d", "XK"))
    assert "Ann" not in str(found)
