from __future__ import annotations

import pytest

from channels.shopify.payloads import Json, KeyedDigests, address, mapped, order
from retail_ops.channels.shopify.people import normalise_mail


def test_the_customer_owns_the_data_before_the_mail_and_the_order() -> None:
    digests = KeyedDigests()
    buyer = mapped(order(total=1000), digests).order.buyer
    assert buyer.subject == buyer.customer == digests.of("customer", "gid://shopify/Customer/7")
    assert buyer.mail == digests.of("mail", "ada@example.com")


def test_a_guest_is_known_by_mail_and_an_anonymous_one_by_the_order() -> None:
    digests = KeyedDigests()
    guest = mapped(order(total=1000, customer=None), digests).order.buyer
    nobody = mapped(order(total=1000, customer=None, email="  "), digests).order.buyer
    assert (guest.customer, guest.subject) == (None, digests.of("mail", "ada@example.com"))
    assert (nobody.mail, nobody.subject) == (None, digests.of("order", "gid://shopify/Order/1001"))


def test_the_customers_mail_stands_in_for_the_orders() -> None:
    result = mapped(order(total=1000, email=None))
    assert result.order.buyer.mail == KeyedDigests().of("mail", "ada@example.com")
    assert result.personal.email == "ada@example.com"


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (" Ada@Example.COM ", "ada@example.com"),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("ada@bu\u0308cher.example", "ada@xn--bcher-kva.example"),
        ("no address", "no address"),
        ("ada@..", "ada@.."),
        ("ada@" + "x" * 100, "ada@" + "x" * 100),
    ],
)
def test_one_spelling_of_a_mail(mail: str, expected: str) -> None:
    assert normalise_mail(mail) == expected


def refs(billing: Json, delivery: Json) -> tuple[str, str]:
    result = mapped(order(total=1000, billingAddress=billing, shippingAddress=delivery)).order
    assert result.billing is not None
    assert result.delivery is not None
    return result.billing.ref, result.delivery.ref


def test_equal_addresses_share_a_reference_whatever_their_spelling() -> None:
    same = address(name="ADA  BYRON", city=" leeds", zip="ls11aa", phone="+44 (113) 4960000", company="")
    first, second = refs(address(), same)
    assert first == second


@pytest.mark.parametrize("field", ["name", "company", "address1", "address2", "city", "zip", "provinceCode", "phone"])
def test_another_value_of_any_field_is_another_address(field: str) -> None:
    first, second = refs(address(), address(**{field: "9"}))
    assert first != second


def test_fields_do_not_run_into_each_other() -> None:
    first, second = refs(address(address1="1 A", address2="B"), address(address1="1", address2="A B"))
    assert first != second


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, ()),
        ({"name": None, "firstName": None, "lastName": None}, ("name",)),
        ({"name": None, "firstName": None, "lastName": None, "company": "Engines"}, ()),
        ({"address1": " ", "city": None}, ("street", "city")),
        ({"zip": None}, ("postcode",)),
        ({"zip": None, "countryCodeV2": "IE"}, ()),
        ({"countryCodeV2": None, "zip": None}, ("postcode", "country")),
        ({"countryCodeV2": "ZZ"}, ("country",)),
    ],
)
def test_what_a_parcel_lacks_is_named(changes: Json, missing: tuple[str, ...]) -> None:
    delivery = mapped(order(total=1000, shippingAddress=address(**changes))).order.delivery
    assert delivery is not None
    assert delivery.missing == missing


def test_personal_data_stays_out_of_the_contract() -> None:
    result = mapped(order(total=1000, note="Ring at No. 7", phone="+44 113 496 0000"))
    text = result.order.model_dump_json()
    assert result.personal.name == "Ada Byron"
    assert result.personal.note == "Ring at No. 7"
    assert set(result.personal.addresses) == {"billing", "delivery"}
    for secret in ("Byron", "Mill Lane", "example.com", "LS1", "496", "Ring at"):
        assert secret not in text


def test_a_buyer_without_account_is_named_by_the_address() -> None:
    assert mapped(order(total=1000, customer=None)).personal.name == "Ada Byron"
