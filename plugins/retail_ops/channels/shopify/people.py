"""Buyer and addresses: personal data for the vault, references for the contract. Not here: keys of the digests."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass

from retail_ops.channels.shopify.reading import Node
from retail_ops.channels.shopify.wording import read_note
from retail_ops.contracts.order import AddressRef, Buyer, CompanyRef
from retail_ops.contracts.personal import Address, AddressRole, PersonalData
from retail_ops.ports.channel import Pseudonyms

_LONGEST = 500
_COUNTRY = re.compile(r"[A-Z]{2}")
_UNKNOWN_COUNTRY = "ZZ"
# Countries where a parcel arrives without a postcode. Not complete: one that is absent here only means that an order
# with an empty postcode is reported. Source: Universal Postal Union, addressing systems; in IE the code is optional.
_NO_POSTCODE = frozenset({"AE", "AG", "AO", "BS", "BW", "BZ", "FJ", "HK", "IE", "JM", "MO", "QA", "ZW"})
_FIELDS = {
    "company": "company",
    "street": "address1",
    "street2": "address2",
    "city": "city",
    "postcode": "zip",
    "phone": "phone",
}


@dataclass(frozen=True, slots=True)
class People:
    """Everything about persons that one order carries, split by where it may go."""

    buyer: Buyer
    billing: AddressRef | None
    delivery: AddressRef | None
    personal: PersonalData


def read_people(order: Node, pseudonyms: Pseudonyms) -> People:
    """Return buyer, addresses and personal data of an order.

    Raises:
        MappingError: A field does not fit.
    """
    billing, delivery = _address(order, "billingAddress"), _address(order, "shippingAddress")
    both: dict[AddressRole, Address | None] = {"billing": billing, "delivery": delivery}
    return People(
        buyer=_buyer(order, pseudonyms),
        billing=_reference(order, "billingAddress", billing, pseudonyms),
        delivery=_reference(order, "shippingAddress", delivery, pseudonyms),
        personal=_personal(order, {role: address for role, address in both.items() if address is not None}),
    )


def normalise_mail(mail: str) -> str:
    """Return one spelling of an e-mail address: no blanks around it, lower case, the domain in ASCII (IDNA)."""
    local, at, domain = unicodedata.normalize("NFC", mail.strip()).lower().rpartition("@")
    # Without a valid domain the spelling as it is still tells one address from another.
    with suppress(UnicodeError):
        domain = domain.encode("idna").decode("ascii")
    return f"{local}{at}{domain}"


def normalise_address(address: Address) -> str:
    """Return one spelling of an address: case, accents' encoding and blanks do not matter."""
    fields = address.model_dump()
    fields["postcode"] = (address.postcode or "").replace(" ", "")
    fields["phone"] = "".join(char for char in address.phone or "" if char.isdigit())
    texts = (unicodedata.normalize("NFKC", fields[name] or "").casefold() for name in sorted(fields))
    return "\x1f".join(" ".join(text.split()) for text in texts)


def _buyer(order: Node, pseudonyms: Pseudonyms) -> Buyer:
    customer = order.optional_child("customer")
    mail = _mail(order, customer)
    customer_ref = None if customer is None else pseudonyms.of("customer", customer.text("id"))
    mail_ref = None if mail is None else pseudonyms.of("mail", normalise_mail(mail))
    return Buyer(
        subject=customer_ref or mail_ref or pseudonyms.of("order", order.text("id")),
        customer=customer_ref,
        mail=mail_ref,
        company=_company(order),
    )


def _company(order: Node) -> CompanyRef | None:
    company = _purchasing_company(order)
    if company is None:
        return None
    location = company.optional_child("location")
    return CompanyRef(
        company_id=company.child("company").text("id"),
        location_id=None if location is None else location.text("id"),
    )


def _purchasing_company(order: Node) -> Node | None:
    entity = order.optional_child("purchasingEntity")
    if entity is None or entity.text("__typename") != "PurchasingCompany":
        return None
    return entity


def _mail(order: Node, customer: Node | None) -> str | None:
    mail = order.optional_text("email", longest=_LONGEST)
    if mail is not None or customer is None:
        return mail
    default = customer.optional_child("defaultEmailAddress")
    return None if default is None else default.optional_text("emailAddress", longest=_LONGEST)


def _phone(order: Node, customer: Node | None) -> str | None:
    phone = order.optional_text("phone", longest=_LONGEST)
    if phone is not None or customer is None:
        return phone
    default = customer.optional_child("defaultPhoneNumber")
    return None if default is None else default.optional_text("phoneNumber", longest=_LONGEST)


def _personal(order: Node, addresses: dict[AddressRole, Address]) -> PersonalData:
    customer = order.optional_child("customer")
    shown = None if customer is None else customer.optional_text("displayName", longest=_LONGEST)
    named = next((address.name for address in addresses.values() if address.name), None)
    company = _purchasing_company(order)
    return PersonalData(
        name=shown or named,
        company=None if company is None else company.child("company").optional_text("name", longest=_LONGEST),
        email=_mail(order, customer),
        phone=_phone(order, customer),
        addresses=addresses,
        note=read_note(order, "note"),
    )


def _address(order: Node, name: str) -> Address | None:
    node = order.optional_child(name)
    if node is None:
        return None
    parts = [node.optional_text(part, longest=_LONGEST // 2) for part in ("firstName", "lastName")]
    joined = " ".join(part for part in parts if part)
    fields = {field: node.optional_text(source, longest=_LONGEST) for field, source in _FIELDS.items()}
    return Address(
        name=node.optional_text("name", longest=_LONGEST) or joined[:_LONGEST] or None,
        region=node.optional_text("provinceCode", longest=50) or node.optional_text("province", longest=_LONGEST),
        country=_country(node),
        **fields,
    )


def _country(node: Node) -> str | None:
    code = node.optional_text("countryCodeV2")
    if code is None or code == _UNKNOWN_COUNTRY:
        return None
    if _COUNTRY.fullmatch(code) is None:
        node.fail("unknown_enum", "countryCodeV2", "expected an ISO 3166-1 alpha-2 code")
    return code


def _reference(order: Node, name: str, address: Address | None, pseudonyms: Pseudonyms) -> AddressRef | None:
    if address is None:
        return None
    return AddressRef(
        ref=pseudonyms.of("address", normalise_address(address)),
        country=address.country,
        region=order.child(name).optional_text("provinceCode", longest=50),
        missing=_missing(address),
    )


def _missing(address: Address) -> tuple[str, ...]:
    needed = {
        "name": address.name or address.company,
        "street": address.street,
        "city": address.city,
        "postcode": address.postcode or address.country in _NO_POSTCODE,
        "country": address.country,
    }
    return tuple(field for field, value in needed.items() if not value)
